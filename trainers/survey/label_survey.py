"""What labels a folder of pictures would give a generator: those of its sub-folders, or dominant colours; torch-free."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainers.survey.dominant_colours import colour_labels
from trainers.survey.labels import readable
from trainers.survey.listing import Finding

UNEVEN = 10
"""How many times the rarest label's pictures the commonest may have before the rarest is drawn much worse."""

RAREST = 8
"""Pictures of a label that training wants at least, besides those held out: as in `trainers.data.generation` (torch)."""


@dataclass(frozen=True)
class Labels:
    """`counts` of pictures by label, the commonest first; `colours` is whether labels are colours, not sub-folders' names."""

    counts: tuple[tuple[str, int], ...]
    colours: bool

    def sentences(self) -> list[str]:
        """What a person should know of them."""
        if not self.counts:
            return []
        (most, many), (least, few) = self.counts[0], self.counts[-1]
        listed = ", ".join(f"“{name}” {count}" for name, count in self.counts)
        if self.colours:
            if len(self.counts) == 1:
                return [
                    f"No sub-folders give labels, and all pictures are {most}: make sub-folders, or train without labels."
                ]
            return [f"No sub-folders give labels; by dominant colour there are: {listed}.", *self._joined()]
        said = [f"Labels are the names of sub-folders, with so many pictures: {listed}."]
        if rare := [f"“{name}” ({count})" for name, count in self.counts if count < RAREST]:
            one = len(rare) == 1
            said.append(
                f"Training refuses labels of fewer than {RAREST} pictures, here {', '.join(rare)}: add some to "
                f"{'it' if one else 'them'}, or take {'its folder' if one else 'their folders'} out."
            )
        if many > UNEVEN * few:
            said.append(
                f"The labels are very uneven, “{most}” with {many} pictures and “{least}” with {few}: add to the small ones, "
                "or put them together, or they will be drawn poorly."
            )
        return said

    def _joined(self) -> list[str]:
        """What becomes of colours that are too rare to be learned."""
        names = [name for name, count in self.counts for _ in range(count)]
        kept = colour_labels(names, max(RAREST, len(names) // 50))[1]
        if len(kept) == len(self.counts):
            return []
        if len(kept) == 1:
            return [
                f"Of no two colours there are {RAREST} pictures, so they give no labels: add some, make sub-folders, or "
                "train without labels."
            ]
        left = ", ".join(f"“{name}”" for name in kept)
        return [f"Rare colours are put together with others, which leaves {left}: add pictures to keep them apart."]


def count_labels(names: Sequence[str], *, colours: bool) -> Labels:
    """The labels `names` of pictures, counted."""
    counts = sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))
    return Labels(tuple(counts), colours)


def sub_folder_findings(paths: Sequence[Path], read: Sequence[Path], folders: Sequence[Path]) -> Iterator[Finding]:
    """Sub-folders of `folders` without any of the pictures `paths`, or of those `read`; those whose names differ in case."""
    named = {parent for path in paths for parent in path.parents}
    holding = {parent for path in read for parent in path.parents}
    first: dict[str, Path] = {}
    for folder in dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders):
        for inner in _folders_in(folder):
            if inner not in holding and inner in named:
                sentence = f"No picture in the sub-folder “{inner}” can be read: replace some, or remove it."
                yield Finding(inner, "folder", sentence)
                continue
            if inner not in holding:
                sentence = f"There is no picture in the sub-folder “{inner}”: add some, or remove it."
                yield Finding(inner, "folder", sentence)
                continue
            name = readable(inner.name)
            other = first.setdefault(name.casefold(), inner)
            if readable(other.name) != name:
                sentence = (
                    f"The sub-folders “{other}” and “{inner.name}” differ only in case, and are one label: rename one if "
                    "they are two."
                )
                yield Finding(inner, "name", sentence)


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [
                Path(entry.path)
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:  # said already when pictures were looked for
        return []
    return sorted(inner for inner in found if os.access(inner, os.R_OK | os.X_OK))  # others are said already, too
