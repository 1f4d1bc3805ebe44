"""`duskroom models`: the library, a line each, and adding to it."""

from __future__ import annotations

from pathlib import Path

from app.cli.console import Console
from app.core.paths import model_folders
from engines.models.card import ModelCard
from engines.models.library import ModelLibrary

NAMED = 6  # labels or controls of a generator on its line; --json gives all


def list_models(console: Console) -> None:
    """One line for every model in the library; those that cannot be used say why."""
    for entry in ModelLibrary(model_folders()).entries():
        if entry.card is None:
            console.say(f"{entry.name:16} {entry.problem}", "model", name=entry.name, problem=entry.problem)
            continue
        card = entry.card
        scale = f"×{card.scale}" if card.scale else ""
        domains = " → ".join(card.domains) if card.domains else ""
        draws = _draws(card) if card.task == "image-generation" else ""
        console.say(
            f"{entry.name:16} {card.task} {scale}{domains}{draws}  {card.description}",
            "model",
            name=entry.name,
            path=str(entry.path),
            task=card.task,
            title=card.name,
            scale=card.scale,
            domains=card.domains,
            output_size=card.output_size,
            labels=card.labels,
            controls=list(card.controls),
            description=card.description,
            metrics=dict(card.metrics),
            licence=card.licence,
            ships=entry.ships,
        )


def _draws(card: ModelCard) -> str:
    """How large a generator draws, and what it can be told."""
    known = [f"{card.output_size} px" if card.output_size else ""]
    for names, noun in ((card.labels, "label"), (card.controls, "control")):
        listed = ", ".join([*names][:NAMED]) + (", …" if len(names) > NAMED else "")
        known.append(f"{len(names)} {noun}{'s' * (len(names) > 1)}: {listed}" if names else "")
    return "; ".join(filter(None, known))


def import_model(console: Console, file: Path) -> None:
    """Copy a model file, what belongs to it, and a translation's other direction into the person's library."""
    for entry in ModelLibrary(model_folders()).add(file, progress=console.progress):
        console.say(f"Added “{entry.name}” to the library.", "imported", name=entry.name, path=str(entry.path))
