"""A generative adversarial network: a generator learns to draw pictures that a discriminator takes for real ones.

The loop of DCGAN (Radford et al. 2016, section 4), with any objective of the table: batches of real pictures and of
pictures drawn from noise, the discriminator's step on both, the generator's step through it. To it come an average of the
generator's weights (EMA), schedules and mixed precision.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers import loop, schedules
from trainers.adversarial import (
    Auxiliaries,
    Side,
    clip_weights,
    discriminator_lead,
    discriminator_loss,
    generator_loss,
    generator_ramp,
    spread,
    turns,
)
from trainers.checkpoint import has_checkpoint, remove_leftovers
from trainers.device import Precision, choose_device
from trainers.ema import Average
from trainers.events import Event, Notice, Sample, Started, Step, TrainerCommand, Validation, Working
from trainers.guards import score_of
from trainers.losses import Outputs, make_objective
from trainers.networks.dcgan import initialise
from trainers.networks.discriminators import without_batch_norm
from trainers.objectives import Objective
from trainers.parts import find_auxiliary, make_discriminator, make_generator
from trainers.pictures import Pictures, read_pictures
from trainers.recipe import ImageGeneration
from trainers.sliced_wasserstein import sliced_wasserstein
from trainers.standing import Run, Standing
from trainers.standing import obey as obey_command
from trainers.superres_pictures import list_left_out
from trainers.weights import read_weights

WATCH_EVERY = 10  # steps between two looks at what guards watch
WATCHED = 32  # pictures that are looked at
JUDGED = 256  # samples, and held-out pictures, that a validation compares
SHEET = 8  # a sample is a sheet of so many pictures each way
# What a draw is for: every draw is a function of (seed, step, turn, purpose).
FIRST_WEIGHTS, NOISE, PENALTY, FIXED_NOISE = range(4)

Events = Generator[Event, TrainerCommand | None, Any]


def train(recipe: ImageGeneration, run_dir: Path) -> Events:
    """Train as `recipe` says, in `run_dir`, going on from its checkpoint if there is one.

    Yields what happens and takes commands back, once it has yielded Started. Closing the generator at any yield saves a
    checkpoint of the last whole update, be it the discriminator's. Raises RecipeError where the recipe cannot be followed.
    """
    device = choose_device(recipe.device)
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_leftovers(run_dir)
    objective = make_objective(recipe.objective, smoothing=recipe.label_smoothing)
    draws = loop.seeded(recipe.seed, FIRST_WEIGHTS)
    loop.seed_parts(recipe.seed)
    generator = make_generator(recipe.network, recipe.size, recipe.latent_size)
    discriminator = make_discriminator(recipe.discriminator, recipe.size)
    if objective.per_sample_penalty:
        discriminator = without_batch_norm(discriminator)
    for part, network in ((recipe.network, generator), (recipe.discriminator, discriminator)):
        if ":" not in part.kind:  # a network of a person's own draws its first weights itself
            initialise(network, draws)
    standing = Standing(micro_batches=recipe.micro_batches)
    if recipe.start_from and not has_checkpoint(run_dir):
        standing.alone, standing.ramp = start_from(recipe, generator, discriminator)
    generator = generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    discriminator = discriminator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures: Pictures = yield from read_pictures(recipe)
    average = Average(generator, recipe.ema, recipe.ema_start)
    networks: dict[Side, nn.Module] = {"generator": generator, "discriminator": discriminator}
    optimisers: dict[Side, torch.optim.Optimizer] = {
        side: torch.optim.Adam(network.parameters(), recipe.rate, betas=(recipe.beta1, recipe.beta2))
        for side, network in networks.items()
    }
    auxiliary: dict[Side, Auxiliaries] = {
        side: {loss.kind: (find_auxiliary(loss.kind), loss.weight) for loss in recipe.auxiliary if loss.side == side}
        for side in networks
    }

    precisions: dict[Side, Precision] = {side: Precision(device, recipe.precision) for side in networks}
    run = Run(
        run_dir,
        recipe.model_dump(mode="json"),
        standing,
        {**networks, "average": average}
        | {f"optimiser of the {side}": optimiser for side, optimiser in optimisers.items()}
        | {f"precision of the {side}": precision for side, precision in precisions.items()},
    )
    resumed = run.resume()

    def noise(count: int, *draw: int) -> Tensor:
        return torch.randn(count, recipe.latent_size, generator=loop.seeded(recipe.seed, *draw)).to(device)

    def losses_of(side: Side, real: Tensor, z: Tensor, penalty: torch.Generator) -> Any:
        """The loss of one side for the real pictures `real` and those drawn from `z`."""
        with precisions[side].autocast():
            if side == "generator":
                fake = generator(z)
                check_shape(recipe, fake)
                return generator_loss(objective, discriminator, fake, real=real, auxiliary=auxiliary[side])
            with torch.no_grad():
                fake = generator(z)
            check_shape(recipe, fake)
            return discriminator_loss(objective, discriminator, real, fake, penalty, auxiliary=auxiliary[side])

    fixed = noise(SHEET * SHEET, FIXED_NOISE)
    data_spread = spread(pictures.batch(0, 0, WATCHED))

    def sample() -> Path:
        return write_sheet(draw_pictures(average.network, fixed), run_dir, standing.step)

    obey = partial(obey_command, run, sample)
    if pictures.left_out:
        yield Notice(list_left_out(pictures.left_out))
    count = sum(weight.numel() for network in networks.values() for weight in network.parameters())
    losses: dict[str, float] = {}
    watched: dict[str, float] = {}
    started = time.perf_counter()

    try:
        yield from obey((yield Started(standing.step, recipe.steps, device.type, precisions["generator"].name, count)))
        if not resumed:
            yield from obey((yield from run.checkpoint()))
        while standing.step < recipe.steps and not (recipe.patience and standing.worse >= recipe.patience):
            step, turn = standing.step, standing.turn
            sides = turns(recipe.discriminator_steps, recipe.generator_steps)
            ramp = generator_ramp(step, standing.alone, standing.ramp)
            side = sides[turn]
            share = standing.rate_factor * schedules.share(
                recipe.schedule, step, recipe.steps, warm_up=recipe.warm_up, floor=recipe.rate_floor
            )
            rates: dict[Side, float] = {
                "generator": recipe.rate * share * ramp,
                "discriminator": recipe.discriminator_rate * share,
            }
            if rates[side] > 0:
                try:
                    with loop.buffers_kept(*networks.values()):
                        batch = (
                            pictures.batch(step, turn, recipe.batch).to(device),
                            noise(recipe.batch, step, turn, NOISE),
                        )
                        penalty = loop.seeded(recipe.seed, step, turn, PENALTY)
                        pieces = loop.split(batch, standing.micro_batches)
                        value = 0.0
                        for index, (part, (real, z)) in enumerate(pieces):
                            if index:
                                yield from obey((yield Working("taking the step in parts", index, len(pieces))))
                            loop.seed_parts(recipe.seed, step, turn, index)
                            found = losses_of(side, real, z, penalty)
                            value += loop.finite(found.total * part, f"{side}'s loss")
                            precisions[side].backward(found.total * part)
                        for group in optimisers[side].param_groups:
                            group["lr"] = rates[side]
                        weights = loop.parameters_of(networks[side])
                        precisions[side].step([optimisers[side]], weights, recipe.clip)
                except loop.NotANumber as error:
                    yield from obey((yield run.roll_back(str(error))))
                    continue
                except Exception as error:
                    if not loop.is_out_of_memory(error):
                        raise
                    yield from obey((yield loop.make_smaller(standing, recipe.batch)))
                    continue
                finally:
                    optimisers[side].zero_grad(set_to_none=True)
                losses[side] = value
                if side == "discriminator" and objective.clip:
                    clip_weights(discriminator, objective.clip)
                if (step + 1) % WATCH_EVERY == 0:
                    watched |= watch(objective, side, found.outputs, data_spread)
            standing.turn = (turn + 1) % len(sides)
            if standing.turn:
                continue
            average.update(generator)
            standing.step = step = step + 1

            seconds, started = time.perf_counter() - started, time.perf_counter()
            yield from obey((yield Step(step, recipe.steps, dict(losses), rates["generator"], seconds, dict(watched))))
            if standing.roll_back_asked:
                yield from obey((yield run.roll_back("You asked to go back", asked=True)))
                continue
            last = step == recipe.steps
            if step % recipe.validate_every == 0 or last:
                if metrics := (yield from validating(average.network, pictures, noise, obey)):
                    judged = Validation(step, metrics)
                    yield from run.holding(partial(run.judged, score_of(judged), {"average": average}))
                    yield from obey((yield judged))
                path = yield from run.holding(sample)
                yield from obey((yield Sample(step, str(path))))
            if step % recipe.checkpoint_every == 0 or last:
                yield from obey((yield from run.checkpoint()))
            watched = {}
            started = time.perf_counter()
        if standing.step < recipe.steps:
            yield Notice(
                f"Validation has not got better for {standing.worse} measurements: training ends at step {standing.step}, "
                "as the recipe's “patience” asks."
            )
    finally:
        run.close()


def start_from(recipe: ImageGeneration, generator: nn.Module, discriminator: nn.Module) -> tuple[int, int]:
    """Give both networks the weights of the model that the recipe starts from.

    Returns for how many steps the discriminator trains alone, and over how many the generator's rate rises then: none
    where the companion has a discriminator that fits.
    """
    assert recipe.start_from is not None
    generator.load_state_dict(read_weights(recipe.start_from, generator))
    theirs = read_weights(recipe.start_from, discriminator, "discriminator")
    if theirs is None:
        return recipe.alone, recipe.ramp
    discriminator.load_state_dict(theirs)
    return 0, 0


def check_shape(recipe: ImageGeneration, fake: Tensor) -> None:
    """Raise RecipeError where the generator does not draw RGB pictures of the recipe's size."""
    if fake.shape[1:] != (3, recipe.size, recipe.size):
        raise RecipeError(
            f"The generator draws {tuple(fake.shape[1:])}, but “size” asks for {(3, recipe.size, recipe.size)}; correct either."
        )


