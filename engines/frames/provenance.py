"""Provenance: what a generated file says of how it was made, as one JSON object, written into it and read back.

The object has the fields of `Provenance`, flat, those of a path and of an upscaling model only where there are any. It stands

- in a PNG as the text (iTXt) with the keyword “duskroom”,
- in JPEG, WebP, TIFF and AVIF in EXIF's UserComment, in a GIF and an MP4 as the comment. These fields belong to nobody, so
  there the object is the value of “duskroom” in another: {"duskroom": {…}}.

All of it is ASCII: other characters are escaped as JSON has it.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar, cast

import numpy as np
from PIL import Image

from engines.atomic import write_all
from engines.errors import ModelError, PictureError, shown
from engines.generation.drawing import Drawing
from engines.generation.latent import MAX_FRAMES, MAX_SEED
from engines.generation.route import Route
from engines.metadata import exif
from engines.metadata.metadata import Metadata
from engines.models.model import Model
from engines.pictures.decoding import read_contents
from engines.pictures.encoding import Encoder
from engines.pictures.formats import SNIFF_BYTES, sniff, target_format
from engines.pictures.rows import Damaged
from engines.pictures.writing import PictureWriter

KEY = "duskroom"

_Kind = TypeVar("_Kind")

_USER_COMMENT = 0x9286  # of EXIF: the name of a character set in 8 bytes, then the text
_ASCII = b"ASCII\0\0\0"
_IEND = 12  # bytes of a PNG's last chunk
_LARGEST = 16 << 20  # bytes of text that are read; nothing of ours is as long
_LARGEST_VALUE = float(np.finfo(np.float32).max)  # of a control


@dataclass(frozen=True)
class Provenance:
    """How a file was made: by the `model` of that name whose file has that SHA-256, from `seeds`, and so on.

    `labels` are none, one, or one for each seed. `route` is that of a path, `frame` the number of this one frame of it, from
    0; both are None for samples. `upscaler` enlarged the pictures, None where nothing did.
    """

    model: str
    model_sha256: str
    seeds: tuple[int, ...]
    labels: tuple[str, ...] = ()
    truncation: float = 1.0
    controls: Mapping[str, float] = field(default_factory=dict[str, float])
    route: Route | None = None
    frame: int | None = None
    upscaler: str | None = None
    upscaler_sha256: str | None = None

    @property
    def drawing(self) -> Drawing:
        """What was drawn, to draw it again."""
        return Drawing(self.seeds, self.labels, self.truncation, dict(self.controls))

    def to_json(self) -> str:
        """The object, in ASCII."""
        values = {key: value for key, value in asdict(self).items() if value is not None and key != "route"}
        return json.dumps(values | (asdict(self.route) if self.route else {}))

    def comment(self) -> str:
        """The object in another, under “duskroom”, for a field that belongs to nobody."""
        return f'{{"{KEY}": {self.to_json()}}}'

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """What `read` gave, checked: each field is of the kind and in the range in which it is written. Raises ValueError."""
        route = None
        if "frames" in values:
            frames = _whole(values["frames"], 1, MAX_FRAMES)
            route = Route(
                frames, _of(str, values.get("curve")), _of(str, values.get("easing")), _of(bool, values.get("loop"))
            )
        controls = cast("dict[str, Any]", _of(dict, values.get("controls", {})))
        seeds = cast("list[Any]", _of(list, values.get("seeds")))
        labels = cast("list[Any]", _of(list, values.get("labels", [])))
        return cls(
            model=_of(str, values.get("model")),
            model_sha256=_of(str, values.get("model_sha256")),
            seeds=tuple(_whole(seed, 0, MAX_SEED) for seed in seeds),
            labels=tuple(_of(str, label) for label in labels),
            truncation=_number(values.get("truncation", 1.0), 0, 1),
            controls={name: _number(value, -_LARGEST_VALUE, _LARGEST_VALUE) for name, value in controls.items()},
            route=route,
            frame=_whole(values["frame"], 0, MAX_FRAMES) if "frame" in values else None,
            upscaler=_of(str, values["upscaler"]) if "upscaler" in values else None,
            upscaler_sha256=_of(str, values["upscaler_sha256"]) if "upscaler_sha256" in values else None,
        )


def made_by(model: Model, drawing: Drawing, route: Route | None = None, upscaler: Model | None = None) -> Provenance:
    """The provenance of what `model` draws. Raises ModelError where its file is gone."""
    return Provenance(
        model=model.card.name,
        model_sha256=sha256_of(model.path),
        seeds=tuple(drawing.seeds),
        labels=drawing.labels,
        truncation=drawing.truncation,
        controls=dict(drawing.controls),
        route=route,
        upscaler=upscaler.card.name if upscaler else None,
        upscaler_sha256=sha256_of(upscaler.path) if upscaler else None,
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a model file, in hexadecimal. Raises ModelError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"“{path.name}” cannot be read ({error.strerror}); check where the model is.") from error


def picture_writer(target: Path, width: int, height: int, provenance: Provenance) -> PictureWriter:
    """A writer of an 8-bit RGB picture that says how it was made. Raises TargetError as `PictureWriter`."""
    if target_format(target).name == "png":
        return _PngWriter(target, width, height, provenance)
    text = _ASCII + provenance.comment().encode("ascii")
    entry = exif.Entry(_USER_COMMENT, 7, len(text), text)
    block = exif.build(exif.Directories("<", exif=(entry,)))
    return PictureWriter(target, width, height, 3, np.uint8, Metadata(exif=block))


def read(path: Path) -> dict[str, Any]:
    """The object that the file at `path` holds; its pixels are not decoded.

    Raises PictureError where it cannot be read, and where it holds none.
    """
    try:
        with path.open("rb") as file:
            values = _values(file)
    except OSError as error:
        raise PictureError(f"“{shown(path)}” cannot be read ({error.strerror or error}); check the file.") from error
    except (ValueError, RecursionError, PictureError, Damaged) as error:
        raise _says_nothing(path) from error
    if not isinstance(values, dict):
        raise _says_nothing(path)
    return cast("dict[str, Any]", values)


def read_provenance(path: Path) -> Provenance:
    """How the file at `path` was made. Raises PictureError where it cannot be read or does not say."""
    try:
        return Provenance.from_values(read(path))
    except ValueError as error:
        raise _says_nothing(path) from error


class _PngWriter(PictureWriter):
    """Writes a PNG with the text at its end: the encoder, which knows no text, has written all else by then."""

    def __init__(self, target: Path, width: int, height: int, provenance: Provenance) -> None:
        super().__init__(target, width, height, 3, np.uint8, Metadata())
        data = (
            KEY.encode("ascii") + bytes(5) + provenance.to_json().encode("ascii")
        )  # neither compressed nor translated
        self._text = struct.pack(">I", len(data)) + b"iTXt" + data + struct.pack(">I", zlib.crc32(b"iTXt" + data))

    def __enter__(self) -> Self:
        super().__enter__()
        assert self._encoder is not None
        self._encoder = _WithText(self._encoder, self._atomic.file, self._text)
        return self


class _WithText:
    """An encoder that, once another has written a PNG, adds a chunk before its last."""

    def __init__(self, encoder: Encoder, file: BinaryIO, chunk: bytes) -> None:
        self._encoder = encoder
        self._file = file
        self._chunk = chunk
        self.write = encoder.write
        self.abort = encoder.abort

    def finish(self) -> None:
        self._encoder.finish()
        self._file.seek(-_IEND, os.SEEK_END)
        end = self._file.read(_IEND)
        self._file.seek(-_IEND, os.SEEK_END)
        write_all(self._file, self._chunk + end)


def _values(file: BinaryIO) -> Any:
    """What stands where the object should. Raises ValueError, RecursionError, PictureError, Damaged, OSError."""
    head = file.read(SNIFF_BYTES)
    file.seek(0)
    format = sniff(head)
    if format is None:
        return _loaded(_video_comment(file) if head[4:8] == b"ftyp" else b"").get(KEY)
    match format.name:
        case "png":
            return _loaded(_png_text(file))
        case "gif":
            return _loaded(_gif_comment(file)).get(KEY)
        case _:  # Duskroom's own reading of EXIF, since Pillow's prints warnings for damaged ones
            return _loaded(_user_comment(read_contents(file, format).exif or b"")).get(KEY)


def _png_text(file: BinaryIO) -> bytes:
    """The text with our keyword; empty where there is none. Raises ValueError."""
    file.seek(8)
    while len(header := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", header)
        if kind != b"iTXt" or length > _LARGEST:
            file.seek(length + 4, os.SEEK_CUR)
            continue
        data = file.read(length)
        file.seek(4, os.SEEK_CUR)
        keyword, _, rest = data.partition(b"\0")
        if keyword == KEY.encode("ascii") and rest[:1] == b"\0":
            return rest[2:].split(b"\0", 2)[-1]  # after the language and the translated keyword
    return b""


def _gif_comment(file: BinaryIO) -> bytes:
    """Raises ValueError."""
    try:
        with Image.open(file, formats=("GIF",)) as image:
            return bytes(image.info.get("comment", b""))
    except (
        OSError,
        SyntaxError,
        struct.error,
        TypeError,
        KeyError,
        IndexError,
    ) as error:  # as Pillow has it for damage
        raise ValueError(str(error)) from error


def _user_comment(block: bytes) -> bytes:
    """The text of EXIF's UserComment, empty where it is not in ASCII. Raises ValueError."""
    for entry in exif.parse(block.removeprefix(b"Exif\0\0")).exif:
        if entry.tag == _USER_COMMENT and entry.data.startswith(_ASCII):
            return entry.data[len(_ASCII) :]
    return b""


def _video_comment(file: BinaryIO) -> bytes:
    import av  # large, and needed for videos alone
    from av.error import FFmpegError

    try:
        with av.open(file, "r") as container:
            return container.metadata.get("comment", "").encode()
    except FFmpegError as error:
        raise ValueError(str(error)) from error


def _loaded(text: bytes) -> dict[str, Any]:
    """The object in `text`. Raises ValueError, RecursionError."""
    values = json.loads(text[:_LARGEST].decode("ascii"))
    if not isinstance(values, dict):
        raise ValueError("no object")
    return cast("dict[str, Any]", values)


def _of(kind: type[_Kind], value: Any) -> _Kind:
    if not isinstance(value, kind):
        raise ValueError(f"no {kind.__name__}")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"no whole number from {low} to {high}")
    return value


def _number(value: Any, low: float, high: float) -> float:
    if type(value) not in (int, float) or not low <= value <= high:  # the latter is also false of NaN
        raise ValueError(f"no number from {low} to {high}")
    return float(value)


def _says_nothing(path: Path) -> PictureError:
    return PictureError(f"“{shown(path)}” does not say how it was made; choose one that Duskroom drew.")
