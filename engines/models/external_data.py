"""Whether an ONNX file keeps weights outside itself, found by seeking through it and never loading them.

A GraphProto (field 7 of the ModelProto) holds nodes in field 1, dense initializers in 5 and sparse ones in 15; a tensor
that lies elsewhere has field 14, `data_location`, set to 1, or entries in field 13, `external_data`. Tensors also lie in
attributes of nodes, and so do further graphs. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 gives the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14

# Of each message: the fields that lead on towards a tensor, and to what.
_TENSOR = "TensorProto"
_FIELDS: Mapping[str, Mapping[int, str]] = {
    "ModelProto": {7: "GraphProto", 25: "FunctionProto"},
    "GraphProto": {1: "NodeProto", 5: _TENSOR, 15: "SparseTensorProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: _TENSOR,
        10: _TENSOR,
        6: "GraphProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: _TENSOR, 2: _TENSOR},
}
_DEEPEST = 100  # messages within messages, as protobuf itself allows


def has_external_data(path: Path) -> bool:
    """Whether the ONNX file at `path` keeps a tensor's data in another file. Raises OSError, ValueError where it is damaged."""
    with open(path, "rb") as file:
        return _leads_outside(file, "ModelProto", path.stat().st_size, 0)


def _leads_outside(file: BinaryIO, message: str, end: int, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("messages lie too deep within each other")
    for number, wire, stop in _fields(file, end):
        if message == _TENSOR:
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and wire == _VARINT and stop):
                return True
        elif (
            wire == _LENGTH and (inner := _FIELDS[message].get(number)) and _leads_outside(file, inner, stop, depth + 1)
        ):
            return True
    return False


def _fields(file: BinaryIO, end: int) -> Iterator[tuple[int, int, int]]:
    """Each field up to `end`: its number, how it is written, and the place where it stops, or of a varint its value."""
    while file.tell() < end:
        number, wire = divmod(_varint(file), 8)
        if wire == _VARINT:
            yield number, wire, _varint(file)
            continue
        if wire == _LENGTH:
            length = _varint(file)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError("an unknown kind of field")
        stop = file.tell() + length
        if stop > end:
            raise ValueError("a field reaches beyond the end")
        yield number, wire, stop
        file.seek(stop)


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while shift < 64:
        byte = file.read(1)
        if not byte:
            raise ValueError("the file ends within a number")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
    raise ValueError("a number is too long")
