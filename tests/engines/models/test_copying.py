"""Files copied or deleted together: where one fails, it is as if nothing had been asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.models.copying import copy_all, delete_all, is_copy


def failing_at(count: int) -> Callable[[Path, Path], None]:
    """A rename that fails the `count`-th time, and only then."""
    rename, times = os.replace, 0

    def replace(source: Path, target: Path) -> None:
        nonlocal times
        times += 1
        if times == count:
            raise OSError(28, "No space left on device")
        rename(source, target)

    return replace


@pytest.fixture
def files(tmp_path: Path) -> dict[Path, Path]:
    """Three files, and where they are to go."""
    made: dict[Path, Path] = {}
    (tmp_path / "new").mkdir()
    for name in "abc":
        (tmp_path / name).write_text(name)
        made[tmp_path / name] = tmp_path / "new" / name
    return made


def test_all_are_copied(files: dict[Path, Path]) -> None:
    copy_all(files)
    assert all(is_copy(source, target) for source, target in files.items())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_where_one_cannot_be_copied_none_is(
    files: dict[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(os, "replace", failing_at(count))
    with pytest.raises(OSError, match="No space"):
        copy_all(files)
    assert not list((tmp_path / "new").iterdir())


def test_what_cannot_be_read_is_not_half_copied(files: dict[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "c").unlink()
    with pytest.raises(FileNotFoundError):
        copy_all(files)
    assert not list((tmp_path / "new").iterdir())


def test_all_are_deleted(files: dict[Path, Path], tmp_path: Path) -> None:
    delete_all([*files, tmp_path / "never there"])
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_where_one_cannot_be_deleted_all_stay(
    files: dict[Path, Path], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(os, "replace", failing_at(count))
    with pytest.raises(OSError, match="No space"):
        delete_all(files)
    assert {source.read_text() for source in files} == {"a", "b", "c"}
