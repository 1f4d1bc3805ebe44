"""Settings: what the editor remembers between two starts, one JSON file, written whole or not at all."""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from app.core import paths

VERSION = 1
THEMES = ("system", "light", "dark")
LANGUAGES = ("system", "en", "de")
CHOICES = {"theme": THEMES, "language": LANGUAGES, "keep": ("all", "no place", "copyright", "none")}
RANGES = {"history_megabytes": range((1 << 20) + 1), "threads": range(257)}


@dataclass
class Settings:
    """The values and their defaults. Every field is checked when it is read: a wrong one falls back to its default."""

    theme: str = "system"
    geometry: str = ""  # of the main window, as Qt packs it, in base 64
    layout: str = ""  # of its docks and tool bars, the same
    open_folder: str = ""
    save_folder: str = ""
    model: str = ""  # the name on the card of the model used last
    history_megabytes: int = 0  # that all states of the history may hold in memory; 0: a quarter of the machine's
    threads: int = 0  # of the processor that a model uses; 0: as many as it has cores
    qualities: dict[str, int] = field(default_factory=dict)  # format name → quality used last
    keep: str = "all"  # what of the metadata was kept when one saved last
    note_steps: bool = True  # whether the recipe was written into the file when one saved last
    language: str = "system"  # or a code, such as "de"
    recent: list[str] = field(default_factory=list)  # files opened or saved, the latest first
    shortcuts: dict[str, list[str]] = field(default_factory=dict)  # id of an action → its keys, where a person chose
    ask_unsaved: bool = True  # before changes that nobody saved are lost
    speeds: dict[str, float] = field(
        default_factory=dict
    )  # model file → pixels a second that it takes in on this machine


def _is_right(name: str, value: Any) -> bool:
    default = getattr(Settings(), name)
    if name in CHOICES:
        return value in CHOICES[name]
    if name == "qualities":
        return isinstance(value, dict) and all(
            isinstance(key, str) and type(quality) is int and 0 <= quality <= 100 for key, quality in value.items()
        )
    if name == "speeds":
        return isinstance(value, dict) and all(
            isinstance(key, str) and type(speed) in (int, float) and 0 < speed < math.inf
            for key, speed in value.items()
        )
    if name == "shortcuts":
        return isinstance(value, dict) and all(isinstance(key, str) and _is_texts(keys) for key, keys in value.items())
    if name in RANGES:
        return type(value) is int and value in RANGES[name]
    return _is_texts(value) if isinstance(default, list) else type(value) is type(default)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


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
