"""Super-resolution: learn to undo a reduction, from photographs and their reduced copies.

The loop of the SRCNN and SRResNet papers: crops of photographs, their reductions, a pixel loss, gradient descent; to it
come an average of the weights (EMA), a schedule of the rate and mixed precision.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers import seeds
from trainers.adversarial.perceptual import find_perceptual
from trainers.data.photos import list_left_out
from trainers.data.superres import find_pictures, read_crops
from trainers.loop import schedules, stepping
from trainers.loop.checkpoint import has_checkpoint, remove_leftovers
from trainers.loop.device import Precision, choose_device, is_out_of_memory
from trainers.loop.ema import Average
from trainers.loop.muon import Muon
from trainers.loop.run_state import Run, Standing, Stateful
from trainers.loop.run_state import obey as obey_command
from trainers.loop.validation import judging_step
from trainers.losses.tables import find_loss
from trainers.networks.make import make_network
from trainers.networks.weights import read_weights
from trainers.quality.superres import validating, write_sample
from trainers.recipes.recipe import SuperResolution
from trainers.runs.events import Event, Notice, Started, Step, TrainerCommand, Working

Events = Generator[Event, TrainerCommand | None, Any]


def train(recipe: SuperResolution, run_dir: Path) -> Events:
    """Train as `recipe` says, in `run_dir`, going on from its checkpoint if there is one.

    Yields what happens and takes commands back, once it has yielded Started. Closing the generator at any yield saves a
    checkpoint of the last whole step. Raises RecipeError where the recipe cannot be followed.
    """
    device = choose_device(recipe.device)
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_leftovers(run_dir)
    seeds.seed_parts(recipe.seed)
    network = make_network(recipe.network, recipe.scale)
    if recipe.start_from and not has_checkpoint(run_dir):
        network.load_state_dict(read_weights(recipe.start_from, network))
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = yield from find_pictures(recipe)
    crops = yield from read_crops(recipe, pictures, 0)
    average = Average(network, recipe.ema, recipe.ema_start)
    optimisers = make_optimisers(recipe, network)
    losses = {stage.loss: find_loss(stage.loss) for stage in recipe.stages}
    perceptual, missing = find_perceptual(recipe.features, device)
    weights = stepping.parameters_of(network)

    starting = recipe.start_from is not None and not has_checkpoint(run_dir)
    standing = Standing(micro_batches=recipe.micro_batches, judged_at=-1 if starting else 0)
    precision = Precision(device, recipe.precision)
    parts: dict[str, Stateful] = {"network": network, "average": average, "precision": precision}
    parts |= {f"optimiser {index}": optimiser for index, optimiser in enumerate(optimisers)}
    run = Run(run_dir, recipe.model_dump(mode="json"), standing, parts)
    resumed = run.resume()
    shelf = 0

    def sample() -> Path:
        return write_sample(average.network, pictures.validation[0], recipe.scale, run_dir, standing.step)

    def judging() -> Events:
        measure = partial(validating, average.network, pictures.validation, recipe.scale)
        best = {"average": average}
        yield from judging_step(run, recipe.validate_every, recipe.total_steps, measure, sample, best, obey)

    obey = partial(obey_command, run, sample)
    for words in (*([list_left_out(pictures.left_out)] if pictures.left_out else ()), *([missing] if missing else ())):
        yield Notice(words)
    count = sum(weight.numel() for weight in weights)

    try:
        yield from obey((yield Started(standing.step, recipe.total_steps, device.type, precision.name, count)))
        if not resumed:
            yield from obey((yield from run.checkpoint()))
        yield from judging()  # a run that was stopped while it was judged
        while standing.step < recipe.total_steps and not (recipe.patience and standing.worse >= recipe.patience):
            started, step = time.perf_counter(), standing.step
            stage = recipe.stage_at(step)
            rate = standing.rate_factor * schedules.share_of(recipe, step)
            set_rates(recipe, optimisers, rate)
            if shelf != (shelf := pictures.shelves.at(step)):
                del crops  # both would hardly fit
                crops = yield from read_crops(recipe, pictures, shelf, obey)
            try:
                with stepping.buffers_kept(network):
                    terms = {"loss": 0.0}
                    batch = _to(device, crops.batch(step, stage.batch, stage.patch))
                    pieces = stepping.split(batch, standing.micro_batches)
                    for index, (part, (small, large)) in enumerate(pieces):
                        if index:
                            yield from obey((yield Working("taking the step in parts", index, len(pieces))))
                        seeds.seed_parts(recipe.seed, step, index)
                        with precision.autocast():
                            output = network(small)
                        check_shape(recipe, small, output, large)
                        mean = losses[stage.loss](output.float(), large)
                        if perceptual is not None and stage.perceptual:
                            with precision.autocast():
                                unlike = perceptual(output * 2 - 1, large * 2 - 1)
                            terms["perceptual"] = terms.get("perceptual", 0.0) + float(unlike.detach()) * part
                            mean = mean + stage.perceptual * unlike
                        terms["loss"] += stepping.finite(mean * part, "loss")
                        precision.backward(mean * part)
                    precision.step(optimisers, weights, recipe.clip)
            except stepping.NotANumber as error:
                yield from obey((yield run.roll_back(str(error))))
                continue
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                yield from obey((yield stepping.make_smaller(standing, stage.batch)))
                continue
            finally:
                for optimiser in optimisers:
                    optimiser.zero_grad(set_to_none=True)
            average.update(network)
            standing.step = step = step + 1

            seconds = time.perf_counter() - started
            yield from obey((yield Step(step, recipe.total_steps, terms, rate * recipe.rate, seconds, {})))
            if standing.roll_back_asked:
                yield from obey((yield run.roll_back("You asked to go back", asked=True)))
                continue
            last = step == recipe.total_steps
            yield from judging()
            if step % recipe.checkpoint_every == 0 or last:
                yield from obey((yield from run.checkpoint()))
        if standing.step < recipe.total_steps:
            yield Notice(
                f"Validation has not got better for {standing.worse} measurements: training ends at step {standing.step}, "
                "as the recipe's “patience” asks."
            )
        if words := run.gained():
            yield Notice(words)
    finally:
        run.close()


def check_shape(recipe: SuperResolution, small: Tensor, output: Tensor, large: Tensor) -> None:
    """Raise RecipeError where the network's output is not as large as the recipe's scale asks."""
    if output.shape != large.shape:
        raise RecipeError(
            f"The network turns {tuple(small.shape)} into {tuple(output.shape)}, but ×{recipe.scale} asks for "
            f"{tuple(large.shape)}; correct the network or the scale."
        )


def make_optimisers(recipe: SuperResolution, network: nn.Module) -> list[torch.optim.Optimizer]:
    """Adam for all weights; or Muon for the weights of all layers but the first and the last, and Adam for the rest."""
    matrices = [weight for weight in network.parameters() if weight.ndim >= 2]
    hidden = matrices[1:-1] if recipe.optimiser == "muon" else []
    names = {id(weight) for weight in hidden}
    others = [weight for weight in network.parameters() if id(weight) not in names]
    betas = (recipe.beta1, recipe.beta2)
    adam = torch.optim.Adam(others, recipe.rate, betas=betas, weight_decay=recipe.weight_decay)
    optimisers: list[torch.optim.Optimizer] = [adam]
    if hidden:
        optimisers.append(Muon(hidden, recipe.muon_rate))
    return optimisers


def set_rates(recipe: SuperResolution, optimisers: list[torch.optim.Optimizer], share: float) -> None:
    """Set each optimiser's rate to `share` of what the recipe gives it."""
    for optimiser in optimisers:
        full = recipe.muon_rate if isinstance(optimiser, Muon) else recipe.rate
        for group in optimiser.param_groups:
            group["lr"] = full * share


def _to(device: torch.device, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return pair[0].to(device), pair[1].to(device)
