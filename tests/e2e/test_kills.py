"""A real editor is killed while it edits and saves; the next one has the work back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kills import kill_one

MOST_LOST = 5.0  # seconds


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [1.2, 2.0])
def test_what_is_killed_is_recovered(private_home: Path, photo: Path, tmp_path: Path, seconds: float) -> None:
    outcome = kill_one(private_home, photo, seconds, save=tmp_path / "saved.tif", pause=0.15, side=64)
    assert outcome.damaged == ()
    assert outcome.edits > 0 and outcome.lost <= MOST_LOST
    assert [path for path in (private_home / "recovery").iterdir() if path.is_dir()] == []
