"""Export a run: its recipe and averaged weights become a model file whose card tells what was trained, on what, how well."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from engines.errors import RecipeError
from engines.models.card import GRID_AND_LIGHTS, ModelCard, Size, TrainingData
from trainers.adversarial.samples import AT_ONCE, SETTLING, draw_latents, draw_pictures, mixed_labels, settled
from trainers.adversarial.unit_samples import JUDGED, Judge, spread_out
from trainers.data.generation import read_pictures
from trainers.data.photos import find_photos, read_photos
from trainers.data.superres import held_out_of, read_validation
from trainers.data.translation import reduced
from trainers.export.export import export_generator, export_superres, export_translation, recipe_text
from trainers.export.onnx_graph import rounded_to_half
from trainers.latent.directions import as_controls, find_directions
from trainers.loop.checkpoint import load_best, load_checkpoint
from trainers.networks.codes import code_controls
from trainers.networks.make import discriminator_of, generator_of, make_discriminators, make_network, make_translator
from trainers.networks.unit import head_of, multiple_of
from trainers.quality.generation import QuickJudge
from trainers.quality.superres import validate
from trainers.quality.translation import SHORTER_SIDE
from trainers.recipes.recipe import ImageGeneration, ImageTranslation, Recipe, SuperResolution, from_values
from trainers.runs.run_folder import RECIPE

Kind = Literal["float32", "fp16", "int8"]
Weights = dict[str, Any]


def export_run(run_dir: Path, target: Path, *, kind: Kind = "float32", anyway: bool = False) -> Path:
    """The file that `export_with_step` writes."""
    return export_with_step(run_dir, target, kind=kind, anyway=anyway)[0]


def export_with_step(run_dir: Path, target: Path, *, kind: Kind = "float32", anyway: bool = False) -> tuple[Path, int]:
    """Write the averaged weights of the run to `target` (.onnx) and its companion beside it; returns the file to use, and
    the step whose weights they are.

    The recipe's `export` chooses between the best and the last. The metrics in the card are measured here, on the
    validation pictures of the recipe where they are to be found; for "fp16" its loss in dB too. "int8" writes the float
    model as `target` and NAME.int8.onnx beside it, calibrated on the recipe's photographs; where that loses more than
    0.2 dB it is refused unless `anyway`, and the float model is there all the same.
    A translation becomes two files, one for each direction: `target`, and NAME.back.onnx beside it, which share a companion.
    That of a translation or a generator holds the discriminators, so that training can go on. Only upscaling models become
    int8.
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
            path = _export_superres(recipe, weights, target, kind, anyway)
        case ImageTranslation() if kind != "int8":
            path = _export_translation(recipe, weights, last["parts"]["discriminator"], target, kind)
        case ImageGeneration() if kind != "int8":
            parts = {"labels": last["parts"].get("labels"), **chosen["parts"]}
            path = _export_generator(recipe, parts, last["parts"]["discriminator"], target, kind)
        case _:
            raise RecipeError(f"A model for {recipe.task} is not exported as {kind}; choose fp16 or float32.")
    return path, int(chosen["step"] if "step" in chosen else chosen["standing"]["step"])


def _export_superres(recipe: SuperResolution, weights: Weights, target: Path, kind: Kind, anyway: bool) -> Path:
    network = _loaded(make_network(recipe.network, recipe.scale), weights)
    card = make_card(recipe, measured(recipe, network))
    if kind == "fp16":
        rounded = rounded_to_half(copy.deepcopy(network))
        card = replace(card, metrics=with_losses(card.metrics, measured(recipe, rounded)))
    export_superres(network, card, target, precision="fp16" if kind == "fp16" else "float32")
    return _quantised(recipe, target, anyway) if kind == "int8" else target


def _export_generator(
    recipe: ImageGeneration, chosen: Weights, judging: Weights, target: Path, kind: Literal["float32", "fp16"]
) -> Path:
    names: list[str] = (chosen.get("labels") or {"names": []})["names"]
    trained = chosen["generator"] if recipe.sample_from == "orig" else chosen["average"]["network"]
    network = _loaded(generator_of(recipe, len(names)), trained)
    labels = mixed_labels(names, SETTLING * AT_ONCE)
    draws = torch.Generator().manual_seed(recipe.seed)
    network = settled(network, draw_latents(recipe, labels, SETTLING * AT_ONCE, draws))
    kinds = recipe.codes.kinds
    directions = find_directions(network, recipe.latent_size, labels=len(names), codes=len(kinds), seed=recipe.seed)
    card = replace(
        make_card(recipe, measured_generation(recipe, network, names)),
        labels=tuple(names),
        controls=code_controls(kinds) | as_controls(directions),
    )
    further = {"discriminator": _loaded(discriminator_of(recipe, len(names)), judging)}
    export_generator(network, card, target, precision=kind, further=further)
    return target


