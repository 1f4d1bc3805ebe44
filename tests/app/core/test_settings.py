"""Settings: written whole, read with care, set aside where they cannot be used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.core import paths, settings
from app.core.settings import Settings


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.json"
    kept = Settings(
        theme="light",
        open_folder="/photos/été",
        model="fast-x4",
        qualities={"jpeg": 85},
        speeds={"fast-x4 1 2": 250_000.5},
    )
    settings.save(kept, file)
    assert settings.load(file) == (kept, None)
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]


def test_a_folder_whose_name_is_not_text_is_remembered_too(tmp_path: Path) -> None:
    kept = Settings(open_folder=os.fsdecode(b"/photos/\xff\xfe"))
    settings.save(kept, tmp_path / "settings.json")
    assert settings.load(tmp_path / "settings.json") == (kept, None)


def test_without_a_file_there_are_defaults_and_nothing_to_say(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none.json") == (Settings(), None)


def test_they_live_where_duskroom_is_told_to_live(private_home: Path) -> None:
    assert paths.settings_file().is_relative_to(private_home)
    assert paths.models_folder().is_relative_to(private_home)
    assert paths.log_file().is_relative_to(private_home)
    assert paths.runs_folder().is_relative_to(private_home)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b'{"version": 1, "theme": "da', "damaged"),
        (b"\xff\xfe\x00rubbish", "could not be read"),
        (b"[1, 2]", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"version": "one"}', "damaged"),
        (b'{"version": 99, "theme": "dark"}', "newer"),
    ],
)
def test_what_cannot_be_used_is_set_aside_and_said(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "settings.json"
    for copy in ("settings.json.aside", "settings.json.aside1"):
        file.write_bytes(content)
        read, notice = settings.load(file)
        assert read == Settings()
        assert notice is not None and why in notice and copy in notice
        assert not file.exists()
        assert (tmp_path / copy).read_bytes() == content


def test_a_wrong_value_falls_back_alone(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    values = {
        "version": 1,
        "theme": "purple",
        "model": "kept",
        "qualities": {"jpeg": 900},
        "speeds": {"x": 0},
        "unknown": 1,
        "geometry": 3,
    }
    file.write_text(json.dumps(values))
    assert settings.load(file) == (Settings(model="kept"), None)


def test_a_folder_that_cannot_be_written_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(OSError):
        settings.save(Settings(), blocked / "settings.json")


def test_new_values_are_checked_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    wrong = {
        "keep": "some", "note_steps": 1, "language": "xx", "recent": ["a", 2], "shortcuts": {"open": "Ctrl+O"},
        "history_megabytes": -1, "ask_unsaved": "yes", "threads": 300,
    }  # fmt: skip
    file.write_text(json.dumps({"version": 1, **wrong}))
    assert settings.load(file) == (Settings(), None)
    right = Settings(
        keep="none", note_steps=False, language="de", recent=["/a"], shortcuts={"open": ["F2"], "copy": []},
        history_megabytes=4096, ask_unsaved=False, threads=3,
    )  # fmt: skip
    settings.save(right, file)
    assert settings.load(file) == (right, None)