def watch(objective: Objective, side: Side, outputs: Outputs, data_spread: float) -> dict[str, float]:
    """What guards look at: how far the discriminator is ahead, and how different samples are from one another."""
    if side == "generator":
        return {"spread": spread(outputs.fake[:WATCHED]) / max(data_spread, 1e-6)}
    assert outputs.real_logits is not None and outputs.fake_logits is not None
    lead = discriminator_lead(objective, outputs.real_logits, outputs.fake_logits)
    return {} if lead is None else {"lead": lead}


def draw_pictures(generator: nn.Module, z: Tensor) -> np.ndarray:
    """What `generator` draws from `z` (N, latent_size): uint8 (N, size, size, 3)."""
    with torch.no_grad():
        pictures = generator(z).float()
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def validating(generator: nn.Module, pictures: Pictures, noise: Any, obey: Any) -> Events:
    """Returns how far samples are from pictures held out: the sliced Wasserstein distance, mean over the levels.

    Nothing where fewer than two are held out, or they are smaller than the distance's coarsest level.
    """
    samples: list[np.ndarray] = []
    count = min(JUDGED, len(pictures.held_out))
    for first in range(0, count, SHEET * SHEET):
        yield from obey((yield Working("drawing samples to judge", first, count)))
        samples.append(draw_pictures(generator, noise(min(SHEET * SHEET, count - first), FIXED_NOISE, first)))
    if count < 2 or pictures.size < 16:
        return {}
    return {"SWD": float(sliced_wasserstein(np.concatenate(samples), pictures.held_out[:count]).mean)}


def write_sheet(drawn: np.ndarray, run_dir: Path, step: int) -> Path:
    """A sheet of the pictures `drawn`, eight in a row."""
    _, height, width, _ = drawn.shape
    sheet = drawn.reshape(-1, SHEET, height, width, 3).swapaxes(1, 2).reshape(-1, SHEET * width, 3)
    path = run_dir / "samples" / f"{step:08d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)
    return path
