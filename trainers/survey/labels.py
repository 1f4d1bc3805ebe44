"""What pictures are called: labels from the names of the folders that they lie in; torch-free."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

LONGEST = 80  # characters of a label
UNNAMED = "unnamed"


def labels_by_folder(paths: Sequence[Path], folders: Sequence[Path]) -> list[str] | None:
    """The label of each of `paths`, pictures that were found below `folders`; None where the folders tell none apart.

    A label is the name of the sub-folder, of the first level, that a picture lies in. Where there are no sub-folders, or a
    picture lies beside them, it is the name of the folder itself. Names that differ only in case are one label, spelt as
    it was met first; so are those that differ only in how Unicode composes a letter. Two that only differ beyond what a
    label shows are numbered. `paths` are as `find_photos` gives them: resolved, but for the last link.
    """
    places = sorted({folder.resolve() for folder in folders}, key=lambda place: -len(place.parts))
    spelt: dict[str, str] = {}
    taken: set[str] = set()
    labels: list[str] = []
    for name in (_seen(_name(path, places)) for path in paths):
        if (key := name.casefold()) not in spelt:
            spelt[key] = _apart(name, taken)
            taken.add(spelt[key].casefold())
        labels.append(spelt[key])
    return labels if len(spelt) > 1 else None


def readable(name: str) -> str:
    """`name` as a label shows it: on one line, without what cannot be seen, of at most 80 characters."""
    return _short(_seen(name), LONGEST)


def _seen(name: str) -> str:
    """All of `name` that can be seen, its letters composed, on one line."""
    seen = (" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in unicodedata.normalize("NFC", name))
    return " ".join("".join(seen).split()) or UNNAMED


def _short(name: str, longest: int) -> str:
    return name[:longest].strip()


def _apart(name: str, taken: set[str]) -> str:
    """`name` as a label shows it, numbered where that, whatever its case, is `taken` by a name that is longer."""
    label, number = _short(name, LONGEST), 1
    while label.casefold() in taken:
        number += 1
        label = f"{_short(name, LONGEST - 1 - len(str(number)))} {number}"
    return label


def _name(path: Path, places: Sequence[Path]) -> str:
    """The name of the first folder below the innermost of `places` that holds `path`, or of that place."""
    for place in places:
        if path.is_relative_to(place):
            below = path.relative_to(place).parts
            return below[0] if len(below) > 1 else place.name
    return path.parent.name


def hold_out(names: Sequence[str], labels: Sequence[str], every: int, groups: Sequence[str] | None) -> list[bool]:
    """Which pictures are held out: every `every`-th, or with `groups` every `every`-th group of a label, whole.

    `names` of the pictures and their `labels` and `groups` run along each other. A group is counted within its label, in
    the order of names; a label with a single group keeps it to train on.
    """
    if groups is None:
        return [index % every == every - 1 for index in range(len(names))]
    kept_aside: set[tuple[str, str]] = set()
    for label in sorted(set(labels)):
        mine = sorted({group for group, of in zip(groups, labels, strict=True) if of == label})
        kept_aside |= {(label, group) for group in mine[min(every, len(mine)) - 1 :: every] if len(mine) > 1}
    return [pair in kept_aside for pair in zip(labels, groups, strict=True)]
