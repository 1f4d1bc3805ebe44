"""Trains the models that ship, in the order of a queue, each on from where it stood; checkpoints stay in `runs/`.

    python scripts/train_models.py DATA                     the next of the queue, until it is done or Ctrl-C
    python scripts/train_models.py DATA --minutes 60        stop after an hour, with a checkpoint
    python scripts/train_models.py DATA --only fast-x4      this one
    python scripts/train_models.py DATA --status            where each stands, and the hours it took
    python scripts/train_models.py DATA --adopt             export what measures better than what ships, to assets/models
    python scripts/train_models.py DATA --pack FILE.zip     at most 16 MB of the pictures, for another machine

A round starts from the model that ships, where that has the recipe's network, or else from that of the round before; it ends
with a model in the round's folder.
DATA is a folder with the pictures that `QUEUE` names, or a pack. Masks of skies may also lie in `runs/skies`, where
`scripts/label_skies.py` is told to put them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.cli.console import Console, run
from app.cli.train import export_run, train_as
from engines.errors import Cancelled, DuskroomError, ModelError
from engines.models.card import read_card
from engines.models.pair import back_of
from trainers.recipes.recipe import ImageTranslation, Recipe, load
from trainers.runs.events import Exported, Step
from trainers.runs.run_folder import CHECKPOINT, MODEL, PREVIOUS, read_events

MODELS, RECIPES, RUNS = ROOT / "assets" / "models", ROOT / "assets" / "recipes", ROOT / "runs" / "models"
MOST_PACKED = 16_000_000  # bytes
SPENT = "spent.json"


class QueueError(DuskroomError):
    """The queue cannot be followed; the sentence says why."""


@dataclass(frozen=True)
class Entry:
    """A model of the queue: its recipe, the folders of DATA that it learns from, and how its weights are stored.

    Where nothing ships yet the first round starts from the smaller model `grown_from`, where one is named.
    """

    name: str
    photos: tuple[str, ...]
    validation: tuple[str, ...]
    skies: tuple[str, ...] = ()
    weights: str = "float32"
    grown_from: str = ""


SR = (("photos", "detail"), ("sr-valid/Set5", "sr-valid/Set14"))
QUEUE = (
    Entry(
        "day-night",
        ("day-night/train/day", "day-night/train/night"),
        ("day-night/valid/day", "day-night/valid/night"),
        ("skies/day", "skies/night"),
        "fp16",
    ),
    Entry("fast-x4", *SR, weights="int8"),
    Entry("fine-x4", *SR, weights="int8", grown_from="fast-x4"),
    Entry("fast-x2", *SR, weights="int8"),
)
"""In the order in which they are trained."""


def recipe_for(entry: Entry, data: Path) -> Recipe:
    """The recipe of `entry` on the pictures in `data`, from the model that ships where its networks are the recipe's.

    Raises RecipeError where the recipe is wrong, QueueError where a folder is missing.
    """
    recipe = load(RECIPES / f"{entry.name}.toml")
    folders = [place_of(name, data) for name in (*entry.photos, *entry.validation)]
    wants_skies = isinstance(recipe, ImageTranslation) and bool(recipe.skies)
    skies = [place_of(name, data) for name in entry.skies] if wants_skies else []
    for folder in (*folders, *skies):
        if not folder.is_dir():
            raise QueueError(f"“{entry.name}” learns from “{folder}”, which is not there; check DATA.")
    count = len(entry.photos)
    changed = {"data": recipe.data.model_copy(update={"photos": folders[:count], "validation": folders[count:]})}
    changed |= {"skies": skies} if wants_skies else {}
    shipped = MODELS / f"{entry.name}.onnx"
    rounds = [run_dir / MODEL for run_dir in rounds_of(entry) if is_done(run_dir)]
    smaller = [MODELS / f"{entry.grown_from}.onnx"] if entry.grown_from else []
    starts = [*(model for model in (shipped, *rounds[-1:]) if _has_network(model, recipe)), *smaller]
    changed |= {"start_from": starts[0] if starts else None}
    return recipe.model_copy(update=changed)


def place_of(name: str, data: Path) -> Path:
    """Where the folder `name` is: in `data`, or, as masks that were made here, in `runs/`."""
    made_here = RUNS.parent / name
    return made_here if made_here.is_dir() and not (data / name).exists() else data / name


def _has_network(model: Path, recipe: Recipe) -> bool:
    try:
        theirs = json.loads(read_card(model).recipe)
    except (ModelError, ValueError):
        return False
    return theirs.get("network") == recipe.model_dump(mode="json")["network"]


def rounds_of(entry: Entry) -> list[Path]:
    """The folders of the rounds so far, the oldest first."""
    folder = RUNS / entry.name
    rounds = [path for path in folder.iterdir() if path.name.isdigit()] if folder.is_dir() else []
    return sorted(rounds, key=lambda path: int(path.name))


def is_done(run_dir: Path) -> bool:
    """Whether the round in `run_dir` has ended with a model."""
    lines, _ = read_events(run_dir)
    return any(isinstance(line.message, Exported) for line in lines) and (run_dir / MODEL).exists()


def next_of(queue: tuple[Entry, ...]) -> Entry:
    """The first whose round is not done, or of those whose rounds all are the one that had the fewest."""
    for entry in queue:
        if not (rounds := rounds_of(entry)) or not is_done(rounds[-1]):
            return entry
    return min(queue, key=lambda entry: len(rounds_of(entry)))


def train_next(console: Console, entry: Entry, data: Path, minutes: float | None) -> None:
    """Go on with the round of `entry`, or begin its next one; after `minutes` it stops with a checkpoint."""
    rounds = rounds_of(entry)
    fresh = not rounds or is_done(rounds[-1])
    run_dir = RUNS / entry.name / str(len(rounds) + 1) if fresh else rounds[-1]
    resume = any((run_dir / name).exists() for name in (CHECKPOINT, PREVIOUS))
    recipe = recipe_for(entry, data)
    begun = time.monotonic()
    timer = threading.Timer(60 * minutes, console.progress.cancel) if minutes else None
    if timer:
        timer.start()
    try:
        train_as(console, recipe, run_dir, resume=resume)
    except Cancelled as stopped:
        if timer is None or time.monotonic() - begun < 60 * (minutes or 0):
            raise
        console.say(str(stopped), "stopped")
    finally:
        if timer:
            timer.cancel()
        if run_dir.is_dir():
            total = spent_on(run_dir) + time.monotonic() - begun
            (run_dir / SPENT).write_text(json.dumps({"seconds": round(total)}), encoding="utf-8")


def spent_on(run_dir: Path) -> float:
    """The seconds that the round in `run_dir` has taken so far."""
    try:
        return float(json.loads((run_dir / SPENT).read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def score_of(model: Path) -> float | None:
    """One number for how well a model measures by its card, higher being better; None where nothing was measured."""
    try:
        cards = [read_card(path) for path in (model, back_of(model)) if path.exists()]
    except ModelError:
        return None
    metrics = [(name, value) for card in cards for name, value in card.metrics.items()]
    found = [value for name, value in metrics if name.startswith("PSNR ") and "loss" not in name]
    found = found or [-value for name, value in metrics if name.startswith("SWD reference")]
    return sum(found) / len(found) if found else None


def tell(console: Console, queue: tuple[Entry, ...]) -> None:
    """A line for each model: its rounds, its step, its hours, and how it measures beside what ships."""
    for entry in queue:
        rounds = rounds_of(entry)
        hours = sum(spent_on(run_dir) for run_dir in rounds) / 3600
        words = "not begun"
        if rounds:
            steps = [line.message for line in read_events(rounds[-1])[0] if isinstance(line.message, Step)]
            at = f"step {steps[-1].step:,} of {steps[-1].total:,}" if steps else "before its first step"
            words = f"round {len(rounds)}, {'done' if is_done(rounds[-1]) else at}"
        scores = [score_of(MODELS / f"{entry.name}.onnx"), score_of(rounds[-1] / MODEL) if rounds else None]
        shown = " → ".join("–" if score is None else f"{score:.4f}" for score in scores)
        console.say(
            f"{entry.name:12} {words}; {hours:.1f} h; {shown}", "model", name=entry.name, hours=hours, scores=scores
        )


def adopt(console: Console, queue: tuple[Entry, ...]) -> None:
    """Export each finished round's model to where models ship from, if it measures better than what is there."""
    for entry in queue:
        rounds = [run_dir for run_dir in rounds_of(entry) if is_done(run_dir)]
        shipped = MODELS / f"{entry.name}.onnx"
        # A larger network is worth its time where it is better than the smaller one.
        beaten = shipped if shipped.exists() or not entry.grown_from else MODELS / f"{entry.grown_from}.onnx"
        old, new = score_of(beaten), score_of(rounds[-1] / MODEL) if rounds else None
        if new is None or (old is not None and new <= old):
            console.say(f"{entry.name}: nothing is better than what ships.", "kept", name=entry.name)
            continue
        export_run(console, rounds[-1], shipped, entry.weights)


