"""`duskroom models`: the library, a line each, and adding to it."""

from __future__ import annotations

from pathlib import Path

from app.console import Console
from app.paths import model_folders
from engines.library import ModelLibrary


def list_models(console: Console) -> None:
    """One line for every model in the library; those that cannot be used say why."""
    for entry in ModelLibrary(model_folders()).entries():
        if entry.card is None:
            console.say(f"{entry.name:16} {entry.problem}", "model", name=entry.name, problem=entry.problem)
            continue
        card = entry.card
        scale = f"×{card.scale}" if card.scale else ""
        console.say(
            f"{entry.name:16} {card.task} {scale}  {card.description}",
            "model",
            name=entry.name,
            path=str(entry.path),
            task=card.task,
            title=card.name,
            scale=card.scale,
            description=card.description,
            metrics=dict(card.metrics),
            licence=card.licence,
            ships=entry.ships,
        )


def import_model(console: Console, file: Path) -> None:
    """Copy a model file, and its companion if there is one, into the person's library."""
    entry = ModelLibrary(model_folders()).add(file)
    console.say(f"Added “{entry.name}” to the library.", "imported", name=entry.name, path=str(entry.path))
