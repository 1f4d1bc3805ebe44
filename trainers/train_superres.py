"""Super-resolution: learn to undo a reduction, from photographs and their reduced copies.

The loop of the SRCNN and SRResNet papers: crops of photographs, their bicubic reductions, a pixel loss, gradient descent;
to it come an average of the weights (EMA), a cosine schedule and mixed precision.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers import metrics
from trainers.checkpoint import load_checkpoint, save_checkpoint
from trainers.datasets import PairedCrops, find_photos, read_photos
from trainers.degrade import bicubic, crop_to_multiple
from trainers.device import autocast, choose_device, choose_precision
from trainers.ema import Average
from trainers.events import (
    Checkpoint,
    Command,
    Event,
    Notice,
    Sample,
    Started,
    Step,
    TakeCheckpoint,
    TakeSample,
    Validation,
)
from trainers.export import read_weights
from trainers.muon import Muon
from trainers.parts import find_loss, make_network
from trainers.recipe import Recipe

VALIDATION_SIDE = 512  # held-out photographs are validated on a square of at most this many pixels
VALIDATION_COUNT = 16
ROLL_BACKS = 3  # how often a run goes back to its checkpoint after a loss that is not a number

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """What a run learns from, what it is judged by, and words on what was left out."""

    crops: PairedCrops
    validation: list[Pixels]
    left_out: list[str]


def train(recipe: Recipe, run_dir: Path) -> Generator[Event, Command | None, None]:
    """Train as `recipe` says, in `run_dir`, going on from its checkpoint if there is one.

    Yields what happens and takes commands back. Closing the generator at any yield saves a checkpoint of the last
    whole step. Raises RecipeError where the recipe cannot be followed.
    """
    device = choose_device(recipe.device)
    pictures = read_pictures(recipe)
    if pictures.left_out:
        yield Notice(_list_left_out(pictures.left_out))

    torch.manual_seed(recipe.seed)
    network = make_network(recipe.network, recipe.scale)
    if recipe.start_from:
        network.load_state_dict(read_weights(recipe.start_from, network))
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(network, recipe.ema)
    optimisers = make_optimisers(recipe, network)
    losses = {stage.loss: find_loss(stage.loss) for stage in recipe.stages}

    step, rate_factor, precision, roll_backs = 0, 1.0, recipe.precision, 0

    def state() -> dict[str, Any]:
        return {
            "recipe": recipe.model_dump(mode="json"),
            "step": step,
            "network": network.state_dict(),
            "average": average.network.state_dict(),
            "average_updates": average.updates,
            "optimisers": [optimiser.state_dict() for optimiser in optimisers],
            "precision": precision,
            "rate_factor": rate_factor,
        }

    def restore(saved: dict[str, Any]) -> None:
        nonlocal step, rate_factor, precision
        check_same_run(recipe, saved)
        network.load_state_dict(saved["network"])
        average.network.load_state_dict(saved["average"])
        average.updates = saved["average_updates"]
        for optimiser, state_of_one in zip(optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state_of_one)
        step, rate_factor, precision = saved["step"], saved["rate_factor"], saved["precision"]

    if saved := load_checkpoint(run_dir):
        restore(saved)
    else:
        first = recipe.stages[0]
        example = _to(device, pictures.crops.batch(0, first.batch, first.patch))
        precision = choose_precision(recipe.precision, network, device, example, losses[first.loss])
    saved_step = step if saved else -1
    yield Started(step, recipe.steps, device.type, precision, sum(p.numel() for p in network.parameters()))

    try:
        while step < recipe.steps:
            started = time.perf_counter()
            stage = recipe.stage_at(step)
            rate = rate_factor * schedule(recipe, step)
            set_rates(recipe, optimisers, rate)

            small, large = _to(device, pictures.crops.batch(step, stage.batch, stage.patch))
            with autocast(device, precision):
                output = network(small)
            if output.shape != large.shape:
                raise RecipeError(
                    f"The network turns {tuple(small.shape)} into {tuple(output.shape)}, but ×{recipe.scale} asks for "
                    f"{tuple(large.shape)}; correct the network or the scale."
                )
            loss = losses[stage.loss](output.float(), large)
            if not math.isfinite(loss_value := loss.item()):
                roll_backs += 1
                last = load_checkpoint(run_dir)
                if last is None or roll_backs > ROLL_BACKS:
                    raise RecipeError(
                        f"The loss is no longer a number at step {step + 1}; lower “rate” in the recipe and start again."
                    )
                restore(last)
                rate_factor /= 2
                yield Notice(f"The loss was not a number: back to step {step}, with half the rate.")
                continue
            for optimiser in optimisers:
                optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            for optimiser in optimisers:
                optimiser.step()
            average.update(network)
            step += 1

            command = yield Step(step, recipe.steps, loss_value, rate * recipe.rate, time.perf_counter() - started)
            last_step = step == recipe.steps
            if step % recipe.validate_every == 0 or last_step:
                yield Validation(step, validate(average.network, pictures.validation, recipe.scale))
            if isinstance(command, TakeSample) or step % recipe.validate_every == 0:
                path = write_sample(average.network, pictures.validation[0], recipe.scale, run_dir, step)
                yield Sample(step, str(path))
            if isinstance(command, TakeCheckpoint) or step % recipe.checkpoint_every == 0 or last_step:
                path = save_checkpoint(run_dir, state())
                saved_step = step
                yield Checkpoint(step, str(path))
    finally:
        if step > saved_step:
            save_checkpoint(run_dir, state())


def read_pictures(recipe: Recipe) -> Pictures:
    """The training and validation photographs of `recipe`. Raises RecipeError where too few can be used."""
    patch = max(stage.patch for stage in recipe.stages) * recipe.scale
    paths = find_photos(recipe.data.photos)
    if recipe.data.validation:
        held_out = find_photos(recipe.data.validation)
        forbidden = set(held_out)
        paths = [path for path in paths if path not in forbidden]
    else:
        held_out = held_out_of(paths, recipe.data.hold_out)
        paths = [path for path in paths if path not in set(held_out)] or paths
    photos, left_out = read_photos(paths, patch)
    if not photos:
        where = ", ".join(f"“{folder}”" for folder in recipe.data.photos)
        why = f" ({left_out[0]})" if left_out else ""
        raise RecipeError(f"No picture in {where} can be trained on{why}; add photographs or lower “patch”.")
    validation, unreadable = read_photos(held_out[:VALIDATION_COUNT], 4 * recipe.scale)
    if not validation:
        validation = photos[-1:]
    crops = PairedCrops(photos, recipe.scale, seed=recipe.seed, candidates=recipe.candidates)
    return Pictures(crops, [_centre(photo, recipe) for photo in validation], left_out + unreadable)


def make_optimisers(recipe: Recipe, network: nn.Module) -> list[torch.optim.Optimizer]:
    """Adam for all weights; or Muon for the weights of all layers but the first and the last, and Adam for the rest."""
    matrices = [weight for weight in network.parameters() if weight.ndim >= 2]
    hidden = matrices[1:-1] if recipe.optimiser == "muon" else []
    names = {id(weight) for weight in hidden}
    others = [weight for weight in network.parameters() if id(weight) not in names]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.Adam(others, recipe.rate, betas=(0.9, 0.99))]
    if hidden:
        optimisers.append(Muon(hidden, recipe.muon_rate))
    return optimisers


def schedule(recipe: Recipe, step: int) -> float:
    """The share of the full learning rate at `step` (from 0): a linear rise, then half a cosine down to the floor."""
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.rate_floor + (1 - recipe.rate_floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def set_rates(recipe: Recipe, optimisers: list[torch.optim.Optimizer], share: float) -> None:
    """Set each optimiser's rate to `share` of what the recipe gives it."""
    for optimiser in optimisers:
        full = recipe.muon_rate if isinstance(optimiser, Muon) else recipe.rate
        for group in optimiser.param_groups:
            group["lr"] = full * share