def pack(entry: Entry, data: Path, target: Path) -> int:
    """Write at most `MOST_PACKED` bytes of the pictures of `entry` to the zip `target`; returns how many pictures.

    Pictures of a translation are reduced to what its trainer keeps of them. Of each folder as many as fit are taken, evenly,
    masks along with their pictures; those for validation come first and whole. Raises QueueError where not even they fit.
    """
    recipe = recipe_for(entry, data)
    kept = round(1.5 * recipe.view) if isinstance(recipe, ImageTranslation) else None
    skies = dict(zip(entry.photos, entry.skies if getattr(recipe, "skies", ()) else (), strict=False))
    validation = [(name, path) for name in entry.validation for path in _pictures(place_of(name, data))]
    photos = {name: _pictures(place_of(name, data)) for name in entry.photos}
    packed: dict[str, bytes] = {}
    for name, path in validation:
        packed[f"{name}/{path.name}"] = _bytes(path, kept)
    size = sum(len(content) for content in packed.values())
    if size > MOST_PACKED:
        raise QueueError(f"The pictures that “{entry.name}” is validated on take more than {MOST_PACKED:,} bytes.")
    count = len(packed)
    # Evenly, whatever there is room for: the first of every part of the folder, then the ones between.
    order = [(place, name, path) for name, paths in photos.items() for place, path in _spread(paths)]
    for _, name, path in sorted(order, key=lambda item: item[0]):
        more = {f"{name}/{path.name}": _bytes(path, kept)}
        if name in skies:
            mask = place_of(skies[name], data) / f"{path.stem}.png"
            more[f"{skies[name]}/{mask.name}"] = mask.read_bytes()
        if size + sum(len(content) for content in more.values()) + 300 * (len(packed) + 2) > MOST_PACKED:
            continue
        packed |= more
        size += sum(len(content) for content in more.values())
        count += 1
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in packed.items():
            archive.writestr(name, content)
    return count


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))


