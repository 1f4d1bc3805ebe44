"""`duskroom doctor`: what this installation runs on, a line each."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.cli.console import Console
from app.core.paths import log_file, model_folders, models_folder, runs_folder
from engines.errors import DuskroomError
from engines.models.library import ModelLibrary

PACKAGES = (
    "duskroom",
    "PySide6-Essentials",
    "numpy",
    "pillow",
    "pyvips",
    "onnxruntime-gpu",
    "onnxruntime",
    "torch",
    "onnx",
)


def examine(console: Console) -> None:
    """Print the machine, the devices, the versions, the folders and the state of each model."""
    import psutil

    memory = psutil.virtual_memory()
    _line(console, "system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    _line(console, "python", platform.python_version())
    _line(console, "processor", f"{os.cpu_count()} cores")
    _line(console, "memory", f"{memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} free")
    for name in PACKAGES:
        try:
            _line(console, name, version(name))
        except PackageNotFoundError:
            if name != "onnxruntime":
                _line(console, name, "not installed")
    for entry in ModelLibrary(model_folders()).entries():
        _line(console, f"model {entry.name}", _state(entry.path))
    for name, folder in (("models", models_folder()), ("runs", runs_folder()), ("log", log_file().parent)):
        _line(console, f"folder {name}", f"{folder}, {_rights(folder)}")


def _state(path: Path) -> str:
    """Where the model at `path` really runs: it is opened to find out."""
    from engines.models.model import open_model

    try:
        with open_model(path) as model:
            notice = f" ({model.opening_notice})" if model.opening_notice else ""
            return f"runs on {model.provider}{notice}"
    except DuskroomError as error:
        return str(error)


def _rights(folder: Path) -> str:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not os.access(existing, os.W_OK):
        return "cannot be written: check its rights"
    return "ready" if folder.exists() else "made when needed"


def _line(console: Console, what: str, text: str) -> None:
    console.say(f"{what:20} {text}", "doctor", what=what, text=text)
