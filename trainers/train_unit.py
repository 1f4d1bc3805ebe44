"""UNIT: two encoders and two generators with a shared latent space learn to translate between two domains without pairs.

The loop of Liu, Breuel & Kautz 2017: in turn the discriminators are stepped on real and translated pictures, and the
encoders and generators on reconstruction, KL, the game and the cycle (equations 2 to 8, `trainers.adversarial.unit_losses`).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainers import seeds
from trainers.adversarial.augment import augment
from trainers.adversarial.perceptual import find_perceptual
from trainers.adversarial.sides import Side, clip_weights, discriminator_lead, discriminator_loss, generator_ramp, turns
from trainers.adversarial.start import start_translation_from
from trainers.adversarial.unit_losses import Batch, Pool, check_shape, generators_loss, parts_of, translated
from trainers.adversarial.unit_samples import Judge, write_sheet
from trainers.data.photos import list_left_out
from trainers.data.translation import Pictures, read_pictures
from trainers.loop import schedules, stepping
from trainers.loop.checkpoint import has_checkpoint, remove_leftovers
from trainers.loop.device import Precision, choose_device, is_out_of_memory
from trainers.loop.ema import Average
from trainers.loop.optimisers import make_optimiser
from trainers.loop.run_state import Run, Standing
from trainers.loop.run_state import obey as obey_command
from trainers.loop.validation import judging_step
from trainers.losses.tables import objective_of
from trainers.networks.make import make_discriminators, make_translator
from trainers.networks.unit import initialise
from trainers.recipes.recipe import ImageTranslation
from trainers.runs.events import Event, Notice, Sample, Started, Step, TrainerCommand, Working

WATCH_EVERY = 10  # steps between two looks at what guards watch
# What a draw is for: every draw is a function of (seed, step, turn, purpose).
FIRST_WEIGHTS, NOISE, PENALTY, POOL, AUGMENT = range(5)

Events = Generator[Event, TrainerCommand | None, Any]


def train(recipe: ImageTranslation, run_dir: Path) -> Events:
    """Train as `recipe` says, in `run_dir`, going on from its checkpoint if there is one.

    Yields what happens and takes commands back, once it has yielded Started. Closing the generator at any yield saves a
    checkpoint of the last whole update, be it the discriminators'. Raises RecipeError where the recipe cannot be followed.
    """
    device = choose_device(recipe.device)
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_leftovers(run_dir)
    objective = objective_of(recipe)
    draws = seeds.seeded(recipe.seed, FIRST_WEIGHTS)
    seeds.seed_parts(recipe.seed)
    network: Any = make_translator(recipe.network)
    discriminators = make_discriminators(recipe)
    for part, module in ((recipe.network, network), (recipe.discriminator, discriminators)):
        if ":" not in part.kind:  # a network of a person's own draws its first weights itself
            initialise(module, draws)
    standing = Standing(micro_batches=recipe.micro_batches)
    if recipe.start_from and not has_checkpoint(run_dir):
        standing.alone, standing.ramp = start_translation_from(recipe, network, discriminators)
        standing.judged_at = -1
    network = network.to(device, memory_format=torch.channels_last)
    discriminators = discriminators.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    perceptual, missing = find_perceptual(recipe.features if recipe.weights.perceptual else None, device)
    if bool(recipe.weights.perceptual) != bool(recipe.features):
        missing = "The perceptual term is left out: it needs both “features” and its weight above 0."
    pictures: Pictures = yield from read_pictures(recipe)
    average = Average(network, recipe.ema, recipe.ema_start)
    networks: dict[Side, nn.Module] = {"generator": network, "discriminator": discriminators}
    optimisers: dict[Side, torch.optim.Optimizer] = {
        side: make_optimiser(recipe, module) for side, module in networks.items()
    }
    precisions: dict[Side, Precision] = {side: Precision(device, recipe.precision) for side in networks}
    pool = Pool(recipe.pool)
    reconstructing = parts_of(network) > 0
    weights = recipe.weights.model_dump()
    first, second = pictures.domains
    ranges = (first.sky_ranges, first.ground_range), (second.sky_ranges, second.ground_range)
    run = Run(
        run_dir,
        recipe.model_dump(mode="json"),
        standing,
        {**networks, "average": average, "pool": pool}
        | {f"optimiser of the {side}": optimiser for side, optimiser in optimisers.items()}
        | {f"precision of the {side}": precision for side, precision in precisions.items()},
    )
    resumed = run.resume()

    def noise_at(step: int, turn: int, first: int) -> Any:
        """The source of noise for the part of a batch that begins with picture number `first`."""

        def noise(mean: Tensor, which: str) -> Tensor:
            purpose = ("latent 0", "latent 1", "cycle 0", "cycle 1").index(which)
            drawn = [
                torch.randn(
                    mean.shape[1:], generator=seeds.seeded(recipe.seed, step, turn, NOISE, purpose, first + index)
                )
                for index in range(len(mean))
            ]
            return torch.stack(drawn).to(mean.device)

        return noise

    def from_pool(step: int, turn: int) -> list[Tensor]:
        """A batch of the pool's pictures of either domain, where there are any."""
        drawn = [pool.draw(d, recipe.batch, seeds.seeded(recipe.seed, step, turn, POOL, d)) for d in (0, 1)]
        return [t.to(device, memory_format=torch.channels_last) for t in drawn if t is not None]

    def discriminators_loss(
        real: tuple[Tensor, Tensor], sources: tuple[Tensor, Tensor], kept: Sequence[Tensor], noise: Any, *draw: int
    ) -> Any:
        """The discriminators' loss on real pictures and translated ones, from the pool or made of `sources`: equation 5."""
        found: list[Any] = []
        for d in (0, 1):
            if kept:
                fake = kept[d]
            else:
                fake = translated(network, sources[1 - d], 1 - d, noise if reconstructing else None)
                check_shape(fake, real[d])
            penalty = seeds.seeded(recipe.seed, *draw, PENALTY, d)
            changed = changed_at(*draw)
            seen = (changed(real[d], d), changed(fake, 2 + d)) if recipe.augment else (real[d], fake)
            found.append(discriminator_loss(objective, discriminators.of(d), *seen, penalty))
        return found

    def changed_at(*draw: int) -> Any:
        """What changes pictures at random before a discriminator sees them, for the part of a batch of these numbers."""
        return lambda pictures, which: augment(
            pictures, recipe.augment, seeds.seeded(recipe.seed, *draw, AUGMENT, which)
        )

    judge = Judge(recipe, [domain.held_out for domain in pictures.domains])

    def sample() -> Path:
        return write_sheet(average.network, pictures, run_dir, standing.step)

    def judging() -> Events:
        measure = partial(judge.judging, average.network)
        yield from judging_step(run, recipe.validate_every, recipe.steps, measure, sample, {"average": average}, obey)

    obey = partial(obey_command, run, sample)
    if pictures.left_out:
        yield Notice(list_left_out(pictures.left_out))
    for words in (*pictures.told, *([missing] if missing else ())):
        yield Notice(words)
    if not judge.can_judge:
        yield Notice("There are too few pictures held out, or they are too dark or small: nothing is measured.")
    count = sum(weight.numel() for module in networks.values() for weight in module.parameters())
    losses: dict[str, float] = {}
    watched: dict[str, float] = {}
    started = time.perf_counter()

    try:
        yield from obey((yield Started(standing.step, recipe.steps, device.type, precisions["generator"].name, count)))
        if not resumed:
            yield from obey((yield from run.checkpoint()))
            if standing.judged_at == 0:  # otherwise the start is judged, and shown with that
                yield from obey((yield Sample(0, str((yield from run.holding(sample))))))
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
                        batch = [t.to(device) for d in (0, 1) for t in pictures.batch(step, turn, d, recipe.batch)]
                        if side == "discriminator" and recipe.pool:
                            batch += from_pool(step, turn)
                        if side == "generator" and recipe.skies:
                            batch += [pictures.skies(step, turn, d, recipe.batch).to(device) for d in (0, 1)]
                        pieces = stepping.split(batch, standing.micro_batches)
                        values: dict[str, float] = {}
                        fresh: list[tuple[Tensor, Tensor]] = []
                        leads: list[float] = []
                        first = 0
                        for index, (part, (real0, source0, real1, source1, *more)) in enumerate(pieces):
                            if index:
                                yield from obey((yield Working("taking the step in parts", index, len(pieces))))
                            seeds.seed_parts(recipe.seed, step, turn, index)
                            noise, draw = noise_at(step, turn, first), (step, turn, first)
                            first += len(real0)
                            with precisions[side].autocast():
                                if side == "generator":
                                    found = generators_loss(
                                        network,
                                        discriminators,
                                        objective,
                                        Batch(
                                            (source0, source1),
                                            (real0, real1),
                                            (more[0], more[1]) if more else None,
                                            ranges,
                                        ),
                                        noise,
                                        weights,
                                        reconstructing=reconstructing,
                                        cycle=recipe.cycle,
                                        perceptual=perceptual,
                                        changed=changed_at(*draw) if recipe.augment else None,
                                    )
                                    check_shape(found.fakes[1], source0)
                                    total, terms = found.total, found.terms
                                    fresh.append((found.fakes[0].detach(), found.fakes[1].detach()))
                                else:
                                    both = discriminators_loss((real0, real1), (source0, source1), more, noise, *draw)
                                    total = both[0].total + both[1].total
                                    terms = {"discriminator₁": both[0].total, "discriminator₂": both[1].total}
                            stepping.finite(total * part, f"{side}'s loss")
                            for name, term in terms.items():
                                values[name] = values.get(name, 0.0) + float(term.detach()) * part
                            precisions[side].backward(total * part)
                            if side == "discriminator" and (step + 1) % WATCH_EVERY == 0:
                                seen = [
                                    discriminator_lead(objective, of.outputs.real_logits, of.outputs.fake_logits)
                                    for of in both
                                ]
                                leads += [lead for lead in seen if lead is not None]
                        for group in optimisers[side].param_groups:
                            group["lr"] = rates[side]
                        precisions[side].step([optimisers[side]], stepping.parameters_of(networks[side]), recipe.clip)
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
                losses |= values
                if leads:
                    watched["lead"] = sum(leads) / len(leads)
                if recipe.pool:
                    for fakes in fresh:
                        for d in (0, 1):
                            pool.add(d, fakes[d])
                if side == "discriminator" and objective.clip:
                    clip_weights(discriminators, objective.clip)
            standing.turn = (turn + 1) % len(sides)
            if standing.turn:
                continue
            average.update(network)
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
