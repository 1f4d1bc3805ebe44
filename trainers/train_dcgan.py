"""A generative adversarial network: a generator learns to draw pictures that a discriminator takes for real ones.

The loop of DCGAN (Radford et al. 2016, section 4), with any objective of the table: batches of real pictures and of
pictures drawn from noise, the discriminator's step on both, the generator's step through it. To it come labels and codes, what
the discriminator sees changed at random, an average of the generator's weights (EMA), schedules and mixed precision.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers import seeds
from trainers.adversarial.augment import augment
from trainers.adversarial.auxiliaries import auxiliaries_of
from trainers.adversarial.samples import (
    AT_ONCE,
    SETTLING,
    SHEET,
    Latents,
    draw_latents,
    draw_pictures,
    even_labels,
    mixed_labels,
    settled,
    write_sheet,
)
from trainers.adversarial.sides import (
    Auxiliaries,
    Loss,
    Side,
    clip_weights,
    discriminator_lead,
    discriminator_loss,
    generator_loss,
    generator_ramp,
    turns,
)
from trainers.adversarial.start import new_labels, start_from
from trainers.data.generation import Pictures, read_pictures
from trainers.data.photos import list_left_out
from trainers.loop import schedules, stepping
from trainers.loop.checkpoint import has_checkpoint, remove_leftovers
from trainers.loop.device import Precision, choose_device, is_out_of_memory
from trainers.loop.ema import Average
from trainers.loop.optimisers import make_optimiser
from trainers.loop.run_state import Run, Standing
from trainers.loop.run_state import obey as obey_command
from trainers.loop.validation import judging_step
from trainers.losses.auxiliary import Outputs
from trainers.losses.objectives import Objective
from trainers.losses.tables import objective_of
from trainers.metrics.spread import spreads
from trainers.networks.dcgan import initialise
from trainers.networks.make import DRAWN, discriminator_of, generator_of
from trainers.quality.generation import QuickJudge
from trainers.recipes.recipe import ImageGeneration
from trainers.runs.events import Event, Notice, Started, Step, TrainerCommand, Working

WATCH_EVERY = 10  # steps between two looks at what guards watch
WATCHED = 256  # training pictures whose spread samples are held against
# What a draw is for: every draw is a function of (seed, step, turn, purpose).
FIRST_WEIGHTS, NOISE, PENALTY, AUGMENTATION = range(4)
FIXED = 100  # and two after it: the latents that are drawn from throughout, of no step

TAKEN_OVER = (
    "This run began with an earlier version, whose spectral norm left out what judges labels and codes: it goes on with the "
    "norm on every layer, and with a discriminator's optimiser that begins anew."
)

Events = Generator[Event, TrainerCommand | None, Any]


def train(recipe: ImageGeneration, run_dir: Path) -> Events:
    """Train as `recipe` says, in `run_dir`, going on from its checkpoint if there is one.

    Yields what happens and takes commands back, once it has yielded Started. Closing the generator at any yield saves a
    checkpoint of the last whole update, be it the discriminator's. Raises RecipeError where the recipe cannot be followed.
    """
    device = choose_device(recipe.device)
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_leftovers(run_dir)
    objective = objective_of(recipe)
    pictures: Pictures = yield from read_pictures(recipe)
    draws = seeds.seeded(recipe.seed, FIRST_WEIGHTS)
    seeds.seed_parts(recipe.seed)
    generator = generator_of(recipe, len(pictures.names))
    discriminator = discriminator_of(recipe, len(pictures.names))
    for part, network in ((recipe.network, generator), (recipe.discriminator, discriminator)):
        if part.kind in DRAWN:  # others draw their first weights themselves
            initialise(network, draws)
    standing = Standing(micro_batches=recipe.micro_batches)
    if recipe.start_from and not has_checkpoint(run_dir):
        standing.alone, standing.ramp = start_from(recipe, generator, discriminator, pictures.names)
        standing.judged_at = -1
    generator = generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    discriminator = discriminator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(generator, recipe.ema, recipe.ema_start)
    networks: dict[Side, nn.Module] = {"generator": generator, "discriminator": discriminator}
    optimisers: dict[Side, torch.optim.Optimizer] = {
        side: make_optimiser(recipe, network) for side, network in networks.items()
    }
    auxiliary: dict[Side, Auxiliaries] = {side: auxiliaries_of(recipe, side) for side in networks}

    precisions: dict[Side, Precision] = {side: Precision(device, recipe.precision) for side in networks}
    run = Run(
        run_dir,
        recipe.model_dump(mode="json"),
        standing,
        ({"labels": Names(pictures.names)} if pictures.names else {})
        | {**networks, "average": average}
        | {f"optimiser of the {side}": optimiser for side, optimiser in optimisers.items()}
        | {f"precision of the {side}": precision for side, precision in precisions.items()},
    )
    resumed = run.resume()
    taken_over = getattr(discriminator, "taken_over", False)
    if taken_over:  # what its optimiser knew is of weights in another order
        optimisers["discriminator"].state.clear()

    conditional = bool(pictures.names)

    def latents(labels: Tensor | None, count: int, *draw: int) -> Latents:
        return draw_latents(recipe, labels, count, seeds.seeded(recipe.seed, *draw, NOISE)).to(device)

    def losses_of(side: Side, real: Tensor, drawn: Latents, *draw: int) -> tuple[Loss, Tensor]:
        """The loss of one side for the pictures `real` and those drawn from `drawn`, which has their labels; and the latter."""
        shown = partial(augment, kinds=recipe.augment, generator=seeds.seeded(recipe.seed, *draw, AUGMENTATION))
        given: dict[str, Any] = {
            "real_labels": drawn.label,
            "fake_labels": drawn.label,
            "fake_latents": drawn.z,
            "fake_codes": drawn.codes,
            "conditional": recipe.condition in ("embed", "both"),
            "auxiliary": auxiliary[side],
        }
        with precisions[side].autocast():
            if side == "generator":
                fake = drawn.through(generator)
                check_shape(recipe, fake)
                compared = shown(real) if auxiliary[side] else None
                given |= {"original": real, "drawn": fake, "real": compared, "weight": recipe.adversarial_weight}
                return generator_loss(objective, discriminator, shown(fake), **given), fake
            with torch.no_grad():
                fake = drawn.through(generator)
            check_shape(recipe, fake)
            penalty = seeds.seeded(recipe.seed, *draw, PENALTY)
            return discriminator_loss(objective, discriminator, shown(real), shown(fake), penalty, **given), fake

    settling = latents(mixed_labels(pictures.names, SETTLING * AT_ONCE), SETTLING * AT_ONCE, FIXED)
    on_sheet = latents(even_labels(pictures.names, SHEET * SHEET), SHEET * SHEET, FIXED + 1)
    judge = QuickJudge(pictures)
    judged = latents(torch.from_numpy(judge.labels) if conditional else None, len(judge.labels), FIXED + 2)
    some, their_labels = pictures.batch(0, 0, WATCHED)
    data_spreads = spreads(some, their_labels if conditional else None)

    def drawing() -> dict[str, nn.Module]:
        """The networks that samples are drawn with, by what stands behind the names of their metrics."""
        chosen: dict[str, nn.Module] = {"": average.network} if recipe.sample_from != "orig" else {}
        if recipe.sample_from != "ema":
            chosen[" orig" if chosen else ""] = generator
        return {name: settled(network, settling) for name, network in chosen.items()}

    def sample() -> Path:
        return write_sheet([draw_pictures(network, on_sheet) for network in drawing().values()], run_dir, standing.step)

    def measuring() -> Events:
        """Returns the metrics of samples drawn now, by name; nothing where they cannot be judged."""
        metrics: dict[str, float] = {}
        for name, network in drawing().items():
            drawn: list[np.ndarray] = []
            for first in range(0, len(judged), AT_ONCE):
                yield Working("drawing samples to judge", first, len(judged))
                drawn.append(draw_pictures(network, judged.part(slice(first, first + AT_ONCE))))
            if drawn:
                yield Working("judging samples", len(judged), len(judged))
                metrics |= {key + name: value for key, value in judge.judge(np.concatenate(drawn)).items()}
        return metrics

    def judging() -> Events:
        best = {"average": average, "generator": generator}
        yield from judging_step(run, recipe.validate_every, recipe.steps, measuring, sample, best, obey)

    obey = partial(obey_command, run, sample)
    if recipe.start_from and not resumed and (told := new_labels(recipe.start_from, pictures.names)):
        yield Notice(told)
    if pictures.left_out:
        yield Notice(list_left_out(pictures.left_out))
    if conditional:
        counts = np.bincount(pictures.labels, minlength=len(pictures.names))
        told = ", ".join(f"“{name}” {number}" for name, number in zip(pictures.names, counts, strict=True))
        yield Notice(f"The labels, and how many pictures are trained on as each: {told}.")
    count = sum(weight.numel() for network in networks.values() for weight in network.parameters())
    losses: dict[str, float] = {}
    watched: dict[str, float] = {}
    started = time.perf_counter()

    try:
        yield from obey((yield Started(standing.step, recipe.steps, device.type, precisions["generator"].name, count)))
        if taken_over:
            yield from obey((yield Notice(TAKEN_OVER)))
        if not resumed or taken_over:
            yield from obey((yield from run.checkpoint()))
        yield from judging()  # a run that was stopped while it was judged
        while standing.step < recipe.steps and not (recipe.patience and standing.worse >= recipe.patience):
            step, turn = standing.step, standing.turn
            sides = turns(recipe.discriminator_steps, recipe.generator_steps)
            ramp = generator_ramp(step, standing.alone, standing.ramp)
            side = sides[turn]
            share = standing.rate_factor * schedules.share_of(recipe, step)
            rates: dict[Side, float] = {
                "generator": recipe.rate * share * ramp,
                "discriminator": recipe.discriminator_rate * share,
            }
            if rates[side] > 0:
                try:
                    with stepping.buffers_kept(*networks.values()):
                        real, labels = pictures.batch(step, turn, recipe.batch)
                        drawn = latents(labels if conditional else None, recipe.batch, step, turn)
                        pieces = stepping.split((real.to(device), *drawn.tensors), standing.micro_batches)
                        value = 0.0
                        for index, (part, (real, *tensors)) in enumerate(pieces):
                            if index:
                                yield from obey((yield Working("taking the step in parts", index, len(pieces))))
                            seeds.seed_parts(recipe.seed, step, turn, index)
                            found, fake = losses_of(side, real, drawn.like(tensors), step, turn, index)
                            value += stepping.finite(found.total * part, f"{side}'s loss")
                            precisions[side].backward(found.total * part)
                        for group in optimisers[side].param_groups:
                            group["lr"] = rates[side]
                        weights = stepping.parameters_of(networks[side])
                        precisions[side].step([optimisers[side]], weights, recipe.clip)
                except stepping.NotANumber as error:
                    yield from obey((yield run.roll_back(str(error))))
                    continue
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                    yield from obey((yield stepping.make_smaller(standing, recipe.batch)))
                    continue
                finally:
                    optimisers[side].zero_grad(set_to_none=True)
                losses[side] = value
                if side == "discriminator" and objective.clip:
                    clip_weights(discriminator, objective.clip)
                if (step + 1) % WATCH_EVERY == 0:
                    watched |= watch(objective, side, found.outputs, fake, data_spreads)
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
            yield from judging()
            if step % recipe.checkpoint_every == 0 or last:
                yield from obey((yield from run.checkpoint()))
            watched = {}
            started = time.perf_counter()
        if standing.step < recipe.steps:
            yield Notice(
                f"Validation has not got better for {standing.worse} measurements: training ends at step {standing.step}, "
                "as the recipe's “patience” asks."
            )
        if words := run.gained():
            yield Notice(words)
    finally:
        run.close()


def check_shape(recipe: ImageGeneration, fake: Tensor) -> None:
    """Raise RecipeError where the generator does not draw RGB pictures of the recipe's size."""
    if fake.shape[1:] != (3, recipe.size, recipe.size):
        raise RecipeError(
            f"The generator draws {tuple(fake.shape[1:])}, but “size” asks for {(3, recipe.size, recipe.size)}; correct either."
        )


@dataclass
class Names:
    """The labels' names, as a part of checkpoints: a run never goes on with others, or in another order."""

    names: tuple[str, ...]

    def state_dict(self) -> dict[str, Any]:
        """The names."""
        return {"names": list(self.names)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Raises ValueError where the names of `state` are others."""
        if tuple(state["names"]) != self.names:
            raise ValueError(
                f"its labels are {', '.join(state['names'])}, those of the pictures {', '.join(self.names)}"
            )


def watch(objective: Objective, side: Side, outputs: Outputs, fake: Tensor, data: dict[int, float]) -> dict[str, float]:
    """What guards look at: how far the discriminator is ahead, and how different samples are from one another.

    The spread is that within a label as a share of the data's, `data`, for the label where it is least.
    """
    if side == "generator":
        found = spreads(fake, outputs.fake_labels)
        shares = [value / max(data[label], 1e-6) for label, value in found.items() if label in data]
        return {"spread": min(shares)} if shares else {}
    assert outputs.real_logits is not None and outputs.fake_logits is not None
    lead = discriminator_lead(objective, outputs.real_logits, outputs.fake_logits)
    return {} if lead is None else {"lead": lead}
