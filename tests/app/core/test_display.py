"""What Qt needs from the system, and the sentence for a window that it cannot open."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.core import display
from app.core.display import Library

NOWHERE = Library("libduskroom-is-no-library.so.1", "libnowhere1", "nowhere", "nowhere-arch")


def test_a_library_that_no_system_has_does_not_load() -> None:
    assert not display.loads(NOWHERE.soname)
    assert display.missing([NOWHERE]) == [NOWHERE]


def with_program(name: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path on which there is one program at most."""
    monkeypatch.setenv("PATH", str(folder))
    if name:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="programs are found by their suffix there")
@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        ("apt-get", "run `sudo apt-get install -y libnowhere1`, and try again."),
        ("dnf", "run `sudo dnf install -y nowhere`, and try again."),
        ("pacman", "run `sudo pacman -S --needed --noconfirm nowhere-arch`, and try again."),
        (None, "install them with its package manager, and try again."),
    ],
)
def test_the_remedy_is_this_systems(
    program: str | None, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_program(program, tmp_path, monkeypatch)
    told = display.what_is_needed([NOWHERE])
    assert told == f"Qt needs {NOWHERE.soname} from this system; {remedy}"


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"DISPLAY": ":0"}, ["x11"]),
        ({"QT_QPA_PLATFORM": "xcb:nothing"}, ["x11"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ["wayland"]),
        ({"QT_QPA_PLATFORM": "wayland"}, ["wayland"]),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, ["x11", "wayland"]),
        ({"QT_QPA_PLATFORM": "offscreen"}, []),
    ],
)
def test_each_display_wants_its_own_libraries(
    environment: dict[str, str], wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(display, "loads", lambda soname: False)
    of_each = {"x11": display.X11_LIBRARIES, "wayland": display.WAYLAND_LIBRARIES}
    expected = [*display.QT_LIBRARIES, *(library for kind in wanted for library in of_each[kind])]
    assert display.lacking(environment) == expected
    monkeypatch.setattr(sys, "platform", "darwin")
    assert display.lacking(environment) == []


def test_where_a_library_is_missing_its_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_program("apt-get", tmp_path, monkeypatch)
    monkeypatch.setattr(display, "lacking", lambda environment: [NOWHERE])
    assert "run `sudo apt-get install -y libnowhere1`" in display.why_no_window({}, ["could not connect to display :9"])


def test_where_nothing_is_missing_qts_own_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "lacking", lambda environment: [])
    told = display.why_no_window({}, ["From 6.5.0, …", "could not connect to display :9", "Could not load …"])
    assert told.startswith("Qt cannot open a window here (could not connect to display :9); ")
    assert display.why_no_window({}, []).startswith("Qt cannot open a window here; ")
