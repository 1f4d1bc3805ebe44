"""Model files that appear together: all of them whole and checked, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.errors import ModelError
from trainers.export.publish import publish_together


def test_models_appear_together_with_what_lies_beside_them(tmp_path: Path) -> None:
    models = {tmp_path / name: (name.encode(), Path.read_bytes) for name in ("a.onnx", "b.onnx")}
    assert publish_together(models, {tmp_path / "c": b"c"}) == [b"a.onnx", b"b.onnx"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.onnx", "b.onnx", "c"]


def test_where_one_is_wrong_none_appears(tmp_path: Path) -> None:
    def check(path: Path) -> None:
        raise ModelError("wrong")

    (tmp_path / "a.onnx").write_bytes(b"as it was")
    models = {tmp_path / "a.onnx": (b"a", lambda path: None), tmp_path / "b.onnx": (b"b", check)}
    with pytest.raises(ModelError, match="wrong"):
        publish_together(models, {tmp_path / "c": b"c"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.onnx": b"as it was"}
