"""What Qt needs from the system before it can show a window, and why it cannot.

Runs on the standard library alone: the set-up reads the tables too, before anything is installed.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Library(NamedTuple):
    """A shared library that Qt loads from the system, and the package that brings it in three families of Linux."""

    soname: str
    apt: str
    dnf: str
    pacman: str


# Qt's wheels bring Qt itself and link to these.
QT_LIBRARIES = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    Library("libX11.so.6", "libx11-6", "libX11", "libx11"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype", "freetype2"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
)
# Only a window on an X display needs these,
X11_LIBRARIES = (
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    Library("libxcb-shm.so.0", "libxcb-shm0", "libxcb", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
)
# and only one on Wayland these.
WAYLAND_LIBRARIES = (
    Library("libwayland-client.so.0", "libwayland-client0", "libwayland-client", "wayland"),
    Library("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor", "wayland"),
    Library("libwayland-egl.so.1", "libwayland-egl1", "libwayland-egl", "wayland"),
)

INSTALLERS = {"apt": "apt-get install -y", "dnf": "dnf install -y", "pacman": "pacman -S --needed --noconfirm"}
PROGRAMS = {"apt": "apt-get", "dnf": "dnf", "pacman": "pacman"}


def loads(soname: str) -> bool:
    """Whether the dynamic linker finds this library, and it can be loaded."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def missing(libraries: Iterable[Library]) -> list[Library]:
    """Those of `libraries` that this system does not have."""
    return [library for library in libraries if not loads(library.soname)]


def family_of_linux() -> str | None:
    """Which family's packages this system takes: a key of `INSTALLERS`, or None."""
    return next((family for family, program in PROGRAMS.items() if shutil.which(program)), None)


def install_command(libraries: Iterable[Library], family: str) -> str:
    """The command with which an administrator of this family of Linux installs these libraries."""
    packages = sorted({getattr(library, family) for library in libraries})
    return f"{INSTALLERS[family]} {' '.join(packages)}"


def what_is_needed(libraries: list[Library], sudo: str = "sudo ") -> str:
    """The sentence that says which libraries are missing, and how they are installed."""
    names = ", ".join(library.soname for library in libraries)
    family = family_of_linux()
    if family is None:
        return f"Qt needs {names} from this system; install them with its package manager, and try again."
    return f"Qt needs {names} from this system; run `{sudo}{install_command(libraries, family)}`, and try again."


def lacking(environment: Mapping[str, str]) -> list[Library]:
    """What Qt does not find on this system of all that it needs for the displays that `environment` names."""
    if sys.platform != "linux":
        return []  # the wheels bring all there
    platform = environment.get("QT_QPA_PLATFORM", "")
    wanted = list(QT_LIBRARIES)
    if environment.get("DISPLAY") or platform.startswith("xcb"):
        wanted += X11_LIBRARIES
    if environment.get("WAYLAND_DISPLAY") or platform.startswith("wayland"):
        wanted += WAYLAND_LIBRARIES
    return missing(wanted)


def why_no_window(environment: Mapping[str, str], complaints: list[str]) -> str:
    """The sentence for a window that Qt could not open, from what it complained of; with the remedy where one is known."""
    if libraries := lacking(environment):
        return what_is_needed(libraries)
    told = [text for text in complaints if "display" in text.lower()] or complaints
    reason = f" ({told[0].strip().rstrip('.')})" if told else ""
    return f"Qt cannot open a window here{reason}; “duskroom --help” says what can be done without one."
