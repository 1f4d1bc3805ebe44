"""Sets a checkout up: system libraries for Qt, a font, `.venv` and the dependencies; quick where all is there.

Runs on the standard library of Python 3.11 alone. Exit status 0 done, 1 failed with one sentence on standard error.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".duskroom-setup"
OLDEST = (3, 11)


class SetupError(Exception):
    """The set-up cannot go on; `str(error)` says why and what to do, in one sentence."""


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
# Not a library, but Qt has no font of its own and draws boxes without one.
FONT = Library("a font", "fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")

INSTALLERS = {"apt": "apt-get install -y", "dnf": "dnf install -y", "pacman": "pacman -S --needed --noconfirm"}
PROGRAMS = {"apt": "apt-get", "dnf": "dnf", "pacman": "pacman"}


def main() -> int:
    try:
        check_python(sys.version_info[:3])
        if sys.platform.startswith("linux"):
            provide_system_packages(missing_libraries())
        provide_environment()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_python(version: tuple[int, ...]) -> None:
    """Raise `SetupError` if the Python of this version, which runs this, is too old, or of 32 bits."""
    if version < OLDEST:
        raise SetupError(f"Duskroom needs Python 3.11 or newer, and this is {'.'.join(map(str, version))}.")
    if sys.maxsize < 2**32:
        raise SetupError("Duskroom needs a 64-bit Python, and this one is of 32 bits.")


# System libraries


def missing_libraries() -> list[Library]:
    """What Qt will want from this system, for the kind of display it has now, and does not find."""
    wanted = list(QT_LIBRARIES)
    if os.environ.get("DISPLAY"):
        wanted += X11_LIBRARIES
    if os.environ.get("WAYLAND_DISPLAY"):
        wanted += WAYLAND_LIBRARIES
    return [library for library in wanted if not loads(library.soname)] + ([] if has_font() else [FONT])


def loads(soname: str) -> bool:
    """Whether the dynamic linker finds this library, and it can be loaded."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def has_font() -> bool:
    """Whether one of the usual folders holds a font that Qt can draw with."""
    return any(
        path.suffix.lower() in {".ttf", ".otf", ".ttc"}
        for folder in FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("*")
    )


def install_command(missing: list[Library], family: str) -> str:
    """The command with which an administrator of this family of Linux installs what is missing."""
    packages = sorted({getattr(library, family) for library in missing})
    return f"{INSTALLERS[family]} {' '.join(packages)}"


def provide_system_packages(missing: list[Library]) -> None:
    """Install what is missing if that takes no password; raise `SetupError` with the command for it if it does."""
    if not missing:
        return
    names = ", ".join(library.soname for library in missing)
    family = next((family for family, program in PROGRAMS.items() if shutil.which(program)), None)
    if family is None:
        raise SetupError(f"Qt needs {names} from this system; install them with its package manager, and try again.")
    command = install_command(missing, family)
    rights = without_password()
    if family == "apt" and rights is not None:
        apt_install(rights, command)
        missing = [library for library in missing if library is not FONT and not loads(library.soname)]
        if not missing:
            return
        names = ", ".join(library.soname for library in missing)
    sudo = "" if rights == [] else "sudo "
    raise SetupError(f"Qt needs {names} from this system; run `{sudo}{command}`, and try again.")


def without_password() -> list[str] | None:
    """How to run a command as root without being asked: [] as root, ["sudo", "-n"] where that works, None otherwise."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def apt_install(rights: list[str], command: str) -> None:
    """Run an `apt-get install` command, its list of packages brought up to date first; failure is seen by looking."""
    print(f"setup: {command}", flush=True)
    quiet = [*rights, "env", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*quiet, "apt-get", "update", "-qq"], check=False)
    subprocess.run([*quiet, *command.split(), "-qq", "--no-install-recommends"], check=False, stdout=subprocess.DEVNULL)


# The environment


def provide_environment() -> None:
    """Make `.venv` hold this checkout and its dependencies; done again only when what they depend on has changed."""
    state = wanted_state()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == state and works():
        return
    if not works():
        create_environment()
    print("setup: installing the dependencies; the first time this fetches several gigabytes (torch)", flush=True)
    STAMP.unlink(missing_ok=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    if not sys.stdout.isatty():
        pip += ["--progress-bar", "off", "--quiet"]
    if subprocess.run([*pip, "--editable", ".[dev]"], cwd=ROOT, check=False).returncode:
        raise SetupError("pip could not install the dependencies; its own message above says why.")
    if sys.platform.startswith("linux"):
        check_qt()
    STAMP.write_text(state, encoding="utf-8")


def wanted_state() -> str:
    """What `.venv` was made from, a line each: the checkout's place, and a digest of its dependencies."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"checkout {ROOT}\npyproject.toml {digest}\n"


def works() -> bool:
    """Whether `.venv` was made here, and holds a Python new enough that runs and has pip."""
    if not PYTHON.exists() or (STAMP.is_file() and f"checkout {ROOT}\n" not in STAMP.read_text(encoding="utf-8")):
        return False
    code = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([str(PYTHON), "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def create_environment() -> None:
    """Create `.venv` anew. Debian parts `ensurepip` from Python: without it, the pip outside puts a pip inside."""
    print(f"setup: creating .venv with Python {sys.version.split()[0]}", flush=True)
    create = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if importlib.util.find_spec("ensurepip"):
        done = subprocess.run(create, check=False).returncode == 0
    elif importlib.util.find_spec("pip") and importlib.util.find_spec("venv"):
        inside = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet", "pip"]
        done = all(subprocess.run(step, check=False).returncode == 0 for step in ([*create, "--without-pip"], inside))
    else:
        done = False
    if not done or not works():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"Python cannot create a virtual environment; on Debian and Ubuntu run `sudo apt-get install -y "
            f"python{version}-venv`, elsewhere install Python with its venv module, and try again."
        )


def check_qt() -> None:
    """Raise `SetupError` if Qt cannot be loaded, with the linker's own words, which name the library it misses."""
    load = subprocess.run([str(PYTHON), "-c", "import PySide6.QtWidgets"], capture_output=True, text=True, check=False)
    if load.returncode:
        reason = load.stderr.strip().splitlines()[-1] if load.stderr.strip() else f"status {load.returncode}"
        raise SetupError(f"Qt cannot be loaded ({reason}); install the library that this names, and try again.")


if __name__ == "__main__":
    sys.exit(main())
