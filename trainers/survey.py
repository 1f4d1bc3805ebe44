"""Looks at folders of pictures before training, and says what would spoil it.

Only what training would read is looked at: the same suffixes, hidden files passed over, links to folders not followed. Each
picture is opened once; what is kept of it is a small copy, so memory hardly grows with the folder.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from trainers import duplicates, sharpness

Kind = Literal["unreadable", "too small", "duplicate", "blurred", "upscaled", "folder", "name"]
Progress = Callable[[int, int, str], object]
"""`progress(done, total, text)`, called between files; what it raises ends the survey."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif")
ENOUGH = {"super-resolution": 30, "image-translation": 200, "image-generation": 1000}
"""How many pictures (of each domain, where there are several) a task wants before its results are worth much."""

MAX_PIXELS = 89_478_485  # what training opens without asking: Pillow's own limit
_AHEAD = 16  # pictures in work or waiting at a time
_ORIENTATION = 0x0112
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


@dataclass(frozen=True)
class Finding:
    """Something about one file or folder. `like` is, of a duplicate, the picture that is kept."""

    path: Path
    kind: Kind
    sentence: str
    like: Path | None = None


@dataclass(frozen=True)
class Survey:
    """What was found in `folders`.

    `pictures` files have a picture's name, `readable` of them can be read and `left_out` should be left out. `sides` are the
    smallest and the median shorter side and the largest longer side, in pixels; None where nothing can be read. `smallest`
    is the least side training needs, or None; `task` is that of a model card, or None.
    """

    folders: tuple[Path, ...]
    pictures: int
    readable: int
    sides: tuple[int, int, int] | None
    findings: tuple[Finding, ...]
    smallest: int | None = None
    task: str | None = None
    other_files: int = 0

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
            said.append(
                f"{_pictures(number)} {'looks' if number == 1 else 'look'} like copies of others: leave {_them(number)} out, "
                "or the network learns them by heart."
            )
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
        enough = ENOUGH.get(self.task or "", 0)
        if self.pictures and self.usable < max(2, enough):
            want = f"{max(2, enough)} or more" if self.task in ENOUGH else "more"
            said.append(f"{_pictures(self.usable)} {_are(self.usable)} too few to train on: add some, {want} in all.")
        return said

    def _summary(self) -> str:
        if not self.pictures:
            passed = f" ({self.other_files} other files were passed over)" if self.other_files else ""
            return f"There are no pictures here{passed}: choose a folder with {', '.join(SUFFIXES[:4])} or similar files."
        if self.sides is None:
            return f"There are {_pictures(self.pictures)}, and none can be read: choose another folder."
        small, median, large = self.sides
        return (
            f"There are {_pictures(self.pictures)}, {self.usable} of use; "
            f"shorter sides from {small} pixels, {median} in the middle, and the longest side {large}."
        )


@dataclass
class Listing:
    """The pictures below some folders, each once and sorted, and what stood in the way."""

    paths: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    other_files: int = 0


@dataclass(frozen=True, slots=True)
class _Look:
    """What remains of one picture once it was looked at."""

    width: int = 0
    height: int = 0
    bytes: int = 0
    verdict: sharpness.Verdict = "sharp"
    copy: NDArray[np.uint8] | None = None
    hash: np.uint64 = np.uint64(0)  # noqa: RUF009  (it never changes)
    problem: str | None = None


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
    looks: dict[Path, _Look] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd EXIF data and the like, which training does not mind
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        total = len(listing.paths)
        for done, (path, look) in enumerate(_looks(listing.paths), start=1):
            if progress is not None:
                progress(done, total, f"picture {done} of {total}")
            looks[path] = look
    findings += _each(looks, smallest)
    findings += _copies(looks, progress)
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
    )


def list_pictures(folders: Sequence[Path], progress: Progress | None = None) -> Listing:
    """Every file below `folders` with a picture's suffix, each once. Links to folders are said and not followed."""
    listing = Listing()
    found: set[str] = set()
    waiting = [os.path.realpath(folder) for folder in folders]
    seen: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _sort_in(entry, found, waiting, listing)
        except OSError as error:
            listing.findings.append(Finding(Path(folder), "folder", _folder_sentence(Path(folder), error)))
        if progress is not None and found:
            progress(0, len(found), f"{len(found)} pictures found")
    listing.paths = [Path(path) for path in sorted(found)]
    return listing


def overlap(first: Sequence[Path], second: Sequence[Path]) -> str | None:
    """A sentence where two domains share pictures because a folder of one is, or lies within, a folder of the other."""
    for one in first:
        for other in second:
            a, b = Path(os.path.realpath(one)), Path(os.path.realpath(other))
            if _same(a, b):
                return f"Both domains are the folder “{one}”: choose a different folder for one of them."
            for inner, outer, named, around in ((a, b, one, other), (b, a, other, one)):
                if any(_same(parent, outer) for parent in inner.parents):
                    return (
                        f"The folder “{named}” lies within “{around}”, which is the other domain: "
                        "choose folders that share no pictures."
                    )
    return None


