"""The files that belong to a model: its companion, and of a translation the other direction."""

from __future__ import annotations

from pathlib import Path

from engines.models.card import read_card

COMPANION = ".training.safetensors"
BACK = ".back"  # ends the name of a translation's other direction


def companion_of(model: Path) -> Path:
    """Where the companion of the model file `model` lies; that of a translation is the companion of its way there."""
    return model.with_name(model.stem + COMPANION)


def back_of(model: Path) -> Path:
    """Where the way back lies of the translation whose way there is the file `model`."""
    return model.with_name(f"{model.stem}{BACK}.onnx")


def pair_of(model: Path) -> tuple[Path, Path]:
    """Where both directions lie of the translation that the file `model` is one of: NAME.onnx, and NAME.back.onnx.

    The other one may not be there, or be something else; `are_one` tells. Raises ModelError where it cannot be read.
    """
    pairs = [(model, back_of(model))]
    if model.stem.endswith(BACK):
        pairs.insert(0, (model.with_name(model.stem.removesuffix(BACK) + model.suffix), model))
    return next((pair for pair in pairs if are_one(*pair)), pairs[0])


def are_one(there: Path, back: Path) -> bool:
    """Whether both files are there, and `back` translates back what `there` translates. Raises ModelError."""
    if not (there.exists() and back.exists()):
        return False
    domains = read_card(there).domains
    return domains is not None and read_card(back).domains == domains[::-1]


def lacking(model: Path) -> list[Path]:
    """Of both directions of the translation `model` and their companion, those that are not there; training on needs all.

    Raises ModelError where the other direction cannot be read.
    """
    there, back = pair_of(model)
    return [path for path in (there, back, companion_of(there)) if not path.exists()]