def check_same_run(recipe: Recipe, saved: dict[str, Any]) -> None:
    """Raise RecipeError unless a checkpoint was made by `recipe`, or by one that differs only in what may change."""
    may_change = {
        "stages", "data", "title", "description", "author", "licence", "device", "rate", "muon_rate", "rate_floor",
        "warm_up", "validate_every", "checkpoint_every", "start_from",
    }  # fmt: skip
    mine, other = recipe.model_dump(mode="json"), saved["recipe"]
    for field, value in mine.items():
        if field not in may_change and other.get(field) != value:
            raise RecipeError(
                f"The checkpoint was trained with {field} = {other.get(field)}, the recipe says {value}; "
                "put the recipe back, or start in another folder."
            )


def enlarge_picture(network: nn.Module, small: Pixels) -> Pixels:
    """What `network` makes of one picture (H, W, 3), on the device and in the precision of its weights."""
    weight = next(iter(network.parameters()))
    image = torch.from_numpy(small.copy()).to(weight.device).permute(2, 0, 1)[None].to(weight.dtype) / 255
    with torch.no_grad():
        output = network(image)
    return (output.clamp(0, 1) * 255).round()[0].permute(1, 2, 0).to(torch.uint8).cpu().numpy()


def compare_pictures(network: nn.Module, truths: list[Pixels], scale: int) -> Iterator[tuple[float, float]]:
    """PSNR and SSIM on luma, leaving out `scale` pixels of border, for each true picture reduced and enlarged again."""
    for truth in truths:
        truth = crop_to_multiple(truth, scale)
        output = enlarge_picture(network, bicubic(truth, scale))
        a, b = metrics.luma(output), metrics.luma(truth)
        yield metrics.psnr(a, b, scale), metrics.ssim(a, b, scale)


