"""Pictures as bands of rows: one reader that knows every format, upright, in RGB(A), with bounded memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from engines.errors import PictureError, shown
from engines.metadata.metadata import Metadata, bare_exif, orientation_of, upright_metadata
from engines.pictures.decoding import Decoded, decode, read_contents
from engines.pictures.formats import FORMATS, MAX_PIXELS, SNIFF_BYTES, Format, sniff
from engines.pictures.rows import Damaged, Pixels, Rows
from engines.pictures.turning import Turned

_ALPHA_BAND = 256

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})


class PictureReader:
    """A picture opened for reading from top to bottom; a context manager. `open_picture` makes one.

    `channels` is 3 (RGB) or 4 (RGBA, alpha not premultiplied) and `dtype` uint8 or uint16. `metadata` is already that of
    the upright picture. `notices` are sentences on what was changed or left out in reading.

    Memory stays flat for JPEG that is not progressive (its compressed bytes are held), PNG that is not interlaced, and
    TIFF; all else is held whole. A large picture that must be turned goes through a temporary file. Any thread may use
    it, one at a time.
    """

    width: int
    height: int
    channels: int
    dtype: np.dtype[Any]
    metadata: Metadata
    notices: tuple[str, ...]

    def __init__(self, path: Path, *, max_pixels: int) -> None:
        self.path = path
        self._max_pixels = max_pixels
        self._alpha: int | None = None
        self._alpha_known = False
        self._rows: Rows | None = None
        self._left = 0
        self._file = _open_file(path)
        self._stamp = _stamp(self._file)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        try:
            decoded = _decoded(self._file, self.path, self._max_pixels)
            exif = bare_exif(decoded.exif)
            orientation = orientation_of(exif)
            self._rows = decoded.rows if orientation == 1 else Turned(decoded.rows, orientation)
        except Damaged as damage:
            raise self._damage() from damage
        except OSError as error:
            raise _read_error(self.path, error) from error
        except MemoryError:
            raise self._no_memory() from None
        self.metadata = upright_metadata(decoded.icc, exif, decoded.xmp)
        if exif and self.metadata.exif is None:
            decoded.notices.append("The picture's EXIF data is damaged and was left out.")
        self.notices = tuple(decoded.notices)
        self.width, self.height = self._rows.width, self._rows.height
        self.channels, self.dtype = self._rows.channels, self._rows.dtype
        self._left = self.height

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def read(self, count: int) -> Pixels:
        """The next `count` rows `(count, width, channels)`, fewer where fewer are left; read-only.

        Raises `PictureError` where the file turns out to be damaged, or has changed since it was opened.
        """
        if self._rows is None:
            raise ValueError("the reader is closed")
        if count < 0:
            raise ValueError("a count of rows is not negative")
        count = min(count, self._left)
        try:
            rows = self._rows.read(count)
            changed = _stamp(self._file) != self._stamp
        except Damaged as damage:
            raise self._damage() from damage
        except OSError as error:
            raise _read_error(self.path, error) from error
        except MemoryError:
            raise self._no_memory() from None
        if changed:
            raise PictureError(f"“{shown(self.path)}” changed while it was read; open it again.")
        self._left -= count
        rows.flags.writeable = False
        return rows

    def rewind(self) -> None:
        """Begin again at the first row, with a decoder of its own; the one before lets go of its memory first.

        Raises `PictureError` where the file is gone, or is no longer the one that was opened.
        """
        size = self.width, self.height, self.channels, self.dtype
        old = os.fstat(self._file.fileno())
        self.close()
        self._file = _open_file(self.path)
        try:
            if not os.path.samestat(old, os.fstat(self._file.fileno())) or _stamp(self._file) != self._stamp:
                raise PictureError(f"“{shown(self.path)}” changed while it was read; open it again.")
            self._open()
            if (self.width, self.height, self.channels, self.dtype) != size:
                raise PictureError(f"“{shown(self.path)}” changed while it was read; open it again.")
        except BaseException:
            self.close()
            raise

    @property
    def alpha(self) -> int | None:
        """The one value alpha has everywhere; None where it varies, and for a picture without alpha.

        The first use may read the file a second time, up to the first pixel that differs.
        """
        if not self._alpha_known:
            self._alpha = self._constant_alpha() if self.channels == 4 else None
            self._alpha_known = True
        return self._alpha

    def close(self) -> None:
        """Let go of the file and the decoder; twice is harmless."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        self._file.close()

    def _constant_alpha(self) -> int | None:
        with _open_file(self.path) as file:
            if _stamp(file) != self._stamp:
                raise PictureError(f"“{shown(self.path)}” changed while it was read; open it again.")
            try:
                decoded = _decoded(file, self.path, self._max_pixels)
                rows = decoded.rows
                first: int | None = None
                for start in range(0, rows.height, _ALPHA_BAND):
                    alpha = rows.read(min(_ALPHA_BAND, rows.height - start))[..., 3]
                    first = int(alpha[0, 0]) if first is None else first
                    if (alpha != first).any():
                        return None
                return first
            except Damaged as damage:
                raise self._damage() from damage

    def _no_memory(self) -> PictureError:
        return PictureError(f"“{shown(self.path)}” does not fit in memory; close other programs and try again.")

    def _damage(self) -> PictureError:
        try:
            if _stamp(self._file) != self._stamp:
                return PictureError(f"“{shown(self.path)}” changed while it was read; open it again.")
        except (OSError, ValueError):
            pass
        return PictureError(f"“{shown(self.path)}” is damaged or incomplete; get a whole copy of it.")