def _same(first: Path, second: Path) -> bool:
    try:
        return first == second or os.path.samefile(first, second)  # the file system may not tell a from A
    except OSError:
        return False


def _sort_in(entry: os.DirEntry[str], found: set[str], waiting: list[str], listing: Listing) -> None:
    if entry.name.startswith("."):
        return
    try:
        is_folder = entry.is_dir()
    except OSError:  # a link that leads round in a circle
        is_folder = False
    if is_folder:
        if entry.is_symlink():
            sentence = f"“{entry.path}” is a link to a folder and was not followed: name that folder itself to use it."
            listing.findings.append(Finding(Path(entry.path), "folder", sentence))
        else:
            waiting.append(entry.path)
    elif entry.name.lower().endswith(SUFFIXES):
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        found.add(real if os.path.exists(real) else entry.path)
    else:
        listing.other_files += 1


def _folder_sentence(folder: Path, error: OSError) -> str:
    match error:
        case PermissionError():
            return f"The folder “{folder}” may not be read, and what is in it was left out: change its rights."
        case FileNotFoundError():
            return f"The folder “{folder}” does not exist: check its name."
        case NotADirectoryError():
            return f"“{folder}” is a file: name the folder it is in."
        case _:
            return f"The folder “{folder}” cannot be read ({error.strerror}): check the disk it is on."


def _alike_names(paths: Sequence[Path]) -> Iterator[Finding]:
    """Files whose paths differ only in case: on Windows and macOS one would replace the other."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(str(path).casefold(), path)
        if other is not path:
            sentence = f"“{other}” and “{path.name}” differ only in case, which not every computer tells apart: rename one."
            yield Finding(path, "name", sentence)


def _looks(paths: Sequence[Path]) -> Iterator[tuple[Path, _Look]]:
    """Each of `paths` with what was seen of it, in order; two are looked at at once, and few are begun ahead."""
    pending: deque[tuple[Path, Future[_Look]]] = deque()
    with ThreadPoolExecutor(2, thread_name_prefix="survey") as pool:
        try:
            for path in paths:
                pending.append((path, pool.submit(_look, path)))
                if len(pending) >= _AHEAD:
                    first, future = pending.popleft()
                    yield first, future.result()
            while pending:
                first, future = pending.popleft()
                yield first, future.result()
        finally:
            for _, future in pending:
                future.cancel()


def _look(path: Path) -> _Look:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                return _Look(problem="is empty")
            with Image.open(file) as image:
                if image.width * image.height > MAX_PIXELS:
                    return _Look(problem=f"claims to be {image.width}×{image.height} pixels, which is too large")
                return _look_at(image, size)
    except FileNotFoundError:
        return _Look(problem="leads nowhere" if path.is_symlink() else "vanished while it was being looked at")
    except PermissionError:
        return _Look(problem="may not be read; change its rights")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _Look(problem="claims to be too large for a photograph")
    except UnidentifiedImageError:
        return _Look(problem="is not a picture, whatever its name says")
    except MemoryError:
        return _Look(problem="does not fit in memory")
    except OSError as error:
        if error.errno == errno.ELOOP:
            return _Look(problem="is a link that leads round in a circle")
        return _Look(problem=f"cannot be read from its disk ({error.strerror})" if error.errno else "is damaged")
    except Exception:  # Pillow's plugins raise whatever damaged bytes lead them to
        return _Look(problem="is damaged")


def _look_at(image: Image.Image, size: int) -> _Look:
    width, height = image.size
    turns = _TURNS.get(image.getexif().get(_ORIENTATION, 1), ())
    if image.format == "JPEG":
        image.draft("L", image.size)  # colour is not needed: half the work of decoding
    grey = image.convert("L") if image.mode[:4] != "I;16" else image.point(lambda value: value / 256).convert("L")
    luma = np.asarray(grey)
    verdict = sharpness.judge(luma) if min(luma.shape) >= sharpness.LEAST else "sharp"
    upright = grey.resize((duplicates.SIDE, duplicates.SIDE), Image.Resampling.BOX)
    for turn in turns:
        upright = upright.transpose(turn)
    if turns and turns[0] in _SWAPS:
        width, height = height, width
    copy = np.asarray(upright)
    return _Look(width, height, size, verdict, copy, duplicates.perceptual_hash(copy))


_SWAPS = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
)


def _each(looks: dict[Path, _Look], smallest: int | None) -> Iterator[Finding]:
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


def _copies(looks: dict[Path, _Look], progress: Progress | None) -> Iterator[Finding]:
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
