"""Looks at folders of pictures before training, and says what would spoil it.

Only what training would read is looked at: the same suffixes, hidden files passed over, links to folders not followed. Each
picture is opened once; what is kept of it is a small copy, so memory hardly grows with the folder.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from trainers.survey import duplicates
from trainers.survey.inspection import Look, looks_at
from trainers.survey.label_survey import Labels, count_labels, sub_folder_findings
from trainers.survey.labels import labels_by_folder
from trainers.survey.listing import SUFFIXES, Finding, Progress, list_pictures, overlap

__all__ = ["Finding", "Survey", "list_pictures", "overlap", "survey"]

ENOUGH = {"super-resolution": 30, "image-translation": 200, "image-generation": 1000}
"""How many pictures (of each domain, where there are several) a task wants before its results are worth much."""
KEPT_APART = {
    "image-translation": "or where fixed cameras took them, name those by the recipe's “camera”, which balances them",
    "image-generation": "or name such groups by the recipe's “group”, which holds each out as a whole",
}
"""What else is to be done with pictures that are alike, by the task."""


@dataclass(frozen=True)
class Survey:
    """What was found in `folders`.

    `pictures` files have a picture's name, `readable` of them can be read and `left_out` should be left out. `sides` are the
    smallest and the median shorter side and the largest longer side, in pixels; None where nothing can be read. `smallest`
    is the least side training needs, or None; `task` is that of a model card, or None. `labels` are those that a generator
    would learn, or None for other tasks.
    """

    folders: tuple[Path, ...]
    pictures: int
    readable: int
    sides: tuple[int, int, int] | None
    findings: tuple[Finding, ...]
    smallest: int | None = None
    task: str | None = None
    other_files: int = 0
    labels: Labels | None = None

    @property
    def left_out(self) -> frozenset[Path]:
        """The files that training is better off without."""
        return frozenset(finding.path for finding in self.findings if finding.kind not in ("folder", "name"))

    @property
    def usable(self) -> int:
        """How many pictures are left."""
        return self.pictures - len(self.left_out)

    def sentences(self) -> list[str]:
        """What a person should know, a sentence with its remedy each; the first gives counts and sizes."""
        count = Counter(finding.kind for finding in self.findings)
        said = [self._summary()]
        said += [finding.sentence for finding in self.findings if finding.kind in ("folder", "name")]
        if number := count["unreadable"]:
            said.append(f"{_pictures(number)} cannot be read: leave {_them(number)} out, or replace {_them(number)}.")
        if number := count["too small"]:
            said.append(
                f"{_pictures(number)} {_are(number)} smaller than the crop of {self.smallest} pixels: "
                "train with a smaller crop, or leave them out."
            )
        if number := count["duplicate"]:
            alike = f"{_pictures(number)} {'looks' if number == 1 else 'look'} like copies of others"
            otherwise = KEPT_APART.get(self.task or "", "or the network learns them by heart")
            said.append(f"{alike}: leave {_them(number)} out, {otherwise}.")
        if number := count["blurred"]:
            said.append(
                f"{_pictures(number)} {_are(number)} blurred all over: leave {_them(number)} out, or the network learns to "
                "blur."
            )
        if number := count["upscaled"]:
            said.append(
                f"{_pictures(number)} {_are(number)} enlarged from fewer pixels: use the originals, "
                f"or make {_them(number)} smaller again."
            )
        if self.labels is not None:
            said += self.labels.sentences()
        enough = ENOUGH.get(self.task or "", min(ENOUGH.values()))
        if self.pictures and self.usable < enough:
            said.append(
                f"{_pictures(self.usable)} {_are(self.usable)} too few to train on: add some, {enough} or more in all."
            )
        return said

    def _summary(self) -> str:
        if not self.pictures:
            passed = f" ({self.other_files} other files were passed over)" if self.other_files else ""
            return (
                f"There are no pictures here{passed}: choose a folder with {', '.join(SUFFIXES[:4])} or similar files."
            )
        if self.sides is None:
            return (
                f"There {_are(self.pictures)} {_pictures(self.pictures)}, and none can be read: choose another folder."
            )
        small, median, large = self.sides
        return (
            f"There {_are(self.pictures)} {_pictures(self.pictures)}, {self.usable} of use; "
            f"shorter sides from {small} pixels, {median} in the middle, and the longest side {large}."
        )


def survey(
    folders: Sequence[Path],
    *,
    smallest: int | None = None,
    task: str | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Look at every picture below `folders`; `smallest` is the side of training's crop in pixels.

    What goes wrong with a file or a folder is a finding. Nothing is raised but what `progress` raises.
    """
    listing = list_pictures(folders, progress)
    findings = list(listing.findings)
    findings += _alike_names(listing.paths)
    by_colour = task == "image-generation" and labels_by_folder(listing.paths, folders) is None
    looks: dict[Path, Look] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd EXIF data and the like, which training does not mind
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        total = len(listing.paths)
        for done, (path, look) in enumerate(looks_at(listing.paths, colours=by_colour), start=1):
            if progress is not None:
                progress(done, total, f"picture {done} of {total}")
            looks[path] = look
    findings += _each(looks, smallest)
    findings += _copies(looks, progress)
    labels = None
    if task == "image-generation":
        read = [path for path, look in looks.items() if look.problem is None]
        findings += sub_folder_findings(listing.paths, read, folders)
        names = labels_by_folder(read, folders)
        if by_colour or names is not None:
            seen = looks
        else:  # all pictures that were to tell labels apart cannot be read: colours are wanted after all
            seen = dict(looks_at(read, colours=True))
        colours = [colour for look in seen.values() if (colour := look.colour)]
        labels = count_labels(colours if names is None else names, colours=names is None)
    sizes = [sorted((look.width, look.height)) for look in looks.values() if look.problem is None]
    sides = None
    if sizes:
        short = [size[0] for size in sizes]
        sides = (min(short), int(np.median(short)), max(size[1] for size in sizes))
    return Survey(
        folders=tuple(folders),
        pictures=len(listing.paths),
        readable=len(sizes),
        sides=sides,
        findings=tuple(sorted(findings, key=lambda finding: (finding.path, finding.kind))),
        smallest=smallest,
        task=task,
        other_files=listing.other_files,
        labels=labels,
    )


