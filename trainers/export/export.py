"""From a trained network to its model files: ONNX with a card, the companion beside it, opened again and compared."""

from __future__ import annotations

import contextlib
import copy
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from engines.errors import ModelError
from engines.models.card import ModelCard, write_card
from engines.models.model import open_model
from engines.models.pair import back_of, companion_of
from trainers.export.folding import with_norms_folded
from trainers.export.footprint import measure_memory, measure_overlap
from trainers.export.onnx_graph import PREFIX, free, rounded_to_half, smallest, store_half, to_onnx
from trainers.export.publish import publish, publish_together
from trainers.networks.companion import companion_bytes
from trainers.networks.unit import MULTIPLE, Translation
from trainers.networks.weights import initializers_of

Precision = Literal["float32", "fp16"]

SHAPES = ((64, 64), (63, 41), (80, 136))  # where torch and the file are compared: even, odd, not square
COUNTS = (1, 2, 5)  # of latents for which they are compared
TOLERANCE = 1e-3  # of [0, 1]: a quarter of an 8-bit level


class Published(nn.Module):
    """A network as its file has it: the output clamped to [0, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image).clamp(0, 1)


class PublishedGenerator(nn.Module):
    """A generator as its file has it: from `z`, and `conditions` by their names, to pictures in [0, 1], not [-1, 1]."""

    def __init__(self, network: nn.Module, names: Sequence[str] = ()) -> None:
        super().__init__()
        self.network = network
        self.names = tuple(names)

    def forward(self, z: Tensor, first: Tensor | None = None, second: Tensor | None = None) -> Tensor:
        picture = self.network(z, **dict(zip(self.names, (first, second), strict=False)))
        return (picture * 0.5 + 0.5).clamp(0, 1)


class PublishedTranslation(nn.Module):
    """A translation as its file has it: pictures in [0, 1] to pictures in [0, 1], not [-1, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return (self.network(image * 2 - 1) * 0.5 + 0.5).clamp(0, 1)


class PublishedRelighting(nn.Module):
    """A translation of the head "grid" as its file has it: pictures in [0, 1] to the grid and the lights for them.

    Both in the unit of those pictures: a constant of a colour map, and light, are half of what they are in [-1, 1].
    """

    def __init__(self, network: Translation) -> None:
        super().__init__()
        self.network = network
        self.scales: Tensor
        self.register_buffer("scales", torch.tensor([1.0, 1.0, 1.0, 0.5]), persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        grid, lights = self.network.made_of(image * 2 - 1)
        scales = self.scales.repeat(grid.shape[1] // 4)[:, None, None]
        return grid * scales, lights * 0.5


@dataclass(frozen=True)
class Parity:
    """The largest difference between torch and the file, in [0, 1], for each compared shape of the input's free sides."""

    largest: dict[tuple[int, ...], float]


def fold(network: nn.Module) -> nn.Module:
    """The network as it runs after training: a network with a `folded()` method of its own is replaced by its result."""
    folded = getattr(network, "folded", None)
    result: Any = folded() if callable(folded) else network
    return result


def export_superres(network: nn.Module, card: ModelCard, target: Path, *, precision: Precision = "float32") -> Parity:
    """Write `network` as an upscaling model with `card`, and its companion; each appears only when it is whole and true.

    With `precision` "fp16" all but the smallest weights are stored so, and computed with in float32. The card's
    precision, overlap and memory are set here. Raises ModelError where the file does not compute what torch computes.
    """
    network, folded = _ready(network, precision)
    scale = card.scale or 1
    published = Published(folded).eval()
    shapes = {"image": {0: free("N"), 2: free("H"), 3: free("W")}}
    model = to_onnx(published, [torch.rand(2, 3, 24, 32)], ["image"], shapes)
    card = replace(card, overlap=measure_overlap(folded, scale), memory=measure_memory(model))
    compared = [{"image": _noise(1, 3, *shape)} for shape in SHAPES]
    return _write(network, published, model, card, target, precision, compared, {})


def export_generator(
    network: nn.Module,
    card: ModelCard,
    target: Path,
    *,
    precision: Precision = "float32",
    further: Mapping[str, nn.Module] | None = None,
) -> Parity:
    """Write `network` as a model that generates pictures, with `card`, and its companion, as `export_superres` does.

    `network` takes `z` (N, `card.latent_size`), `label` int64 (N) where `card.labels` names classes, and `codes` float32
    (N, K) where `card.controls` has codes, to pictures in [-1, 1]; the file gives them in [0, 1]. The modules in `further`,
    such as the "discriminator", go into the companion under their names, so that training can go on.
    """
    network, folded = _ready(network, precision, lambda it: with_norms_folded(fold(it)))
    n = free("N")
    compared = [_latents(card, count) for count in COUNTS]
    names = list(compared[0])
    published = PublishedGenerator(folded, names[1:]).eval()
    example = [torch.from_numpy(array) for array in _latents(card, 3).values()]
    model = to_onnx(published, example, names, {name: {0: n} for name in names})
    return _write(network, published, model, card, target, precision, compared, further or {})


def export_translation(
    network: nn.Module,
    cards: tuple[ModelCard, ModelCard],
    target: Path,
    *,
    precision: Precision = "float32",
    further: Mapping[str, nn.Module] | None = None,
) -> tuple[Parity, Parity]:
    """Write `network`, of two domains, as two models that translate pictures: `target` from the first to the second, and
    NAME.back.onnx. All that `export_superres` says of a model and its card holds for both; they appear together.

    A direction takes and gives RGB in [-1, 1], (N, 3, H, W) with sides that are multiples of `card.size.multiple_of`. The
    companion, which both share, holds the modules in `further`, such as the "discriminator", under their names, and of the
    weights of `network` those that neither file has.
    """
    network, _ = _ready(network, "float32")
    models: dict[Path, tuple[bytes, Callable[[Path], Parity]]] = {}
    there: dict[str, Tensor] = {}
    for source, path in enumerate((target, back_of(target))):
        card = cards[source]
        _, folded = _ready(Translation(network, source), precision)
        multiple = card.size.multiple_of
        published: nn.Module
        if card.outputs:
            published = PublishedRelighting(folded).eval()  # type: ignore[arg-type]
        else:
            published = PublishedTranslation(folded).eval()
        shapes = {"image": {0: free("N"), 2: multiple * free("H"), 3: multiple * free("W")}}
        example = torch.rand(2, 3, 16 * MULTIPLE, 24 * MULTIPLE if multiple == MULTIPLE else 32 * MULTIPLE)
        model = to_onnx(published, [example], ["image"], shapes, card.outputs or ("output",))
        # What relights sees the whole picture, and its cells are nothing that tiles could be made of.
        overlap = math.inf if card.outputs else measure_overlap(published, 1, multiple=multiple)
        card = replace(card, overlap=overlap, memory=measure_memory(model))
        sides = [tuple(math.ceil(side / multiple) * multiple for side in shape) for shape in SHAPES]
        compared = [{"image": _noise(1, 3, *shape)} for shape in sides]
        content = _finished(published, model, card, precision)
        models[path] = content, partial(compare, published, compared=compared)
        there |= initializers_of(model)
    companion = companion_bytes(there, network, further or {}, {"recipe": cards[0].recipe, "name": cards[0].name})
    first, second = publish_together(models, {companion_of(target): companion})
    # One of an earlier Duskroom would hold the other half of weights that are no longer these.
    with contextlib.suppress(OSError):
        companion_of(back_of(target)).unlink()
    return first, second


def _latents(card: ModelCard, count: int) -> dict[str, np.ndarray]:
    if not card.latent_size:
        raise ModelError("The card of a generator must say its latent size; correct the trainer.")
    random = np.random.RandomState(count)
    inputs: dict[str, np.ndarray] = {"z": random.standard_normal((count, card.latent_size)).astype(np.float32)}
    if card.labels:
        inputs["label"] = random.randint(0, len(card.labels), count).astype(np.int64)
    codes = sorted((c for c in card.controls.values() if "column" in c), key=lambda code: code["column"])
    if codes:
        columns = [
            random.randint(0, code["values"], count) if "values" in code else random.uniform(-1, 1, count)
            for code in codes
        ]
        inputs["codes"] = np.stack(columns, axis=1).astype(np.float32)
    return inputs


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).random(shape, dtype=np.float32)


def _ready(
    network: nn.Module, precision: Precision, simplified: Callable[[nn.Module], nn.Module] = fold
) -> tuple[nn.Module, nn.Module]:
    """`network` on the CPU in float32, and a copy of it as it is published: folded, its weights rounded if need be."""
    network = network.to("cpu", torch.float32, memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    folded = simplified(network).eval()
    if precision == "fp16":
        folded = rounded_to_half(copy.deepcopy(folded))
    return network, folded


def _write(
    network: nn.Module,
    published: nn.Module,
    model: onnx.ModelProto,
    card: ModelCard,
    target: Path,
    precision: Precision,
    compared: list[dict[str, np.ndarray]],
    further: Mapping[str, nn.Module],
) -> Parity:
    """Write `model`, the graph of `published`, and the companion of `network` once both compute the same."""
    content = _finished(published, model, card, precision)
    notes = {"recipe": card.recipe, "name": card.name}
    companion = companion_bytes(initializers_of(model), network, further, notes)
    return publish(
        target,
        content,
        partial(compare, published, compared=compared),
        {companion_of(target): companion},
    )


def _finished(published: nn.Module, model: onnx.ModelProto, card: ModelCard, precision: Precision) -> bytes:
    """The file of `model`, the graph of `published`: its weights stored in `precision`, and its card in it."""
    if precision == "fp16":
        halved = {name for name, _ in published.named_parameters()} - smallest(published)
        store_half(model, {name.removeprefix(PREFIX) for name in halved})
    write_card(model, replace(card, precision=precision))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def compare(published: nn.Module, path: Path, compared: list[dict[str, np.ndarray]]) -> Parity:
    """Run the file at `path` and `published` on the same inputs. Raises ModelError where they differ."""
    largest: dict[tuple[int, ...], float] = {}
    model = open_model(path, device="cpu")
    try:
        for inputs in compared:
            first, *rest = inputs
            shape = inputs[first].shape
            with torch.no_grad():
                expected = published(*(torch.from_numpy(array) for array in inputs.values()))
            wanted = [one.numpy() for one in (expected if isinstance(expected, tuple) else (expected,))]
            outputs = model.run_all(inputs[first], extra={name: inputs[name] for name in rest})
            if [one.shape for one in outputs] != [one.shape for one in wanted] or not _promised(
                outputs[-1], inputs[first], model.card
            ):
                given = " and ".join(str(one.shape) for one in outputs)
                raise ModelError(f"The exported model gives {given} for {shape}; correct the network's scale.")
            difference = max(float(np.abs(a - b).max()) for a, b in zip(outputs, wanted, strict=True))
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"The exported model differs from the trained network by {difference:.4f} at "
                    f"{'×'.join(map(str, shape))}; an operation of the network is exported wrongly, replace it."
                )
            largest[shape[2:] or shape[:1]] = difference
    finally:
        model.close()
    return Parity(largest)


def _promised(output: np.ndarray, given: np.ndarray, card: ModelCard) -> bool:
    """Whether `output` has the shape that `card` promises for the input `given`."""
    if card.task == "image-generation":
        side = card.output_size
        return side is None or output.shape == (given.shape[0], 3, side, side)
    scale = card.scale or 1
    return output.shape == (*given.shape[:2], scale * given.shape[2], scale * given.shape[3])


def recipe_text(recipe: Mapping[str, object]) -> str:
    """A recipe as the one-line JSON that a card carries."""
    return json.dumps(recipe, ensure_ascii=False, separators=(",", ":"))