def validate(network: nn.Module, truths: list[Pixels], scale: int) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM over `truths`."""
    pairs = list(compare_pictures(network, truths, scale))
    return {
        "PSNR": float(np.mean([min(psnr, 100.0) for psnr, _ in pairs])),
        "SSIM": float(np.mean([ssim for _, ssim in pairs])),
    }


def write_sample(network: nn.Module, truth: Pixels, scale: int, run_dir: Path, step: int) -> Path:
    """A picture of three side by side: bicubic, the network, the truth."""
    truth = crop_to_multiple(truth, scale)
    small = bicubic(truth, scale)
    size = (truth.shape[1], truth.shape[0])
    plain = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    path = run_dir / "samples" / f"{step:08d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.hstack([plain, enlarge_picture(network, small), truth])).save(path)
    return path


def held_out_of(paths: list[Path], every: int) -> list[Path]:
    """Each `every`-th of `paths`, or where they are fewer the last one."""
    return paths[every - 1 :: every] or paths[-1:]


def read_validation(recipe: Recipe) -> dict[str, list[Pixels]]:
    """The validation pictures by the name of their folder, or those held out as "held out"; whole where a folder is named.

    Folders that are no longer there are left out.
    """
    if recipe.data.validation:
        folders = [folder for folder in recipe.data.validation if folder.is_dir()]
        sets = {folder.name: find_photos([folder]) for folder in folders}
    else:
        try:
            sets = {"held out": held_out_of(find_photos(recipe.data.photos), recipe.data.hold_out)}
        except RecipeError:
            sets = {}
    pictures: dict[str, list[Pixels]] = {}
    for name, paths in sets.items():
        photos, _ = read_photos(paths[:VALIDATION_COUNT], 4 * recipe.scale)
        if photos:
            pictures[name] = [_centre(photo, recipe) for photo in photos]
    return pictures


def _centre(photo: Pixels, recipe: Recipe) -> Pixels:
    if recipe.data.validation:
        return photo
    top, left = ((side - min(side, VALIDATION_SIDE)) // 2 for side in photo.shape[:2])
    return photo[top : top + VALIDATION_SIDE, left : left + VALIDATION_SIDE]


def _to(device: torch.device, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return pair[0].to(device), pair[1].to(device)


def _list_left_out(words: list[str]) -> str:
    shown = "; ".join(words[:3])
    more = f"; and {len(words) - 3} more" if len(words) > 3 else ""
    return f"Left out {len(words)} of the pictures: {shown}{more}."
