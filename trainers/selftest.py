"""A self-test: whether this machine trains as it should, tried out; each check passes, fails or does not apply."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from engines.models.model import CUDA, open_model
from trainers.loop.device import Precision

SIDE = 96
TOO_MUCH = 1 << 50  # bytes that no machine has


class Skipped(Exception):
    """The check does not apply here; the text says why."""


def need_gpu() -> torch.device:
    """The GPU. Raises Skipped where torch finds none."""
    if not torch.cuda.is_available():
        raise Skipped("torch finds no GPU")
    return torch.device("cuda")


def check_training(device: torch.device, precision_name: str) -> str:
    """A few steps of a small network on `device` bring its loss down. Returns what was seen."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv2d(16, 3, 3, padding=1)).to(
        device
    )
    picture = torch.rand(2, 3, 32, 32, device=device)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    precision = Precision(device, precision_name)
    losses: list[float] = []
    for _ in range(30):
        with precision.autocast():
            output = network(picture)
        loss = nn.functional.mse_loss(output.float(), picture)
        precision.backward(loss)
        precision.step([optimiser], list(network.parameters()), 1.0)
        optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
    if not losses[-1] < 0.8 * losses[0]:
        raise AssertionError(f"the loss went from {losses[0]:.4f} to {losses[-1]:.4f}")
    return f"loss {losses[0]:.3f} to {losses[-1]:.3f} in 30 steps"


def check_agreement(device: torch.device) -> str:
    """A convolution on `device` computes what the processor computes. Returns the largest difference."""
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 8, 3, padding=1)
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = layer(image)
        found = layer.to(device)(image.to(device)).cpu()
    difference = float((expected - found).abs().max())
    if difference > 5e-3:  # TF32 has ten bits of mantissa
        raise AssertionError(f"results differ by {difference:.4f}")
    return f"largest difference {difference:.1e}"


def check_out_of_memory(device: torch.device) -> str:
    """A real failure of the allocator is recognised as one, and work goes on after it."""
    from trainers.loop.device import is_out_of_memory

    try:
        torch.empty(TOO_MUCH, dtype=torch.uint8, device=device)
    except Exception as error:
        if not is_out_of_memory(error):
            raise AssertionError(f"not recognised: {str(error).splitlines()[0]}") from error
    else:
        raise AssertionError("a petabyte was given away")
    return f"recognised; {check_agreement(device)}"


def check_exact(device: torch.device) -> str:
    """Two short runs of the trainer give the same weights."""
    from trainers.loop.checkpoint import load_checkpoint
    from trainers.recipes.recipe import from_values
    from trainers.train_superres import train

    with tempfile.TemporaryDirectory() as temporary:
        photos = Path(temporary, "photos")
        photos.mkdir()
        random = np.random.default_rng(0)
        for index in range(2):
            pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
            Image.fromarray(pixels).resize((2 * SIDE, 2 * SIDE)).save(photos / f"{index}.png")
        recipe = from_values(
            {
                "task": "super-resolution",
                "name": "selftest",
                "scale": 2,
                "network": {"kind": "fast", "options": {"channels": 16, "blocks": 1}},
                "data": {"photos": [str(photos)], "hold_out": 2},
                "stages": [{"steps": 6, "patch": 16, "batch": 4}],
                "warm_up": 1,
                "precision": "float32",
                "device": device.type,
            }
        )
        weights = []
        for name in ("a", "b"):
            for _ in train(recipe, Path(temporary, name)):  # type: ignore[arg-type]
                pass
            saved = load_checkpoint(Path(temporary, name))
            assert saved is not None
            weights.append(saved["parts"]["network"])
    largest = max(float((weights[0][key] - weights[1][key]).abs().max()) for key in weights[0])
    if largest:
        raise AssertionError(f"weights differ by {largest:.2e}")
    return "two runs, the same weights"


def check_provider(model: Path) -> str:
    """ONNX Runtime runs `model` on the GPU, as on the processor."""
    with open_model(model, device="cuda") as on_gpu, open_model(model, device="cpu") as on_cpu:
        if on_gpu.provider != "CUDA":
            raise Skipped(on_gpu.opening_notice or f"{CUDA} is not there")
        image = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
        difference = float(np.abs(on_gpu.run(image) - on_cpu.run(image)).max())
    if difference > 1 / 255:
        raise AssertionError(f"results differ by {difference:.4f}")
    return f"largest difference {difference:.1e}"


def checks(model: Path | None) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every check with its name; `model` is an upscaling model to try."""
    cpu = torch.device("cpu")
    yield "trains on the processor", lambda: check_training(cpu, "float32")
    yield "trains in bfloat16", lambda: check_training(cpu, "bfloat16")
    yield "notices when memory runs out", lambda: check_out_of_memory(cpu)
    yield "repeats a run exactly", lambda: check_exact(cpu)
    yield "GPU computes what the processor does", lambda: check_agreement(need_gpu())
    yield "GPU trains in bfloat16", lambda: check_training(need_gpu(), "bfloat16")
    yield "GPU trains in float16 with a scaler", lambda: check_training(need_gpu(), "float16")
    yield "GPU notices when memory runs out", lambda: check_out_of_memory(need_gpu())
    yield "GPU repeats a run exactly", lambda: check_exact(need_gpu())
    if model is not None:
        yield "GPU runs models", lambda: check_provider(model)


def main(arguments: list[str]) -> int:
    """Run every check and print a JSON line for each: its name, "pass", "fail" or "skip", and a word on it."""
    failed = False
    for name, check in checks(Path(arguments[0]) if arguments else None):
        try:
            outcome, word = "pass", check()
        except Skipped as reason:
            outcome, word = "skip", str(reason)
        except Exception as error:  # whatever goes wrong is what the self-test is there to find
            outcome, word = "fail", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            failed = True
        print(json.dumps({"check": name, "outcome": outcome, "word": word}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
