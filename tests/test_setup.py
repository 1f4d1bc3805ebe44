"""The set-up script's decisions; that it sets up is shown by these tests running at all."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.core import display

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def setup() -> ModuleType:
    """`scripts/setup.py` as a module."""
    spec = importlib.util.spec_from_file_location("duskroom_setup", ROOT / "scripts" / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_command_installs_all_that_is_missing(setup: ModuleType) -> None:
    missing = [setup.QT_LIBRARIES[0], setup.QT_LIBRARIES[1], setup.FONT]
    assert setup.install_command(missing, "apt") == "apt-get install -y fonts-dejavu-core libegl1 libgl1"
    assert setup.install_command(missing, "dnf") == "dnf install -y dejavu-sans-fonts libglvnd-egl libglvnd-glx"
    assert setup.install_command(missing, "pacman") == "pacman -S --needed --noconfirm libglvnd ttf-dejavu"


def test_x11_is_wanted_always_and_wayland_where_it_is(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "loads", lambda soname: False)
    monkeypatch.setattr(setup, "has_font", lambda: True)
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    assert setup.missing_libraries() == [*display.QT_LIBRARIES, *display.X11_LIBRARIES]
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert setup.missing_libraries() == [
        *display.QT_LIBRARIES,
        *display.X11_LIBRARIES,
        *display.WAYLAND_LIBRARIES,
    ]


def test_the_set_up_and_the_window_want_the_same_libraries(setup: ModuleType) -> None:
    assert setup.X11_LIBRARIES is display.X11_LIBRARIES
    assert setup.QT_LIBRARIES is display.QT_LIBRARIES


def test_the_set_up_needs_nothing_that_is_not_installed_yet() -> None:
    """Read by a Python that sees neither this environment nor the folder it is called from."""
    code = f"import runpy; runpy.run_path({str(ROOT / 'scripts' / 'setup.py')!r})"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_every_extra_is_installed_but_for_the_one_of_clusters(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "dev" in setup.extras()
    project = "[project]\n[project.optional-dependencies]\nlater = []\ncluster = []\ndev = []\n"
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    assert setup.extras() == ["dev", "later"]


def test_pip_is_asked_for_the_extras(setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a program in place of the environment's Python that writes down what it is asked."""
    asked = tmp_path / "asked"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n')
    python.chmod(0o755)
    monkeypatch.setattr(setup, "PYTHON", python)
    monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp")
    setup.provide_environment()
    assert f"--editable .[{','.join(setup.extras())}]" in asked.read_text()


def test_a_missing_font_is_seen(setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "FONT_FOLDERS", (str(tmp_path),))
    assert not setup.has_font()
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "Some.TTF").touch()
    assert setup.has_font()


def test_who_may_not_install_is_told_the_command(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `dnf` on the path, and no `sudo` that works without a password."""
    program = tmp_path / "dnf"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(setup.SetupError) as error:
        setup.provide_system_packages([setup.QT_LIBRARIES[0]])
    assert str(error.value) == (
        "Qt needs libEGL.so.1 from this system; run `sudo dnf install -y libglvnd-egl`, and try again."
    )


def test_an_old_python_is_refused(setup: ModuleType) -> None:
    with pytest.raises(setup.SetupError, match=r"needs Python 3\.11 or newer, and this is 3\.10\.4\."):
        setup.check_python((3, 10, 4))
    setup.check_python((3, 11, 0))


def test_a_checkout_that_moved_gets_a_new_environment(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs in an environment name its folder, and the checkout is found by its folder too."""
    stamp = tmp_path / "stamp"
    monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(setup, "STAMP", stamp)
    assert setup.works()
    stamp.write_text(setup.wanted_state(), encoding="utf-8")
    assert setup.works()
    stamp.write_text(setup.wanted_state().replace(str(ROOT), "/somewhere/else"), encoding="utf-8")
    assert not setup.works()


def test_the_environment_follows_the_dependencies(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = setup.wanted_state()
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    assert setup.wanted_state() != before
