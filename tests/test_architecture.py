"""The three floors, and who may stand on which."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("app", "engines", "trainers")

QT = {"PySide6", "shiboken6", "superqt", "pyqtgraph", "qtawesome", "qtpy"}
TORCH = {"torch", "torchvision", "onnxscript", "spandrel"}
HEAVY = {"torch", "onnxruntime", "pydantic", "pyqtgraph", "av", "pyvips"}

TRAINERS_FOR_APP = {"trainers.recipe", "trainers.events", "trainers.run", "trainers.survey"}
ENGINES_FOR_TRAINERS = {"engines.card", "engines.model", "engines.tensor", "engines.picture", "engines.errors"}
# What `from engines import card` names is looked up as modules first; these are all there is.
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for floor in FLOORS
    for path in (ROOT / floor).rglob("*.py")
}
SOURCES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The full names of the modules that a file imports, wherever in it: at the top, in a function, for types only."""
    package = path.relative_to(ROOT).parent.parts
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) + 1 - node.level]) if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            for alias in node.names:
                full = f"{module}.{alias.name}"
                names.add(full if full in MODULES else module)
    return names


def imports_of(floor: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / floor).rglob("*.py")):
        for name in sorted(imports(path)):
            yield str(path.relative_to(ROOT)), name


def top(name: str) -> str:
    return name.partition(".")[0]


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


def test_every_floor_has_sources() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(FLOORS)
    assert {"app.main_window", "app.cli", "engines.picture", "trainers.recipe"} <= MODULES


def test_qt_lives_in_app_and_only_there() -> None:
    elsewhere = [found for floor in ("engines", "trainers") for found in imports_of(floor)]
    assert [(file, name) for file, name in elsewhere if top(name) in QT] == []


def test_torch_lives_in_trainers_and_only_there() -> None:
    elsewhere = [found for floor in ("engines", "app") for found in imports_of(floor)]
    assert [(file, name) for file, name in elsewhere if top(name) in TORCH] == []


def test_engines_stand_on_nothing_of_ours() -> None:
    assert [(file, name) for file, name in imports_of("engines") if top(name) in {"app", "trainers"}] == []


def test_trainers_never_import_the_app() -> None:
    assert [(file, name) for file, name in imports_of("trainers") if top(name) == "app"] == []


def test_the_app_knows_four_modules_of_the_trainers() -> None:
    known = [(file, name) for file, name in imports_of("app") if top(name) == "trainers"]
    assert [(file, name) for file, name in known if name not in TRAINERS_FOR_APP] == []


def test_trainers_use_five_modules_of_the_engines() -> None:
    used = [(file, name) for file, name in imports_of("trainers") if top(name) == "engines"]
    assert [(file, name) for file, name in used if name not in ENGINES_FOR_TRAINERS] == []


def test_nothing_imports_the_tests() -> None:
    assert [(file, name) for floor in FLOORS for file, name in imports_of(floor) if top(name) == "tests"] == []


@pytest.mark.parametrize("module", sorted(TRAINERS_FOR_APP & MODULES))
def test_what_the_app_may_know_of_the_trainers_is_free_of_torch(module: str) -> None:
    assert loaded_after(f"import {module}", TORCH) == []


def test_the_window_starts_without_heavy_modules() -> None:
    assert loaded_after("import app.main_window", HEAVY) == []


def test_the_command_line_starts_without_qt_and_torch() -> None:
    assert loaded_after("import app.cli", {"PySide6", "torch"}) == []


def test_the_command_line_never_imports_qt() -> None:
    """Follows `app.cli` through every module of the app that it imports, also inside functions."""
    reached, ahead = set(), {"app.cli"}
    while ahead:
        module = ahead.pop()
        reached.add(module)
        path = ROOT / Path(*module.split("."))
        names = imports(path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py")
        assert {top(name) for name in names} & QT == set(), f"{module}, which the command line imports, imports Qt"
        ahead |= {name for name in names & MODULES if top(name) == "app"} - reached
    assert reached >= {"app.cli"}


def test_the_main_window_stays_small() -> None:
    lines = (ROOT / "app" / "main_window.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250


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
