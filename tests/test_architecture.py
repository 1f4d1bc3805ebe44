"""The floors and their rooms, who may stand on which, and what is loaded at the start."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for floor in ("app", "engines", "trainers") for path in (ROOT / floor).rglob("*.py"))
ROOMS = sorted(path.parent for path in SOURCES if path.name == "__init__.py")

MOST_WITHOUT_A_ROOM = {"app": 3, "engines": 6, "trainers": 8}
"""Files that lie directly on each floor."""

TORCH = {"torch", "torchvision", "onnxscript", "spandrel"}
HEAVY = {"torch", "onnxruntime", "pydantic", "pyqtgraph", "av", "pyvips"}
FOR_THE_APP = ("recipes", "runs", "survey")  # of the trainers
FOR_THE_TRAINERS = (
    "errors",
    "models.card",
    "models.model",
    "models.pair",
    "pictures.picture",
    "tiles.tensor",
)  # of the engines

NAME_THE_MAIN_WINDOW = {
    "app.documents.feature",
    "app.documents.history",
    "app.opening.feature",
    "app.opening.first_look",
    "app.recovery.feature",
    "app.tools.feature",
    "app.upscale.feature",
    "app.window.layout",
    "app.window.shell",
    "app.window.viewing",
}
"""Features that are given the main window whole, and name its type. None may be added; each goes once it stands alone."""


def loaded_after(statement: str, names: set[str]) -> list[str]:
    """Which of `names` a fresh interpreter holds after it ran `statement`."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(set({sorted(names)!r}) & sys.modules.keys())))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_every_import_goes_downwards() -> None:
    """The contracts of pyproject.toml are kept, but for the features that name the main window."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    broken = set(re.findall(r"([\w.]+) -> ([\w.]+) \(", run.stdout))
    assert broken == {(module, "app.main_window") for module in NAME_THE_MAIN_WINDOW}, run.stdout + run.stderr
    kept = len(contracts()) - bool(NAME_THE_MAIN_WINDOW)
    assert f"{kept} kept, {len(contracts()) - kept} broken" in run.stdout, run.stdout


def contracts() -> list[dict]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def test_no_contract_has_exceptions() -> None:
    for contract in contracts():
        assert not contract.keys() & {"ignore_imports", "skip_descendants"}, contract["name"]
    assert "exclude_type_checking_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def modules_of(floor: str) -> set[str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / floor).rglob("*.py")
        if path.name != "__init__.py"
    }


@pytest.mark.parametrize(
    ("name", "floor", "known"),
    [
        ("The window knows of the trainers", "trainers", FOR_THE_APP),
        ("The trainers know of the engines", "engines", FOR_THE_TRAINERS),
    ],
)
def test_a_floor_knows_little_of_the_one_below(name: str, floor: str, known: tuple[str, ...]) -> None:
    """The contracts list what is forbidden; nothing that came later is missing from that."""
    (contract,) = (each for each in contracts() if each["name"].startswith(name))
    forbidden = tuple(contract["forbidden_modules"])
    allowed = {module for module in modules_of(floor) if not f"{module}.".startswith(tuple(f"{n}." for n in forbidden))}
    assert allowed == {
        module for module in modules_of(floor) if f"{module}.".startswith(tuple(f"{floor}.{n}." for n in known))
    }


@pytest.mark.parametrize("room", FOR_THE_APP)
def test_what_the_window_may_know_of_the_trainers_is_free_of_torch(room: str) -> None:
    modules = [f"trainers.{room}.{path.stem}" for path in sorted((ROOT / "trainers" / room).glob("[!_]*.py"))]
    assert modules
    assert loaded_after(f"import {', '.join(modules)}", TORCH) == []


def test_the_window_starts_without_heavy_modules() -> None:
    assert loaded_after("import app.main_window", HEAVY) == []


def test_the_command_line_starts_without_qt_and_torch() -> None:
    assert loaded_after("import app.cli.main", {"PySide6", "torch"}) == []


def test_the_main_window_stays_small() -> None:
    lines = (ROOT / "app" / "main_window.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250


@pytest.mark.parametrize("floor", MOST_WITHOUT_A_ROOM)
def test_files_have_rooms(floor: str) -> None:
    without = [path.name for path in (ROOT / floor).glob("*.py") if path.name != "__init__.py"]
    assert len(without) <= MOST_WITHOUT_A_ROOM[floor], without


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_is_one_sentence_and_the_files_in_it(room: Path) -> None:
    body = ast.parse((room / "__init__.py").read_text(encoding="utf-8")).body
    assert len(body) == 1 and ast.get_docstring(ast.Module(body, [])), "a room's __init__ is its docstring alone"
    assert [path for path in room.glob("*.py") if path.name != "__init__.py"], "the room is empty"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, "there is no docstring"
    first, *rest = docstring.splitlines()
    assert first.endswith("."), f"the first line is not a sentence: {first}"
    assert ". " not in first, f"the first line is more than one sentence: {first}"
    assert not rest or rest[0] == "", "the first line is not all of its sentence"


def test_torch_and_onnxruntime_bring_the_same_cuda() -> None:
    """Two major versions of CUDA in one process would each want their own copies of the same libraries."""
    import torch
    from onnxruntime.capi import build_and_package_info as onnxruntime_build

    of_onnxruntime = getattr(onnxruntime_build, "cuda_version", "")
    if not torch.version.cuda or not of_onnxruntime:
        pytest.skip("one of the two is a build for the CPU")
    assert torch.version.cuda.split(".")[0] == of_onnxruntime.split(".")[0]
