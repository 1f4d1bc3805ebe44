"""The errors a person can act on, each with a sentence and a remedy for its text, and how a sentence names a file."""

from __future__ import annotations

import os
from pathlib import Path


class DuskroomError(Exception):
    """Something went wrong that a person can put right; `str(error)` is what they are told."""


class PictureError(DuskroomError):
    """A picture cannot be read."""


class TargetError(DuskroomError):
    """A result cannot be written where it was asked for."""


class ModelError(DuskroomError):
    """A model file cannot be used, or does not do what its card says."""


class CardError(ModelError):
    """A model file does not introduce itself, or does so wrongly."""


class RecipeError(DuskroomError):
    """A recipe asks for something that cannot be trained."""


class RunError(DuskroomError):
    """A training run cannot be started, told or read."""


class OutOfMemory(DuskroomError):
    """The work does not fit in memory even at its smallest."""


class Cancelled(Exception):
    """The person asked to stop. Not an error: nobody is told of it as one."""


def shown(path: str | os.PathLike[str]) -> str:
    """A file's name as a sentence shows it: without its folders, and printable even where it is not valid text."""
    name = Path(path).name or str(path)
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
