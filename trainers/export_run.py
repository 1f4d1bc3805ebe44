"""Export a run: its recipe and averaged weights become a model file whose card tells what was trained, on what, how well."""

from __future__ import annotations

import json
from pathlib import Path

from engines.card import ModelCard, Size, TrainingData
from engines.errors import RecipeError
from trainers.checkpoint import load_checkpoint
from trainers.datasets import find_photos
from trainers.ema import Average
from trainers.export import export_superres, recipe_text
from trainers.parts import make_network
from trainers.recipe import Recipe, from_values
from trainers.train_superres import read_validation, validate


def export_run(run_dir: Path, target: Path) -> Path:
    """Write the averaged weights of the run's checkpoint to `target` (.onnx) and its companion beside it.

    The metrics in the card are measured here, on the validation pictures of the recipe where they are to be found.
    Raises RecipeError where the run has no checkpoint.
    """
    saved = load_checkpoint(run_dir)
    if saved is None:
        raise RecipeError(f"There is no checkpoint in “{run_dir}” yet; train for longer before exporting.")
    recipe = _current_recipe(run_dir, from_values(saved["recipe"]))
    network = Average(make_network(recipe.network, recipe.scale), recipe.ema).network
    network.load_state_dict(saved["average"])
    if target.suffix.lower() != ".onnx":
        target = target.with_name(target.name + ".onnx")
    export_superres(network, make_card(recipe, measured(recipe, network)), target)
    return target


def measured(recipe: Recipe, network: object) -> dict[str, float]:
    """PSNR and SSIM on luma for each validation folder of `recipe`, or on the photographs it held out."""
    from torch import nn

    assert isinstance(network, nn.Module)
    metrics: dict[str, float] = {}
    for name, pictures in read_validation(recipe).items():
        for metric, value in validate(network, pictures, recipe.scale).items():
            metrics[f"{metric} {name}"] = round(value, 4)
    return metrics


def make_card(recipe: Recipe, metrics: dict[str, float]) -> ModelCard:
    """The card of a model trained by `recipe`."""
    data = recipe.data
    try:
        images = len(find_photos(data.photos))
    except RecipeError:
        images = 0
    shown = recipe.model_dump(mode="json")
    shown["data"]["photos"] = [Path(path).name for path in shown["data"]["photos"]]
    shown["data"]["validation"] = [Path(path).name for path in shown["data"]["validation"]]
    shown["start_from"] = Path(shown["start_from"]).name if shown["start_from"] else None
    return ModelCard(
        task="super-resolution",
        name=recipe.title or recipe.name,
        description=recipe.description,
        scale=recipe.scale,
        size=Size(minimum=1, multiple_of=1),
        training_data=TrainingData(
            data.name or ", ".join(p.name for p in data.photos), data.source, data.licence, images
        ),
        metrics=metrics,
        recipe=recipe_text(shown),
        author=recipe.author,
        licence=recipe.licence,
    )


def _current_recipe(run_dir: Path, trained: Recipe) -> Recipe:
    """The recipe file's words (title, description …), which may have been edited since the checkpoint was written."""
    try:
        return from_values(json.loads((run_dir / "recipe.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, RecipeError):
        return trained
