"""How many previews a second a generator gives through the engine, one picture a call as the latent panel asks for them.

    python -m tests.benchmarks.generate speed [MODEL.onnx ...]   previews a second, beside the bare network
    python -m tests.benchmarks.generate same [MODEL.onnx ...]    runs, threads and batches compared, in 8-bit levels

Without a model, DCGANs of 64×64 with 256 and 512 base channels are made: their weights are as before training, on which
the time does not depend. The processor's time is that of all threads together, of this process alone: where other programs
want the processor as well, it tells what the wall clock cannot.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from engines.generation.controls import codes_of
from engines.generation.generate import generate
from engines.generation.latent import latents
from engines.models.card import read_card
from engines.models.model import open_model

ROOT = Path(__file__).resolve().parents[2]
THREADS = (1, 2)
ROUNDS = 7
PICTURES = 60  # of a round
COMPARED = 64

MAKE = """
import sys
from pathlib import Path
import torch
from engines.models.card import ModelCard
from trainers.export.export import export_generator
from trainers.networks.dcgan import DCGANGenerator, initialise
target, base = Path(sys.argv[1]), int(sys.argv[2])
network, generator = DCGANGenerator(64, base), torch.Generator().manual_seed(0)
initialise(network, generator)
with torch.no_grad():
    for _ in range(20):  # batch norm learns its statistics, as in training
        pictures = network(torch.randn(32, 100, generator=generator))
    network.picture.weight *= 0.5 / pictures.std()  # the contrast of photographs: in grey, nothing can differ
card = ModelCard(task="image-generation", name=target.stem, latent_size=100, output_size=64)
export_generator(network.eval(), card, target, precision="fp16")
"""


def made(folder: Path) -> list[Path]:
    """Two DCGANs, made by another process: torch in this one would bring threads of its own."""
    paths = [folder / f"dcgan-{base}.onnx" for base in (256, 512)]
    for path in paths:
        command = [sys.executable, "-c", MAKE, str(path), path.stem.rpartition("-")[2]]
        subprocess.run(command, cwd=ROOT, check=True)
    return paths


def inputs(path: Path, count: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Latents, and labels where the model takes them, each in turn."""
    card = read_card(path)
    z = latents(range(count), card.latent_size or 0)
    return z, np.arange(count) % len(card.labels) if card.labels else None


def bare(path: Path, threads: int) -> Callable[[dict[str, Any]], Any]:
    """A plain call of ONNX Runtime with its own defaults, but for the number of threads and that they do not spin.

    Threads that spin still do so when the next way is measured, and take the processor from it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    taken = {item.name for item in session.get_inputs()}
    return lambda given: session.run(None, {name: value for name, value in given.items() if name in taken})


def speed(path: Path) -> None:
    """The engine and the bare network in turn, round by round."""
    z, labels = inputs(path, PICTURES)
    codes = np.zeros((1, len(codes_of(read_card(path)))), np.float32)
    ways: dict[str, Callable[[int], Any]] = {}
    for threads in THREADS:
        model, session = open_model(path, "cpu", threads), bare(path, threads)
        where = "1 thread" if threads == 1 else f"{threads} threads"

        def engine(i: int, model: Any = model) -> Any:
            return generate(model, z[i : i + 1], label=None if labels is None else int(labels[i]))

        def plain(i: int, session: Any = session) -> Any:
            given = {"z": z[i : i + 1], "codes": codes}
            return session(given if labels is None else given | {"label": labels[i : i + 1]})

        ways |= {f"engine, {where}": engine, f"bare, {where}": plain}
    walls: dict[str, list[float]] = {name: [] for name in ways}
    works: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            wall, work = time.perf_counter(), time.process_time()
            for i in range(PICTURES):
                way(i)
            if turn:  # the first is for warming up
                walls[name].append((time.perf_counter() - wall) / PICTURES)
                works[name].append((time.process_time() - work) / PICTURES)
    for name in ways:
        wall, work = walls[name], works[name]
        print(
            f"{path.stem}, {name}: {1 / statistics.median(wall):.0f} previews/s, best round {1 / min(wall):.0f}, "
            f"{statistics.median(work) * 1e3:.1f} ms of the processor each"
        )


ONE_RUN = """
import sys
from pathlib import Path
import numpy as np
from engines.generation.generate import generate
from engines.models.model import open_model
from tests.benchmarks.generate import COMPARED, inputs
path, threads, batch, target = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
z, labels = inputs(path, COMPARED)
with open_model(path, "cpu", threads) as model:
    np.save(target, generate(model, z, label=labels, batch=batch))
"""


def same(path: Path) -> None:
    """Processes of their own with 1 and 2 threads, alone and in batches; each against the first."""
    runs = [(1, 1), (1, 1), (2, 1), (1, 16), (2, 16), (2, 5)]
    results: list[np.ndarray] = []
    with tempfile.TemporaryDirectory() as folder:
        for threads, batch in runs:
            target = Path(folder) / "pictures.npy"
            command = [sys.executable, "-c", ONE_RUN, str(path.resolve()), str(threads), str(batch), str(target)]
            subprocess.run(command, cwd=ROOT, check=True)
            results.append(np.load(target).astype(np.int16))
    for (threads, batch), pictures in list(zip(runs, results, strict=True))[1:]:
        apart = np.abs(pictures - results[0])
        print(
            f"{path.stem}, {threads} threads, batch {batch}, against 1 thread, batch 1: largest difference {apart.max()}"
            f" levels, {float((apart > 0).mean()):.4%} of the values differ"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for model in [Path(name) for name in sys.argv[2:]] or made(Path(folder)):
            {"speed": speed, "same": same}[sys.argv[1]](model)
