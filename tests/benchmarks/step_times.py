"""How long a training step takes: of every recipe in another checkout and this one, and with a projected discriminator.

    python -m tests.benchmarks.step_times CHECKOUT     this ÷ that, for each recipe of that checkout, in turns
    python -m tests.benchmarks.step_times projected    UNIT at 128 px: projected ÷ plain discriminators, in turns

Times are the processor's own, of one thread, which other programs disturb the least. Pictures are the samples.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TURNS, STEPS, WARM = 5, 4, 2
STEP = """
import sys, tempfile, time, tomllib
from pathlib import Path
import torch
torch.set_num_threads(1)
from trainers.recipes.recipe import from_values
values = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
place = Path(sys.argv[2])
photos = {"super-resolution": ["all"], "image-translation": ["day", "night"], "image-generation": ["labelled"]}[values["task"]]
values["data"] = {"photos": [str(place / name) for name in photos], "hold_out": 4}
values |= {"validate_every": 10**6, "checkpoint_every": 10**6, "device": "cpu"}
if values["task"] == "image-generation":
    values["batch"] = min(values.get("batch", 64), 16)
recipe = from_values(values)
name = {"super-resolution": "superres", "image-translation": "unit", "image-generation": "dcgan"}[values["task"]]
trainer = __import__("trainers.train_" + name, fromlist=["train"]).train(recipe, Path(tempfile.mkdtemp(dir=place)))
steps = 0
for event in trainer:
    if type(event).__name__ == "Step":
        steps += 1
        if steps == WARM:
            begun = time.process_time()
        if steps == WARM + STEPS:
            print((time.process_time() - begun) / STEPS)
            break
"""


def seconds_a_step(checkout: Path, recipe: Path, pictures: Path) -> float | None:
    """The processor's seconds for a step of `recipe` by the trainers of `checkout`; None where it cannot be trained here."""
    code = STEP.replace("WARM", str(WARM)).replace("STEPS", str(STEPS))
    command = [sys.executable, "-c", code, str(recipe), str(pictures)]
    done = subprocess.run(
        command, cwd=checkout, env=_environment(checkout), capture_output=True, text=True, check=False
    )
    if done.returncode and not done.stdout.strip():
        print(f"{recipe.name}: {(done.stderr.strip().splitlines() or ['it failed'])[-1]}", flush=True)
        return None
    return float(done.stdout.strip().splitlines()[-1])


def _environment(checkout: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def write_pictures(place: Path) -> None:
    """Pictures of every task: photographs, a bright and a dim domain, and labelled squares, cut from the samples."""
    for path in (ROOT / "assets" / "samples").glob("*.jpg"):
        with Image.open(path) as photo:
            whole = photo.convert("RGB")
        for index in range(12):
            left, top = 37 * index % (whole.width - 400), 53 * index % (whole.height - 400)
            cut = whole.crop((left, top, left + 400, top + 400))
            for folder, picture in (
                ("all", cut),
                ("day", cut),
                ("night", cut.point(lambda level: int(level * 0.3))),
                ("labelled/a" if index % 2 else "labelled/b", cut.resize((128, 128))),
            ):
                target = place / folder / f"{path.stem}-{index}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                picture.save(target)


def compare(name: str, pairs: list[tuple[float | None, float | None]]) -> None:
    """Print the ratios of `pairs`, (after, before)."""
    ratios = [after / before for after, before in pairs if after and before]
    if ratios:
        times = [statistics.median(one for one in side if one) for side in zip(*pairs, strict=True)]
        print(
            f"{name}: {times[0]:.3f} s ÷ {times[1]:.3f} s, median ratio {statistics.median(ratios):.3f}, "
            f"{min(ratios):.3f} to {max(ratios):.3f}",
            flush=True,
        )


def against(checkout: Path) -> None:
    """Each recipe of `checkout` there and here."""
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder))
        for recipe in sorted((checkout / "assets" / "recipes").glob("*.toml")):
            pairs: list[tuple[float | None, float | None]] = []
            for _ in range(TURNS):
                pairs.append(tuple(seconds_a_step(place, recipe, Path(folder)) for place in (ROOT, checkout)))  # type: ignore[arg-type]
                if None in pairs[-1]:
                    break
            compare(recipe.name, pairs)


def projected() -> None:
    """UNIT as `unit.toml` has it, and the same with projected discriminators on pre-trained features."""
    text = (ROOT / "assets" / "recipes" / "unit.toml").read_text(encoding="utf-8")
    start = text.index("[discriminator]")
    end = text.index("\n[", start)
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder))
        for batch in (1, 6):
            recipes: list[Path] = []
            for name, table in (
                ("projected", '[discriminator]\nkind = "projected"\noptions = { raw = true }\n'),
                ("plain", text[start:end]),
            ):
                recipes.append(Path(folder, f"{name}.toml"))
                whole = text[:start] + table + text[end:]
                recipes[-1].write_text(f"{_without_batch(whole, batch)}", encoding="utf-8")
            pairs: Any = [tuple(seconds_a_step(ROOT, path, Path(folder)) for path in recipes) for _ in range(TURNS)]
            compare(f"projected ÷ plain, batch {batch}", pairs)


def _without_batch(text: str, batch: int) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("batch = ")]
    lines.insert(next(place for place, line in enumerate(lines) if line.startswith("task = ")), f"batch = {batch}")
    return "\n".join(lines)


if __name__ == "__main__":
    begun = time.monotonic()
    match sys.argv[1:]:
        case ["projected"]:
            projected()
        case [checkout]:
            against(Path(checkout).resolve())
        case _:
            sys.exit(__doc__)
    print(f"{time.monotonic() - begun:.0f} s in all")
