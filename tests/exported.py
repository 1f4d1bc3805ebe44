"""A small generator as training leaves it: exported once by the trainers' own exporter, with labels, directions and codes."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch

from engines.models.card import ModelCard, from_metadata, write_card
from trainers.export.export import export_generator
from trainers.networks.dcgan import DCGANGenerator, initialise

LATENT, SIDE = 12, 32
LABELS = ("apple", "Cherry pie", "naïve 🍒", "-odd “one”")
CARD = ModelCard(
    task="image-generation",
    name="Tiny fruits",
    description="For tests.",
    latent_size=LATENT,
    output_size=SIDE,
    labels=LABELS,
    controls={
        "tilt = slant": {"kind": "continuous", "column": 1, "range": [-1, 1]},
        "pull": {"kind": "direction", "vector": [1.0] + [0.0] * (LATENT - 1), "range": [-2, 2]},
        "kind": {"kind": "categorical", "column": 0, "values": 3},
    },
)


@functools.cache
def _exported() -> bytes:
    network = DCGANGenerator(SIDE, 16, LATENT, labels=len(LABELS), codes=(3, 0))
    seeded = torch.Generator().manual_seed(1)
    initialise(network, seeded)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim == 4:
                weight.mul_(6)
            elif "embedding" in name:
                weight.copy_(torch.randn(weight.shape, generator=seeded))
        for _ in range(20):  # in training mode, so that batch norm learns the statistics
            codes = torch.stack([torch.arange(64) % 3, torch.linspace(-1, 1, 64)], dim=1)
            network(torch.randn(64, LATENT, generator=seeded), torch.arange(64) % len(LABELS), codes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_generator(network.eval(), CARD, path)
        return path.read_bytes()


def save_exported(path: Path, **changes: object) -> Path:
    """Write the generator as a model file whose card has `changes`, which may contradict what it does."""
    model = onnx.load_from_string(_exported())
    card = from_metadata({entry.key: entry.value for entry in model.metadata_props}, origin=path.name)
    del model.metadata_props[:]
    write_card(model, replace(card, **changes))  # type: ignore[arg-type]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def save_broken(path: Path, what: str) -> Path:
    """The generator, but it returns "nan" or "black", or ("shape") pictures of another size than its card says."""
    save_exported(path, **({"output_size": 16} if what == "shape" else {}))
    if what != "shape":
        model = onnx.load(path)
        for node in model.graph.node:
            node.output[:] = ["before" if name == "output" else name for name in node.output]
        factor = np.array(np.nan if what == "nan" else 0, np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(factor, "factor"))
        model.graph.node.append(onnx.helper.make_node("Mul", ["before", "factor"], ["output"]))
        path.write_bytes(model.SerializeToString())
    return path
