"""From a trained network to a model file: ONNX with its card, its companion beside it, opened again and compared."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn

from engines.card import ModelCard, read_card, write_card
from engines.errors import ModelError, TargetError
from engines.model import open_model

COMPANION = ".training.safetensors"
OPSET = 18
SHAPES = ((64, 64), (63, 41), (80, 136))  # where torch and the file are compared: even, odd, not square
TOLERANCE = 1e-3  # of [0, 1]: a quarter of an 8-bit level
PREFIX = "network."


class Published(nn.Module):
    """A network as its file has it: the output clamped to [0, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image).clamp(0, 1)


@dataclass(frozen=True)
class Parity:
    """The largest difference between torch and the file, in [0, 1], for each compared (height, width)."""

    largest: dict[tuple[int, int], float]


def companion_of(model: Path) -> Path:
    """Where the companion of the model file `model` lies."""
    return model.with_name(model.stem + COMPANION)


def fold(network: nn.Module) -> nn.Module:
    """The network as it runs after training: a network with a `folded()` method of its own is replaced by its result."""
    folded = getattr(network, "folded", None)
    return folded() if callable(folded) else network


def export_superres(network: nn.Module, card: ModelCard, target: Path) -> Parity:
    """Write `network` as an upscaling model with `card`, and its companion; each appears only when it is whole and true.

    The card's overlap and memory are measured here. Raises ModelError where the file does not compute what torch computes.
    """
    network = network.to("cpu", torch.float32, memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    folded = fold(network).eval()
    scale = card.scale or 1
    model = to_onnx(Published(folded))
    card = replace(card, overlap=measure_overlap(folded, scale), memory=measure_memory(model))
    write_card(model, card)
    onnx.checker.check_model(model, full_check=True)

    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part.onnx")
    companion = companion_of(target)
    temporary_companion = companion.with_name(f".{companion.name}.{os.getpid()}.part")
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(temporary, model.SerializeToString())
        parity = compare(folded, temporary, scale)
        _write(temporary_companion, safetensors_bytes(weights, {"recipe": card.recipe, "name": card.name}))
        os.replace(temporary_companion, companion)
        os.replace(temporary, target)
    except OSError as error:
        raise TargetError(
            f"The model cannot be written to “{target}” ({error.strerror or error}); make room, or name another place."
        ) from error
    finally:
        for leftover in (temporary, temporary_companion):
            with contextlib.suppress(OSError):
                leftover.unlink()
    return parity


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def to_onnx(network: nn.Module) -> onnx.ModelProto:
    """The graph of `network`, `image` [N, 3, H, W] to `output`, all but the channels dynamic; weights keep their names."""
    n, h, w = torch.export.Dim("N", min=1), torch.export.Dim("H", min=1), torch.export.Dim("W", min=1)
    buffer = io.BytesIO()
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (torch.rand(2, 3, 24, 32),),
                buffer,
                input_names=["image"],
                output_names=["output"],
                opset_version=OPSET,
                dynamic_shapes={"image": {0: n, 2: h, 3: w}},
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    finally:
        quiet.setLevel(level)
    model = onnx.load_from_string(buffer.getvalue())
    _strip(model)
    return model


def _strip(model: onnx.ModelProto) -> None:
    """Take out what the exporter noted about this machine's source files, and our wrapper's prefix on names."""
    graph = model.graph
    names = {tensor.name for tensor in graph.initializer if tensor.name.startswith(PREFIX)}
    for tensor in graph.initializer:
        if tensor.name in names:
            tensor.name = tensor.name.removeprefix(PREFIX)
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name in names:
                node.input[i] = name.removeprefix(PREFIX)
        del node.metadata_props[:]
        node.doc_string = ""
    for value in graph.value_info:
        if value.name in names:
            value.name = value.name.removeprefix(PREFIX)
    for item in [*graph.value_info, *graph.input, *graph.output, *graph.initializer]:
        del item.metadata_props[:]
        item.doc_string = ""
    del graph.metadata_props[:]
    del model.metadata_props[:]
    graph.doc_string = model.doc_string = ""


def compare(network: nn.Module, path: Path, scale: int) -> Parity:
    """Run the file at `path` and `network` on the same noise at `SHAPES`. Raises ModelError where they differ."""
    published = Published(network).eval()
    largest: dict[tuple[int, int], float] = {}
    random = np.random.default_rng(0)
    model = open_model(path, device="cpu")
    try:
        for height, width in SHAPES:
            image = random.random((1, 3, height, width), dtype=np.float32)
            with torch.no_grad():
                expected = published(torch.from_numpy(image)).numpy()
            output = model.run(image)
            if output.shape != (1, 3, scale * height, scale * width):
                raise ModelError(
                    f"The exported model gives {output.shape} for {image.shape}; correct the network's scale."
                )
            difference = float(np.abs(output - expected).max())
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"The exported model differs from the trained network by {difference:.4f} at {height}×{width}; "
                    "an operation of the network is exported wrongly, replace it."
                )
            largest[(height, width)] = difference
    finally:
        model.close()
    return Parity(largest)