def _alike_names(paths: Sequence[Path]) -> Iterator[Finding]:
    """Files whose paths differ only in case: on Windows and macOS one would replace the other."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(str(path).casefold(), path)
        if other is not path:
            sentence = (
                f"“{other}” and “{path.name}” differ only in case, which not every computer tells apart: rename one."
            )
            yield Finding(path, "name", sentence)


def _each(looks: dict[Path, Look], smallest: int | None) -> Iterator[Finding]:
    for path, look in looks.items():
        if look.problem is not None:
            yield Finding(path, "unreadable", f"“{path.name}” {look.problem}.")
            continue
        if smallest is not None and min(look.width, look.height) < smallest:
            sentence = f"“{path.name}” is {look.width}×{look.height} pixels, smaller than the crop of {smallest}."
            yield Finding(path, "too small", sentence)
        if look.verdict == "blurred":
            yield Finding(path, "blurred", f"“{path.name}” is blurred even where it is sharpest.")
        elif look.verdict == "upscaled":
            yield Finding(path, "upscaled", f"“{path.name}” was enlarged from fewer pixels.")


def _copies(looks: dict[Path, Look], progress: Progress | None) -> Iterator[Finding]:
    """All but the best of each group: sharp before not, then the largest, then the one with most bytes."""
    readable = [(path, look) for path, look in looks.items() if look.copy is not None]
    if not readable:
        return
    readable.sort(key=lambda it: (it[1].verdict != "sharp", -it[1].width * it[1].height, -it[1].bytes, it[0]))
    total = len(readable)

    def report(index: int) -> None:
        if progress is not None and index % 64 == 0:
            progress(index, total, f"comparing picture {index + 1} of {total}")

    kept = duplicates.find_copies(
        np.array([look.hash for _, look in readable], np.uint64),
        [look.copy for _, look in readable if look.copy is not None],
        [look.width / look.height for _, look in readable],
        report,
    )
    for index, original in enumerate(kept):
        if index != original:
            path, like = readable[index][0], readable[original][0]
            yield Finding(path, "duplicate", f"“{path.name}” looks like a copy of “{like.name}”.", like)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
