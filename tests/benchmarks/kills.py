"""How much a kill takes: editors that edit and save are ended by SIGKILL at random moments.

    python -m tests.benchmarks.kills [--count 30] [--seed N] [--side 3000]

Each editor opens a photo, makes a state of --side × --side pixels every few tenths of a second, and saves over one file. After
the kill the file and every state that is left are read in full. Figures: files damaged, and the work that is lost, in seconds
before the kill; must be none damaged, and none lost that is older than 5 s.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
from pathlib import Path

from tests.e2e.kills import kill_one

ROOT = Path(__file__).resolve().parents[2]
MOST_LOST = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", type=int, default=3000, help="pixels of a state, 16 bits each")
    parser.add_argument("--longest", type=float, default=9.0, help="seconds that an editor lives, at most")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    lost: list[float] = []
    damaged = 0
    with tempfile.TemporaryDirectory(prefix="duskroom-kills-") as folder:
        photo = Path(folder) / "photo.jpg"
        shutil.copy(ROOT / "assets" / "samples" / "seeding.jpg", photo)
        saved = Path(folder) / "saved.tif"
        for number in range(options.count):
            seconds, pause = chance.uniform(0.2, options.longest), chance.choice([0.2, 0.5, 1.0, 2.0])
            outcome = kill_one(Path(folder) / "home", photo, seconds, save=saved, pause=pause, side=options.side)
            lost.append(outcome.lost)
            damaged += len(outcome.damaged)
            print(
                f"{number + 1:3d}  lived {seconds:4.1f} s, an edit each {pause:.1f} s: {outcome.edits} edits, "
                f"recovered {outcome.recovered}, lost the last {outcome.lost:.2f} s {' '.join(outcome.damaged)}",
                flush=True,
            )
    late = sum(each > MOST_LOST for each in lost)
    print(
        f"kills {len(lost)}: files damaged {damaged}, work older than {MOST_LOST:.0f} s lost {late}; "
        f"lost at most {max(lost):.2f} s, median {statistics.median(lost):.2f} s"
    )


if __name__ == "__main__":
    main()
