"""Where Duskroom keeps things: settings, models, runs and logs, all under `DUSKROOM_HOME` where that is set."""

from __future__ import annotations

import os
from pathlib import Path

import assets


def _root(kind: str) -> Path:
    """The folder of one kind of file, without making it."""
    home = os.environ.get("DUSKROOM_HOME")
    if home:
        return Path(home).expanduser() / kind
    import platformdirs

    own = {
        "settings": platformdirs.user_config_path,
        "logs": platformdirs.user_log_path,
    }.get(kind)
    if own is not None:
        return own("duskroom", appauthor=False)
    return platformdirs.user_data_path("duskroom", appauthor=False) / kind


def settings_file() -> Path:
    """The file of preferences and window geometry."""
    return _root("settings") / "settings.json"


def models_folder() -> Path:
    """The person's own models."""
    return _root("models")


def runs_folder() -> Path:
    """Where training runs are kept."""
    return _root("runs")


def recovery_folder() -> Path:
    """What a crash must not take: the states of what is open, a folder for each running editor."""
    return _root("recovery")


def log_file() -> Path:
    """The log of unexpected errors."""
    return _root("logs") / "duskroom.log"


def asset(*parts: str) -> Path:
    """A file or folder that ships with Duskroom, such as `asset("icons", "duskroom.svg")`."""
    return Path(assets.__file__).parent.joinpath(*parts)


def model_folders() -> list[Path]:
    """Every folder models are looked for in: those that ship, then the person's own."""
    return [asset("models"), models_folder()]


def sample_photos() -> list[Path]:
    """The sample photos that ship, by name."""
    return sorted(asset("samples").glob("*.jpg"))
