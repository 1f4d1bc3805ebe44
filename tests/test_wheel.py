"""The wheel: built, installed away from the checkout, it upscales with a model that it brings."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
MODELS = ("fast-x2", "fast-x4", "day-night", "day-night.back", "avatars", "fruits")
BIN = "Scripts" if os.name == "nt" else "bin"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command as somebody with a plain environment does, and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel")
    run(*pip, ROOT, "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, cwd=folder)
    (path,) = folder.glob("duskroom-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that holds the wheel, and sees the dependencies of this one but not the checkout."""
    folder = tmp_path_factory.mktemp("fresh") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / BIN / "python"
    run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python),
        *("install", "--no-deps", "--no-index", wheel),
        cwd=folder.parent,
    )
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder.parent).strip()
    # A line of a .pth file adds a folder, but not what the .pth files in that folder add: there the checkout is named.
    shared = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(site) / "dependencies.pth").write_text("".join(f"{path}\n" for path in sorted(shared)), encoding="utf-8")
    return folder


def test_the_wheel_holds_what_is_shipped_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    (metadata,) = {name for name in tops if name.endswith(".dist-info")}
    assert tops - {metadata} == {"app", "engines", "trainers", "assets"}
    assert f"{metadata}/licenses/LICENSE" in names
    assert "assets/samples/CREDITS.md" in names
    assert any(name.startswith("assets/recipes/") and name.endswith(".toml") for name in names)
    assert "trainers/survey/sharpness_weights.json" in names
    for model in MODELS:
        companion = model.removesuffix(".back") + ".training.safetensors"  # which both directions share
        assert {f"assets/models/{model}.onnx", f"assets/models/{companion}"} <= names


def test_the_installed_code_is_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import app, assets, engines, trainers\nfor part in (app, assets, engines, trainers): print(part.__file__)"
    files = run(installed / BIN / "python", "-c", code, cwd=tmp_path).splitlines()
    assert len(files) == 4
    for file in files:
        assert Path(file).resolve().is_relative_to(installed.resolve()), file


@pytest.mark.parametrize("scale", [2, 4])
def test_the_installed_command_upscales_with_the_model_it_brings(
    installed: Path, photo: Path, tmp_path: Path, scale: int
) -> None:
    with Image.open(photo) as image:
        width, height = image.size
    target = tmp_path / "out" / "photo.png"
    target.parent.mkdir()
    run(installed / BIN / "duskroom", "upscale", photo, target, "--scale", str(scale), cwd=target.parent)
    with Image.open(target) as image:
        assert image.size == (width * scale, height * scale)
        assert np.asarray(image.convert("L")).std() > 10, "the picture is nearly one colour"


def test_the_installed_library_lists_the_models_that_ship(installed: Path, tmp_path: Path) -> None:
    listed = run(installed / BIN / "duskroom", "models", cwd=tmp_path)
    for model in MODELS:
        assert model in listed
