"""The metadata of an ONNX file, read without the graph: a file of a gigabyte takes no longer than a small one.

An ONNX file is one protobuf message, a ModelProto. Only its top level matters here: field 7 is the graph, skipped by its
length, field 14 a metadata entry of two strings. https://protobuf.dev/programming-guides/encoding/ gives the format.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Protocol

from engines.errors import ModelError

_GRAPH, _OPSET, _METADATA = 7, 8, 14
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MOST_METADATA = 1 << 24


def read_metadata(path: Path) -> dict[str, str]:
    """The `metadata_props` of the ONNX file at `path`. Raises ModelError where it is truncated or something else."""
    found: dict[str, str] = {}
    seen: set[int] = set()
    try:
        end = path.stat().st_size
        with open(path, "rb") as file:
            while file.tell() < end:
                number, wire = divmod(_read_varint(file), 8)
                seen.add(number)
                if wire == _LENGTH:
                    length = _read_varint(file)
                    if file.tell() + length > end:
                        raise EOFError
                    if number == _METADATA and length <= _MOST_METADATA:
                        key, value = _read_entry(file.read(length))
                        found[key] = value
                    else:
                        file.seek(length, 1)
                elif wire == _VARINT:
                    _read_varint(file)
                elif wire in (_FIXED64, _FIXED32):
                    file.seek(8 if wire == _FIXED64 else 4, 1)
                else:
                    raise ValueError
    except FileNotFoundError as error:
        raise ModelError(f"There is no model at “{path}”; check the path.") from error
    except IsADirectoryError as error:
        raise ModelError(f"“{path}” is a folder, not a model; name the .onnx file in it.") from error
    except OSError as error:
        raise ModelError(f"The model “{path}” cannot be read ({error.strerror}); check its permissions.") from error
    except (EOFError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(_not_whole(path)) from error
    if _GRAPH not in seen or _OPSET not in seen:
        raise ModelError(_not_whole(path))
    return found


def _not_whole(path: Path) -> str:
    if path.suffix.lower() in (".pth", ".pt", ".ckpt", ".pkl"):
        return (
            f"“{path.name}” is a torch checkpoint, which can carry code, so it is not opened; export it to ONNX first."
        )
    return f"“{path.name}” is cut short or not an ONNX file; copy or export it again."


class _File(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read_varint(file: _File) -> int:
    value = shift = 0
    while True:
        byte = file.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
        if shift > 63:
            raise ValueError


def _read_entry(data: bytes) -> tuple[str, str]:
    file = io.BytesIO(data)
    parts = {1: "", 2: ""}
    while file.tell() < len(data):
        number, wire = divmod(_read_varint(file), 8)
        if wire != _LENGTH:
            raise ValueError
        length = _read_varint(file)
        content = file.read(length)
        if len(content) < length:
            raise EOFError
        if number in parts:
            parts[number] = content.decode()
    return parts[1], parts[2]
