"""Tiny but true model files for tests: real graphs with real cards, run by the real ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engines.models.card import GRID_AND_LIGHTS, ModelCard, Size, write_card

OPSET = 18


def card_for(scale: int = 2, **changes: object) -> ModelCard:
    """A card for an upscaling model, with `changes` to its fields."""
    card = ModelCard(task="super-resolution", name=f"Tiny ×{scale}", description="For tests.", scale=scale, overlap=1)
    return replace(card, **changes)  # type: ignore[arg-type]


def save_model(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    card: ModelCard | None = None,
    outputs: tuple[str, ...] = ("output",),
) -> Path:
    """Write a model of `nodes` from `image` to `outputs`, with `card` unless it is None."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, "H", "W"])
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", None, None, None]) for name in outputs]
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", [image], given, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    if card is not None:
        write_card(model, card)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def tiny_superres(path: Path, scale: int = 2, *, card: ModelCard | None = None, hidden: int = 8) -> Path:
    """A model that enlarges `scale` times: two 3×3 convolutions with seeded weights and a pixel shuffle.

    Its output stays near the nearest-neighbour enlargement, so pictures remain recognisable. It sees 2 pixels each way.
    """
    random = np.random.default_rng(scale)
    head = (random.standard_normal((hidden, 3, 3, 3)) * 0.05).astype(np.float32)
    tail = (random.standard_normal((3 * scale * scale, hidden, 3, 3)) * 0.02).astype(np.float32)
    for colour in range(3):
        head[colour] = 0
        head[colour, colour, 1, 1] = 1
        for place in range(scale * scale):
            tail[colour * scale * scale + place, colour, 1, 1] += 1
    order = np.array([0.0], np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "head"], ["wide"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("Conv", ["active", "tail"], ["folded"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["folded"], ["raw"], blocksize=scale, mode="CRD"),
        helper.make_node("Clip", ["raw", "low", "high"], ["output"]),
    ]
    weights = {"head": head, "tail": tail, "low": order[0], "high": np.float32(1)}
    return save_model(path, nodes, {k: np.asarray(v) for k, v in weights.items()}, card or card_for(scale, overlap=2))


def broken_output(path: Path, what: str, scale: int = 2) -> Path:
    """A model whose card promises ×`scale`, but which returns "nan", "black" or the wrong "shape"."""
    sizes = np.array([1, 1, scale, scale], np.float32)
    factor = {"nan": np.nan, "black": 0.0, "shape": 1.0}[what]
    if what == "shape":
        sizes = np.array([1, 1, scale + 1, scale + 1], np.float32)
    nodes = [
        helper.make_node("Resize", ["image", "", "sizes"], ["large"], mode="nearest"),
        helper.make_node("Mul", ["large", "factor"], ["output"]),
    ]
    return save_model(path, nodes, {"sizes": sizes, "factor": np.array(factor, np.float32)}, card_for(scale, overlap=1))


def translation_card(**changes: object) -> ModelCard:
    """A card for a model that translates day to night, with `changes` to its fields."""
    card = ModelCard(
        task="image-translation", name="Tiny night", description="For tests.", domains=("day", "night"), overlap=2
    )
    return replace(card, **changes)  # type: ignore[arg-type]


def tiny_translation(path: Path, *, card: ModelCard | None = None, hidden: int = 8, night: bool = True) -> Path:
    """A model that darkens a picture and turns it blue (or, not `night`, brightens it): two 3×3 convolutions.

    It keeps shapes, adds some texture by seeded weights, and sees 2 pixels each way.
    """
    random = np.random.default_rng(7)
    head = (random.standard_normal((hidden, 3, 3, 3)) * 0.05).astype(np.float32)
    tail = (random.standard_normal((3, hidden, 3, 3)) * 0.02).astype(np.float32)
    for colour, gain in enumerate((0.25, 0.3, 0.5) if night else (1.4, 1.3, 1.1)):
        head[colour] = 0
        head[colour, colour, 1, 1] = 1
        tail[colour, colour, 1, 1] += gain
    nodes = [
        helper.make_node("Conv", ["image", "head"], ["wide"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("Conv", ["active", "tail"], ["raw"], pads=[1, 1, 1, 1]),
        helper.make_node("Clip", ["raw", "low", "high"], ["output"]),
    ]
    weights = {"head": head, "tail": tail, "low": np.array(0, np.float32), "high": np.array(1, np.float32)}
    return save_model(path, nodes, weights, card or translation_card())


def folded_translation(path: Path, *, card: ModelCard | None = None) -> Path:
    """A model that, as UNIT's do, works at a quarter of the size: sides are multiples of 4, and it sees 7 pixels each way."""
    random = np.random.default_rng(8)
    down = (random.standard_normal((24, 3, 4, 4)) * 0.04).astype(np.float32)
    body = (random.standard_normal((24, 24, 3, 3)) * 0.05).astype(np.float32)
    up = (random.standard_normal((24, 3, 1, 1)) * 0.1).repeat(4, 2).repeat(4, 3).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "down"], ["folded"], strides=[4, 4]),
        helper.make_node("LeakyRelu", ["folded"], ["active"]),
        helper.make_node("Conv", ["active", "body"], ["changed"], pads=[1, 1, 1, 1]),
        helper.make_node("ConvTranspose", ["changed", "up"], ["large"], strides=[4, 4]),
        helper.make_node("Mul", ["image", "gain"], ["dim"]),
        helper.make_node("Add", ["dim", "large"], ["raw"]),
        helper.make_node("Clip", ["raw", "low", "high"], ["output"]),
    ]
    weights = {
        "down": down,
        "body": body,
        "up": up,
        "gain": np.array([0.3, 0.35, 0.5], np.float32).reshape(1, 3, 1, 1),
        "low": np.array(0, np.float32),
        "high": np.array(1, np.float32),
    }
    return save_model(path, nodes, weights, card or translation_card(name="Tiny folded", overlap=7, size=Size(8, 4)))


