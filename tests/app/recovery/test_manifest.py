"""The manifest: what no document needs any longer goes once the disk holds what is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.recovery import manifest
from engines.errors import Cancelled
from engines.progress import Progress

VALUES = {
    "version": manifest.VERSION,
    "current": 0,
    "documents": [{"states": [{"file": "kept.state"}, {"file": None}]}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("kept.state", "discarded.state"):
        (tmp_path / name).write_bytes(b"pixels")
    return tmp_path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_discarded_files_go_once_the_disk_has_the_manifest(folder: Path) -> None:
    discarded = [folder / "discarded.state", folder / "gone already.state"]
    manifest.flush(folder, VALUES, {"kept.state", "dropped meanwhile.state"}, discarded, progress=Progress())
    assert names_in(folder) == ["kept.state", manifest.FLUSHED]
    written = json.loads((folder / manifest.FLUSHED).read_text("ascii"))
    assert manifest.files_in(written) == {"kept.state"}


def test_stopped_before_the_disk_has_it_nothing_goes(folder: Path) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        manifest.flush(folder, VALUES, {"kept.state"}, [folder / "discarded.state"], progress=progress)
    assert names_in(folder) == ["discarded.state", "kept.state"]