def _spread(paths: list[Path]) -> list[tuple[float, Path]]:
    """Each path with a number from 0 to 1; any first so many by that number lie evenly in the list (van der Corput)."""
    bits = max(1, len(paths).bit_length())
    return [(int(f"{place:0{bits}b}"[::-1], 2) / (1 << bits), path) for place, path in enumerate(paths)]


def _bytes(path: Path, shorter: int | None) -> bytes:
    if shorter is None:
        return path.read_bytes()
    from PIL import Image

    from trainers.data.photos import read_photo
    from trainers.data.translation import reduced

    buffer = io.BytesIO()
    Image.fromarray(reduced(read_photo(path), shorter)).save(buffer, "JPEG", quality=92, subsampling=0)
    content = buffer.getvalue()
    return min(content, path.read_bytes(), key=len)


@contextlib.contextmanager
def unpacked(data: Path) -> Iterator[Path]:
    """The folder `data`, or that with what the pack `data` holds, for as long as the context lasts."""
    if not zipfile.is_zipfile(data):
        yield data
        return
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(data) as archive:
        archive.extractall(folder)
        yield Path(folder)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the pictures, or a pack of them")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes, with a checkpoint")
    parser.add_argument("--only", choices=[entry.name for entry in QUEUE], help="this model alone")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="tell where each stands")
    what.add_argument("--adopt", action="store_true", help="export what measures better than what ships")
    what.add_argument("--pack", type=Path, metavar="FILE", help="write at most 16 MB of the pictures to a zip")
    options = parser.parse_args(arguments)
    queue = tuple(entry for entry in QUEUE if options.only in (None, entry.name))

    def work(console: Console) -> None:
        with unpacked(options.data) as data:
            if options.status:
                tell(console, queue)
            elif options.adopt:
                adopt(console, queue)
            elif options.pack:
                count = pack(next_of(queue), data, options.pack)
                size = options.pack.stat().st_size
                console.say(f"{count} pictures in “{options.pack}”, {size:,} bytes.", "packed", count=count, size=size)
            else:
                train_next(console, next_of(queue), data, options.minutes)

    return run(work, as_json=False)


if __name__ == "__main__":
    sys.exit(main())