def open_picture(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> PictureReader:
    """Open a picture for reading in bands.

    Raises `PictureError` where there is no file, it is no picture, is damaged, or claims more than `max_pixels` pixels;
    that last is found out from its header, before memory is taken.
    """
    return PictureReader(Path(path), max_pixels=max_pixels)


def _decoded(file: BinaryIO, path: Path, max_pixels: int) -> Decoded:
    kind = _kind(file, path)
    try:
        contents = read_contents(file, kind)
    except PictureError as error:
        raise PictureError(f"“{shown(path)}” cannot be read: {error}") from error
    _check_size(path, contents.width, contents.height, max_pixels)
    try:
        decoded = decode(file, kind, contents)
    except PictureError as error:
        raise PictureError(f"“{shown(path)}” cannot be read: {error}") from error
    if (decoded.rows.width, decoded.rows.height) != (contents.width, contents.height):
        decoded.rows.close()
        raise Damaged("the header and the decoder disagree on the size")
    return decoded


def _kind(file: BinaryIO, path: Path) -> Format:
    file.seek(0)
    head = file.read(SNIFF_BYTES)
    if not head:
        raise PictureError(f"“{shown(path)}” is empty; get a whole copy of it.")
    kind = sniff(head)
    if kind is None and head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise PictureError(f"“{shown(path)}” is an HEIC photo, which Duskroom does not read; export it as JPEG.")
    if kind is None:
        known = ", ".join(one.title for one in FORMATS)
        raise PictureError(f"“{shown(path)}” is not a picture Duskroom can read; it reads {known}.")
    return kind


def _check_size(path: Path, width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise Damaged("no pixels")
    if width * height > max_pixels:
        raise PictureError(
            f"“{shown(path)}” says it is {width} × {height} pixels, more than the {max_pixels / 1e6:.0f} megapixels"
            f" allowed; if you trust the file, allow it with --max-pixels {width * height}."
        )


def _open_file(path: Path) -> BinaryIO:
    try:
        # Looked at before it is opened: opening a pipe would wait for ever for someone to write to it.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise PictureError(f"“{shown(path)}” is a folder; choose a picture inside it.")
        if not stat.S_ISREG(mode):
            raise PictureError(f"“{shown(path)}” is not an ordinary file; choose a picture.")
        return open(path, "rb")
    except ValueError as error:
        raise PictureError("A file name cannot hold a null character; choose another picture.") from error
    except OSError as error:
        raise _read_error(path, error) from error


def _read_error(path: Path, error: OSError) -> PictureError:
    name = shown(path)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return PictureError(f"There is no file “{name}”; it may have been moved or deleted.")
        case errno.EACCES | errno.EPERM:
            return PictureError(f"“{name}” may not be read; change its permissions or copy it elsewhere.")
        case errno.ENAMETOOLONG:
            return PictureError(f"The name “{name[:40]}…” is too long to be a file; check it.")
        case errno.ENOSPC:
            return PictureError(f"There is no room on the disk for turning “{name}” upright; free some space.")
        case _:
            return PictureError(f"“{name}” cannot be read ({error.strerror or error}); check the disk it is on.")


def _stamp(file: BinaryIO) -> tuple[int, int]:
    state = os.fstat(file.fileno())
    return state.st_size, state.st_mtime_ns
