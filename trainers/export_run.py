"""Export a run: its recipe and averaged weights become a model file whose card tells what was trained, on what, how well."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from torch import nn

from engines.card import ModelCard, Size, TrainingData
from engines.errors import RecipeError
from trainers.checkpoint import load_best, load_checkpoint
from trainers.datasets import find_photos
from trainers.export import export_generator, export_superres, recipe_text
from trainers.losses import make_objective
from trainers.networks.discriminators import without_batch_norm
from trainers.onnx_graph import rounded_to_half
from trainers.parts import make_discriminator, make_generator, make_network
from trainers.recipe import ImageGeneration, Recipe, SuperResolution, from_values
from trainers.run import RECIPE
from trainers.superres_pictures import held_out_of, read_validation
from trainers.superres_quality import validate

Kind = Literal["float32", "fp16", "int8"]
Weights = dict[str, Any]


def export_run(run_dir: Path, target: Path, *, kind: Kind = "float32", anyway: bool = False) -> Path:
    """Write the averaged weights of the run to `target` (.onnx) and its companion beside it; returns the file to use.

    The recipe's `export` chooses between the best and the last. The metrics in the card are measured here, on the
    validation pictures of the recipe where they are to be found; for "fp16" its loss in dB too. "int8" writes the float
    model as `target` and NAME.int8.onnx beside it, calibrated on the recipe's photographs; where that loses more than
    0.2 dB it is refused unless `anyway`, and the float model is there all the same.
    A generator's companion also holds the discriminator, so that training can go on. Only upscaling models become int8.
    Raises RecipeError where the run has no checkpoint, ModelError and TargetError as the exports do.
    """
    if target.suffix.lower() != ".onnx":
        target = target.with_name(target.name + ".onnx")
    last = load_checkpoint(run_dir)
    if last is None:
        raise RecipeError(f"There is no checkpoint in “{run_dir}” yet; train for longer before exporting.")
    recipe = _current_recipe(run_dir, from_values(last["recipe"]))
    chosen = (_best(run_dir) if recipe.export == "best" else None) or last
    weights = chosen["parts"]["average"]["network"]
    match recipe:
        case SuperResolution():
            return _export_superres(recipe, weights, target, kind, anyway)
        case ImageGeneration() if kind != "int8":
            return _export_generator(recipe, weights, last["parts"]["discriminator"], target, kind)
        case _:
            raise RecipeError(f"A model for {recipe.task} is not exported as {kind}; choose fp16 or float32.")


def _export_superres(recipe: SuperResolution, weights: Weights, target: Path, kind: Kind, anyway: bool) -> Path:
    network = _loaded(make_network(recipe.network, recipe.scale), weights)
    card = make_card(recipe, measured(recipe, network))
    if kind == "fp16":
        rounded = rounded_to_half(copy.deepcopy(network))
        card = replace(card, metrics=with_losses(card.metrics, measured(recipe, rounded)))
    export_superres(network, card, target, precision="fp16" if kind == "fp16" else "float32")
    return _quantised(recipe, target, anyway) if kind == "int8" else target


def _export_generator(
    recipe: ImageGeneration, weights: Weights, judging: Weights, target: Path, kind: Literal["float32", "fp16"]
) -> Path:
    network = _loaded(make_generator(recipe.network, recipe.size, recipe.latent_size), weights)
    discriminator = make_discriminator(recipe.discriminator, recipe.size)
    if make_objective(recipe.objective).per_sample_penalty:
        discriminator = without_batch_norm(discriminator)
    further = {"discriminator": _loaded(discriminator, judging)}
    export_generator(network, make_card(recipe, {}), target, precision=kind, further=further)
    return target


def _loaded(network: nn.Module, weights: Weights) -> nn.Module:
    network.load_state_dict(weights)
    return network.eval().requires_grad_(False)


def measured(recipe: SuperResolution, network: nn.Module) -> dict[str, float]:
    """PSNR and SSIM on luma for each validation folder of `recipe`, or on the photographs it held out."""
    metrics: dict[str, float] = {}
    for name, pictures in read_validation(recipe).items():
        for metric, value in validate(network, pictures, recipe.scale).items():
            metrics[f"{metric} {name}"] = round(value, 4)
    return metrics


def with_losses(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The metrics `after` the weights were rounded, and beside each "PSNR …" the "PSNR loss …" in dB that it cost."""
    losses = {
        name.replace("PSNR", "PSNR loss"): round(before[name] - value, 4)
        for name, value in after.items()
        if name.startswith("PSNR ")
    }
    return {**after, **losses}


def make_card(recipe: Recipe, metrics: Mapping[str, float]) -> ModelCard:
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
    card = ModelCard(
        task=recipe.task,
        name=recipe.title or recipe.name,
        description=recipe.description,
        training_data=TrainingData(
            data.name or ", ".join(p.name for p in data.photos), data.source, data.licence, images
        ),
        metrics=metrics,
        recipe=recipe_text(shown),
        author=recipe.author,
        licence=recipe.licence,
    )
    match recipe:
        case SuperResolution():
            return replace(card, scale=recipe.scale, size=Size(minimum=1, multiple_of=1))
        case ImageGeneration():
            return replace(card, latent_size=recipe.latent_size, output_size=recipe.size)
        case _:
            return card


def _quantised(recipe: SuperResolution, source: Path, anyway: bool) -> Path:
    from trainers.quantise import calibration_photos, quantise

    paths = find_photos(recipe.data.photos)
    if not recipe.data.validation:
        held_out = set(held_out_of(paths, recipe.data.hold_out))
        paths = [path for path in paths if path not in held_out] or paths
    photos = calibration_photos(paths, recipe.scale)
    return quantise(source, photos, read_validation(recipe), anyway=anyway).path


def _best(run_dir: Path) -> Weights | None:
    """The best checkpoint; None where there is none, or it is damaged: the last one serves then."""
    try:
        return load_best(run_dir)
    except RecipeError:
        return None


WORDS = ("title", "description", "author", "licence", "export")


def _current_recipe(run_dir: Path, trained: Recipe) -> Recipe:
    """The recipe that was trained, with the words of the recipe file, which may have been edited since."""
    try:
        current = from_values(json.loads((run_dir / RECIPE).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecipeError):
        return trained
    return trained.model_copy(update={field: getattr(current, field) for field in WORDS})
