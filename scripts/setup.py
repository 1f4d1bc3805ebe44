"""Sets a checkout up: system libraries for Qt, a font, `.venv` and the dependencies; quick where all is there.

Runs on the standard library of Python 3.11 alone. Exit status 0 done, 1 failed with one sentence on standard error.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.core.display import (
    QT_LIBRARIES,
    WAYLAND_LIBRARIES,
    X11_LIBRARIES,
    Library,
    family_of_linux,
    install_command,
    missing,
    what_is_needed,
)

VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".duskroom-setup"
OLDEST = (3, 11)
LEFT_OUT = ("cluster",)  # extras that only several machines together have a use for


class SetupError(Exception):
    """The set-up cannot go on; `str(error)` says why and what to do, in one sentence."""


# Not a library, but Qt has no font of its own and draws boxes without one.
FONT = Library("a font", "fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


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
    """What Qt will want from this system, and does not find: X11's always, Wayland's where that is what it has now.

    A display may come later, such as one of a remote session or a virtual one.
    """
    wanted = [*QT_LIBRARIES, *X11_LIBRARIES]
    if os.environ.get("WAYLAND_DISPLAY"):
        wanted += WAYLAND_LIBRARIES
    return missing(wanted) + ([] if has_font() else [FONT])


def has_font() -> bool:
    """Whether one of the usual folders holds a font that Qt can draw with."""
    return any(
        path.suffix.lower() in {".ttf", ".otf", ".ttc"}
        for folder in FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("*")
    )


def provide_system_packages(lacking: list[Library]) -> None:
    """Install what is lacking if that takes no password; raise `SetupError` with the command for it if it does."""
    if not lacking:
        return
    rights = without_password()
    if rights is not None and family_of_linux() == "apt":
        apt_install(rights, install_command(lacking, "apt"))
        lacking = missing(library for library in lacking if library is not FONT)
        if not lacking:
            return
    raise SetupError(what_is_needed(lacking, sudo="" if rights == [] else "sudo "))


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
    if subprocess.run([*pip, "--editable", f".[{','.join(extras())}]"], cwd=ROOT, check=False).returncode:
        raise SetupError("pip could not install the dependencies; its own message above says why.")
    if sys.platform.startswith("linux"):
        check_qt()
    STAMP.write_text(state, encoding="utf-8")


def extras() -> list[str]:
    """The extras of pyproject.toml that a checkout gets, so that no test is skipped for want of a package."""
    import tomllib  # a Python that is refused for its age has none

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted(set(project.get("optional-dependencies", {})) - set(LEFT_OUT))


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