def broken_translation(path: Path, what: str) -> Path:
    """A model that returns "nan", "black" or the wrong "shape" instead of a night."""
    sizes = np.array([1, 1, 2, 2] if what == "shape" else [1, 1, 1, 1], np.float32)
    factor = {"nan": np.nan, "black": 0.0, "shape": 1.0}[what]
    nodes = [
        helper.make_node("Resize", ["image", "", "sizes"], ["large"], mode="nearest"),
        helper.make_node("Mul", ["large", "factor"], ["output"]),
    ]
    weights = {"sizes": sizes, "factor": np.array(factor, np.float32)}
    return save_model(path, nodes, weights, translation_card(overlap=0))


def grid_translation(path: Path, *, tones: int = 4, says: str = "light", card: ModelCard | None = None) -> Path:
    """A model that relights: maps on a grid with cells of 16 pixels, and lights, both made of the picture by seeded weights.

    It darkens, the bright more than the dark, and adds light where there is red. It `says` "nan" or "black" instead, or
    "small" lights that do not fit the picture.
    """
    random = np.random.default_rng(9)
    cells = (random.standard_normal((12 * tones, 3, 16, 16)) * 2e-3).astype(np.float32)
    constant = np.zeros((tones, 3, 4), np.float32)
    for tone in range(tones):
        for colour in range(3):
            constant[tone, colour, colour] = -0.3 - 0.4 * tone / tones
            constant[tone, colour, 3] = 0.01 * colour
    size = 2 if says == "small" else 3
    lights = (random.standard_normal((3, 3, size, size)) * 0.02).astype(np.float32)
    if says == "black":
        cells[:], lights[:], constant[:] = 0, 0, np.eye(3, 4) * -1
    nodes = [
        helper.make_node("Conv", ["image", "cells", "constant"], ["maps"], strides=[16, 16]),
        helper.make_node("Mul", ["maps", "gain"], ["grid"]),
        helper.make_node("Conv", ["image", "lamps"], ["lights"], pads=[1, 1, 1, 1] if size == 3 else [0, 0, 0, 0]),
    ]
    gain = np.array(np.nan if says == "nan" else 1, np.float32)
    weights = {"cells": cells, "constant": constant.reshape(-1), "lamps": lights, "gain": gain}
    return save_model(path, nodes, weights, card or grid_card(), GRID_AND_LIGHTS)


def grid_card(**changes: object) -> ModelCard:
    """A card for a model that relights, with `changes` to its fields."""
    given: dict[str, object] = {"outputs": GRID_AND_LIGHTS, "overlap": float("inf"), "size": Size(16, 16), "view": 48}
    return translation_card(**(given | changes))