def measure_reach(network: nn.Module, scale: int) -> float:
    """How many pixels away an input pixel still reaches an output pixel; infinite where all of them reach all.

    One input pixel is made NaN: wherever the output is NaN, it was reached.
    """
    for half in (32, 96):
        side = 2 * half + 1
        image = torch.rand(1, 3, side, side)
        image[0, :, half, half] = math.nan
        with torch.no_grad():
            reached = network(image).isnan().any(dim=1)[0]
        rows = torch.nonzero(reached.any(dim=1)).flatten()
        columns = torch.nonzero(reached.any(dim=0)).flatten()
        if len(rows) == 0:
            raise ModelError("The network's output does not depend on its input; train it, or correct it.")
        first = min(int(rows[0]), int(columns[0])) / scale
        last = (max(int(rows[-1]), int(columns[-1])) + 1) / scale
        reach = math.ceil(max(half - first, last - (half + 1)))
        if reach < half:
            return float(reach)
    return math.inf


def measure_overlap(network: nn.Module, scale: int) -> float:
    """How many pixels of surroundings a tile needs for its output to be what the whole picture's would be.

    At most the network's reach; less where what lies further away moves no output by as much as half an 8-bit level. The
    far parts of a deep network's reach hardly count, and every pixel of overlap is computed twice. Judged on content
    harsher than any photograph: noise, and blocks of random saturated colours, cut through by a border.
    """
    reach = measure_reach(network, scale)
    if math.isinf(reach) or reach <= 1:
        return reach
    random = torch.Generator().manual_seed(0)
    most, side = int(reach), max(64, 3 * int(reach)) // 8 * 8 + 8
    noise = torch.rand(1, 3, side, 2 * side, generator=random)
    images = [noise]
    for block in (4, 8):
        coarse = torch.randint(0, 2, (1, 3, side // block, 2 * side // block), generator=random).float()
        images.append(coarse.repeat_interleave(block, 2).repeat_interleave(block, 3))
    enough = 1
    published = Published(network).eval()
    for image in images:
        for turned in (image, image.mT.contiguous().flip(2)):
            with torch.no_grad():
                whole = published(turned)
                for overlap in range(most - 1, enough - 1, -1):
                    start = most - overlap
                    cut = published(turned[..., start:].contiguous())[..., overlap * scale :]
                    if float((cut - whole[..., most * scale :]).abs().max()) * 255 >= 0.5:
                        enough = overlap + 1
                        break
    return float(enough)


def measure_memory(model: onnx.ModelProto, side: int = 64) -> float:
    """The most bytes of activations that are alive at one time while the graph runs in order, for each input pixel."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for place, length in zip(fixed.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side), strict=True):
        place.dim_value = length
    del fixed.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(fixed, data_prop=True).graph
    sizes = {
        value.name: 4 * math.prod(max(1, length.dim_value) for length in value.type.tensor_type.shape.dim)
        for value in [*graph.input, *graph.value_info, *graph.output]
    }
    last_use = {name: place for place, node in enumerate(graph.node) for name in node.input}
    alive: dict[str, int] = {graph.input[0].name: sizes[graph.input[0].name]}
    most = 0
    for place, node in enumerate(graph.node):
        alive |= {name: sizes.get(name, 0) for name in node.output}
        most = max(most, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if last_use.get(name, len(graph.node)) > place}
    return round(most / side**2, 1)


def read_weights(path: Path, network: nn.Module) -> Mapping[str, Tensor]:
    """The weights that `network` needs, from the model file at `path` (float32) and, for what it lacks, its companion.

    Raises ModelError where a weight is missing or of another shape.
    """
    try:
        model = onnx.load(path, load_external_data=False)
        read_card(path)
        weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    except OSError as error:
        raise ModelError(f"The model “{path}” cannot be read ({error.strerror}); check the path.") from error
    companion = companion_of(path)
    if companion.exists():
        for name, value in load_file(companion).items():
            if name not in weights or weights[name].shape != value.shape:
                weights[name] = value.float()
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in weights or weights[name].shape != value.shape:
            raise ModelError(
                f"“{path.name}” has no weight “{name}” of shape {tuple(value.shape)}; it is another network."
            )
    return {name: weights[name].to(value.dtype) for name, value in wanted.items()}


def recipe_text(recipe: Mapping[str, object]) -> str:
    """A recipe as the one-line JSON that a card carries."""
    return json.dumps(recipe, ensure_ascii=False, separators=(",", ":"))
