"""The project's own files: dependencies with reasons, samples with credits, documents that keep up with the code."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PIL import Image
from PIL.ExifTags import Base as Tag

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("app", "engines", "trainers")
SAMPLES = sorted((ROOT / "assets" / "samples").glob("*.jpg"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        # Node comes from pyright's own wheel: one that is on the path may be too old for it.
        env={**os.environ, "PYRIGHT_PYTHON_GLOBAL_NODE": "0", "COLUMNS": "120", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_every_dependency_has_its_reason() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(text) for text in itertools.chain(PROJECT["dependencies"], *extras.values())]
    lines = text_of("pyproject.toml").splitlines()
    for requirement in wanted:
        of_this = [line for line in lines if re.match(rf'\s+"{re.escape(requirement.name)}[\[><=";]', line)]
        assert of_this, requirement.name
        assert all(re.search(r'",  # \w', line) for line in of_this), f"{requirement.name} has no comment"


IMPORTED_AS = {
    "PySide6-Essentials": "PySide6",
    "Pillow": "PIL",
    "pyvips-binary": "pyvips",  # the library that pyvips calls
    "onnxruntime-gpu": "onnxruntime",
    "protobuf": "google",
}
"""The name that a dependency is imported by, where that is not its own."""

IMPORTED_BY_OTHERS = {"onnxscript": "torch.onnx.export("}
"""Dependencies that another one imports, and what in our code makes it do so."""


def imported(source: str) -> set[str]:
    """The packages that this source imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(source)))
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {module.split(".")[0] for module in modules}


def test_every_dependency_is_imported() -> None:
    sources = [path.read_text(encoding="utf-8") for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
    packages = set().union(*map(imported, sources))
    for text in PROJECT["dependencies"]:
        name = Requirement(text).name
        if name in IMPORTED_BY_OTHERS:
            assert any(IMPORTED_BY_OTHERS[name] in source for source in sources), f"nothing needs {name}"
        else:
            assert IMPORTED_AS.get(name, name) in packages, f"nothing imports {name}"


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "aarch64", "arm64", "ARM64"])
def test_one_onnxruntime_for_every_machine(system: str, machine: str) -> None:
    builds = [Requirement(text) for text in PROJECT["dependencies"] if text.startswith("onnxruntime")]
    here = {"sys_platform": system, "platform_machine": machine}
    chosen = [build.name for build in builds if build.marker is not None and build.marker.evaluate(here)]
    with_gpu = (system, machine) in {("linux", "x86_64"), ("linux", "aarch64"), ("win32", "AMD64")}
    assert chosen == ["onnxruntime-gpu" if with_gpu else "onnxruntime"]


def test_one_onnxruntime_is_installed() -> None:
    assert [installed("onnxruntime"), installed("onnxruntime-gpu")].count(True) == 1


def test_there_are_two_samples() -> None:
    assert len(SAMPLES) == 2


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_small_and_names_its_author(path: Path) -> None:
    assert path.stat().st_size < 300_000
    with Image.open(path) as image:
        assert min(image.size) >= 600 and max(image.size) <= 1024
        exif = image.getexif()
    rows = text_of("assets/samples/CREDITS.md").splitlines()
    row = next(row for row in rows if row.startswith(f"| `{path.name}`"))
    assert exif[Tag.Artist] in row
    assert exif[Tag.ImageDescription] in row
    assert re.search(r"\[(CC0 1\.0|CC BY 4\.0)\]\(https://creativecommons\.org/", row)


def test_the_change_log_knows_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\]", text_of("CHANGELOG.md"), re.MULTILINE)


def test_the_readme_shows_commands_that_exist() -> None:
    shown = set(re.findall(r"^duskroom ([a-z]+)", text_of("README.md"), re.MULTILINE))
    assert shown >= {"upscale", "batch", "train", "export", "models", "doctor"}
    for command in shown:
        asked = run("-m", "app", command, "--help")
        assert asked.returncode == 0, asked.stderr
        options = set(re.findall(rf"^duskroom {command}.*", text_of("README.md"), re.MULTILINE))
        for option in set(re.findall(r"--[a-z-]+", " ".join(options))):
            assert option in asked.stdout, f"duskroom {command} has no {option}"


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/models.md"]
)
def test_documents_link_to_files_that_exist(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(name)):
        assert ((ROOT / name).parent / target).exists(), target


def test_each_recipe_is_told_of_in_the_models() -> None:
    rows = re.findall(r"^\| (`.+?) \|", text_of("docs/models.md"), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(told) == sorted(path.stem for path in (ROOT / "assets" / "recipes").glob("*.toml"))


def test_the_pictures_of_the_documents_are_light() -> None:
    pictures = [*(ROOT / "assets" / "screenshots").iterdir(), *(ROOT / "docs").glob("*/*.png")]
    assert {path.suffix for path in pictures} == {".webp"}
    assert max(path.stat().st_size for path in pictures) < 200_000


@pytest.mark.parametrize("floor", FLOORS)
def test_each_room_is_told_of_as_it_tells_of_itself(floor: str) -> None:
    """CONTRIBUTING.md has a row for each room, with its sentence; the README names it."""
    laid_out = text_of("README.md").partition("## How the code is laid out")[2].partition("## Tests")[0]
    rows = re.findall(rf"^\| `({floor}/\w+)` \| (.+) \|$", text_of("CONTRIBUTING.md"), re.MULTILINE)
    rooms = sorted(path.parent for path in (ROOT / floor).glob("*/__init__.py"))
    assert rows == [
        (f"{floor}/{room.name}", (ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or "").rstrip("."))
        for room in rooms
    ]
    for room in rooms:
        assert f"`{room.name}`" in laid_out


def test_the_licence_is_what_the_project_says() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in text_of("LICENSE") and "Version 2.0, January 2004" in text_of("LICENSE")


def test_ruff_finds_nothing() -> None:
    found = run("-m", "ruff", "check", "--no-cache", ".")
    assert found.returncode == 0, found.stdout + found.stderr


def test_pyright_finds_nothing() -> None:
    found = run("-m", "pyright")
    assert found.returncode == 0, found.stdout + found.stderr
