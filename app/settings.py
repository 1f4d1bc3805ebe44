"""Settings: what the editor remembers between two starts, one JSON file, written whole or not at all."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from app import paths

VERSION = 1
THEMES = ("system", "light", "dark")


@dataclass
class Settings:
    """The values and their defaults. Every field is checked when it is read: a wrong one falls back to its default."""

    theme: str = "system"
    geometry: str = ""  # of the main window, as Qt packs it, in base 64
    layout: str = ""  # of its docks and tool bars, the same
    open_folder: str = ""
    save_folder: str = ""
    model: str = ""  # the name on the card of the model used last
    qualities: dict[str, int] = field(default_factory=dict)  # format name → quality used last


def _is_right(name: str, value: Any) -> bool:
    if name == "theme":
        return value in THEMES
    if name == "qualities":
        return isinstance(value, dict) and all(
            isinstance(key, str) and type(quality) is int and 0 <= quality <= 100 for key, quality in value.items()
        )
    return isinstance(value, str)


def load(file: Path | None = None) -> tuple[Settings, str | None]:
    """The settings, and a sentence for the person where a damaged or newer file had to be set aside."""
    file = file or paths.settings_file()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), None
    except (OSError, UnicodeDecodeError):
        return Settings(), _set_aside(file, "could not be read")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return Settings(), _set_aside(file, "were damaged")
    version = values.get("version") if isinstance(values, dict) else None
    if type(version) is not int:
        return Settings(), _set_aside(file, "were damaged")
    if version > VERSION:
        return Settings(), _set_aside(file, "were written by a newer Duskroom")
    known = {each.name for each in fields(Settings)}
    return Settings(**{name: value for name, value in values.items() if name in known and _is_right(name, value)}), None


def _set_aside(file: Path, why: str) -> str:
    """Rename `file` so that nothing in it is lost, and say so."""
    number = 0
    while (aside := file.with_name(f"{file.name}.aside{number or ''}")).exists():
        number += 1
    try:
        file.rename(aside)
    except OSError:
        return f"The settings {why}; Duskroom starts with its defaults. Look at {file}."
    return f"The settings {why}; Duskroom starts with its defaults and keeps the old file as {aside}."


def save(settings: Settings, file: Path | None = None) -> None:
    """Write the settings atomically. Raises OSError where the folder cannot be written."""
    file = file or paths.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": VERSION, **asdict(settings)}, indent=2)  # in ASCII: a folder's name need not be text
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".settings-", suffix=".json")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def keep(settings: Settings) -> None:
    """Save the settings where that is possible; where it is not, the log says so and nobody is held up."""
    try:
        save(settings)
    except OSError as error:
        logging.getLogger("duskroom").warning("The settings could not be saved: %s", error)
