"""Tiny but true generators for tests: a DCGAN with seeded weights as a model file, written without torch's exporter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from engines.models.card import ModelCard, write_card
from trainers.networks.dcgan import DCGANGenerator, initialise
from trainers.recipes.recipe import from_values

LATENT, BASE, SIZE = 12, 16, 32


def small_generator(labels: tuple[str, ...] = ()) -> DCGANGenerator:
    """A generator of 32 pixels with seeded weights, made so that its pictures differ as those of a trained one do."""
    network = DCGANGenerator(SIZE, BASE, LATENT, labels=len(labels))
    seeded = torch.Generator().manual_seed(1)
    initialise(network, seeded)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 4:
                weight.mul_(6)
        if network.embedding is not None:
            network.embedding.weight.copy_(torch.randn(network.embedding.weight.shape, generator=seeded))
        for _ in range(30):  # in training mode, so that batch norm learns the statistics
            z = torch.randn(64, LATENT, generator=seeded)
            network(z, torch.arange(64) % len(labels)) if labels else network(z)
    return network.eval().requires_grad_(False)


def recipe_values(labels: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """The recipe of `small_generator` as a card holds it, with `changes`."""
    values = {
        "task": "image-generation",
        "name": "tiny",
        "size": SIZE,
        "latent_size": LATENT,
        "steps": 1,
        "condition": "embed" if labels else "none",
        "network": {"kind": "dcgan", "options": {"base_channels": BASE}},
        "data": {"photos": ["photos"]},
    }
    return from_values(values).model_dump(mode="json") | changes


def save_generator(path: Path, network: DCGANGenerator, labels: tuple[str, ...] = (), **changes: Any) -> Path:
    """Write `network` as a model file whose card has `changes`."""
    fields: dict[str, Any] = {
        "task": "image-generation",
        "name": "Tiny generator",
        "latent_size": LATENT,
        "labels": labels,
        "output_size": SIZE,
        "recipe": json.dumps(recipe_values(labels)),
    }
    weights = {name: value.numpy() for name, value in network.state_dict().items() if value.ndim}
    constants = {"columns": np.array([0, -1, 1, 1]), "half": np.float32(0.5)}
    nodes = [helper.make_node("Reshape", ["seen", "columns"], ["x0"])]
    inputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", LATENT])]
    if labels:
        inputs.append(helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]))
        nodes.insert(0, helper.make_node("Concat", ["z", "embedded"], ["seen"], axis=1))
        nodes.insert(0, helper.make_node("Gather", ["embedding.weight", "label"], ["embedded"]))
    else:
        nodes.insert(0, helper.make_node("Identity", ["z"], ["seen"]))
    for i in range(len(network.blocks)):
        step: dict[str, Any] = {"strides": [2, 2], "pads": [1, 1, 1, 1]} if i else {}
        norm = [f"blocks.{i}.1.{name}" for name in ("weight", "bias", "running_mean", "running_var")]
        nodes.append(helper.make_node("ConvTranspose", [f"x{i}", f"blocks.{i}.0.weight"], [f"c{i}"], **step))
        nodes.append(helper.make_node("BatchNormalization", [f"c{i}", *norm], [f"n{i}"]))
        nodes.append(helper.make_node("Relu", [f"n{i}"], [f"x{i + 1}"]))
    last = f"x{len(network.blocks)}"
    nodes += [
        helper.make_node("ConvTranspose", [last, "picture.weight"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["c"], ["t"]),
        helper.make_node("Mul", ["t", "half"], ["h"]),
        helper.make_node("Add", ["h", "half"], ["output"]),
    ]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights | constants).items()]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    write_card(model, ModelCard(**(fields | changes)))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