def measured_generation(recipe: ImageGeneration, network: nn.Module, names: list[str]) -> dict[str, float]:
    """How well `network`, whose labels are `names`, draws, by the pictures of the recipe; nothing where they are not there."""
    try:
        pictures = finished(read_pictures(recipe))
    except RecipeError:
        return {}
    if list(pictures.names) != names:
        return {}
    judge = QuickJudge(pictures)
    if not len(judge.labels):
        return {}
    labels = torch.from_numpy(judge.labels) if names else None
    latents = draw_latents(recipe, labels, len(judge.labels), torch.Generator().manual_seed(recipe.seed + 1))
    drawn = [draw_pictures(network, latents.part(slice(i, i + AT_ONCE))) for i in range(0, len(latents), AT_ONCE)]
    return {name: round(value, 4) for name, value in judge.judge(np.concatenate(drawn)).items()}


def finished(work: Generator[Any, Any, Any]) -> Any:
    """What `work` returns, however much it yields before."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def _export_translation(
    recipe: ImageTranslation, weights: Weights, judging: Weights, target: Path, kind: Literal["float32", "fp16"]
) -> Path:
    whole = _loaded(make_translator(recipe.network), weights)
    discriminators = _loaded(make_discriminators(recipe), judging)
    metrics = measured_translation(recipe, whole)
    multiple = multiple_of(whole)

    def card_of(source: int) -> ModelCard:
        domains = (recipe.domains[source], recipe.domains[1 - source])
        way = f"{domains[0]} to {domains[1]}"
        ours = {key.removesuffix(f" {way}"): value for key, value in metrics.items() if key.endswith(f" {way}")}
        return replace(
            make_card(recipe, ours),
            name=way.capitalize(),
            domains=domains,
            size=Size(minimum=multiple, multiple_of=multiple),
            view=recipe.view,
            outputs=GRID_AND_LIGHTS if head_of(whole) == "grid" else (),
        )

    further = {"discriminator": discriminators}
    export_translation(whole, (card_of(0), card_of(1)), target, precision=kind, further=further)
    return target


def measured_translation(recipe: ImageTranslation, network: nn.Module) -> dict[str, float]:
    """How well the recipe's validation pictures are translated, each way; nothing where there are none."""
    folders = [folder for folder in recipe.data.validation if folder.is_dir()]
    if len(folders) != 2:
        return {}
    held_out: list[list[Any]] = []
    for folder in folders:
        paths = find_photos([folder])
        chosen = [paths[index] for index in spread_out(len(paths), JUDGED)]
        held_out.append([reduced(photo, SHORTER_SIDE) for path in chosen for photo in read_photos([path], 1)[0]])
    return finished(Judge(recipe, held_out).judging(network))


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


def _without_folders(value: Any) -> Any:
    """`value`, in which each text that is a path from a root is the name at its end: where a person keeps files is theirs."""
    if isinstance(value, str):
        path = PureWindowsPath(value) if PureWindowsPath(value).is_absolute() else PurePosixPath(value)
        return path.name if path.is_absolute() else value
    if isinstance(value, dict):
        return {key: _without_folders(inner) for key, inner in value.items()}
    return [_without_folders(inner) for inner in value] if isinstance(value, list) else value


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
    if shown.get("start_from"):
        shown["start_from"] = Path(shown["start_from"]).name
    if shown.get("features") and shown["features"]["file"]:
        shown["features"]["file"] = Path(shown["features"]["file"]).name
    for part in (shown["network"], shown.get("discriminator"), *(shown.get("auxiliary") or ())):
        if part:
            part["options"] = _without_folders(part["options"])
    if shown.get("skies"):
        shown["skies"] = [Path(path).name for path in shown["skies"]]
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
    from trainers.export.quantise import calibration_photos, quantise

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
