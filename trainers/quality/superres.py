"""How well a super-resolution network does: pictures reduced, enlarged again and compared, and samples to look at."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from trainers.data.degrade import bicubic, crop_to_multiple
from trainers.metrics import pairs as metrics
from trainers.runs.events import Event, TrainerCommand, Working

SAMPLE_SIDE = 384  # pixels of the truth that a sample shows: drawn at once, and large enough to judge

Pixels = NDArray[np.uint8]
Events = Generator[Event, TrainerCommand | None, Any]


def enlarge_picture(network: nn.Module, small: Pixels) -> Pixels:
    """What `network` makes of one picture (H, W, 3), on the device and in the precision of its weights."""
    weight = next(iter(network.parameters()))
    image = torch.from_numpy(small.copy()).to(weight.device).permute(2, 0, 1)[None].to(weight.dtype) / 255
    with torch.no_grad():
        output = network(image)
    return (output.clamp(0, 1) * 255).round()[0].permute(1, 2, 0).to(torch.uint8).cpu().numpy()


def compare_pictures(network: nn.Module, truths: list[Pixels], scale: int) -> Iterator[tuple[float, float]]:
    """PSNR and SSIM on luma, leaving out `scale` pixels of border, for each true picture reduced and enlarged again."""
    for truth in truths:
        truth = crop_to_multiple(truth, scale)
        output = enlarge_picture(network, bicubic(truth, scale))
        a, b = metrics.luma(output), metrics.luma(truth)
        yield metrics.psnr(a, b, scale), metrics.ssim(a, b, scale)


def validating(network: nn.Module, truths: list[Pixels], scale: int) -> Events:
    """`validate`, yielding Working before each picture."""
    pairs: list[tuple[float, float]] = []
    for index, truth in enumerate(truths):
        yield Working("validating", index, len(truths))
        pairs.extend(compare_pictures(network, [truth], scale))
    return _mean(pairs)


def validate(network: nn.Module, truths: list[Pixels], scale: int) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM over `truths`."""
    return _mean(list(compare_pictures(network, truths, scale)))


def _mean(pairs: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "PSNR": float(np.mean([min(psnr, 100.0) for psnr, _ in pairs])),
        "SSIM": float(np.mean([ssim for _, ssim in pairs])),
    }


def write_sample(network: nn.Module, truth: Pixels, scale: int, run_dir: Path, step: int) -> Path:
    """A picture of three side by side, of the middle of `truth`: bicubic, the network, the truth."""
    top, left = ((side - min(side, SAMPLE_SIDE)) // 2 for side in truth.shape[:2])
    truth = crop_to_multiple(truth[top : top + SAMPLE_SIDE, left : left + SAMPLE_SIDE], scale)
    small = bicubic(truth, scale)
    size = (truth.shape[1], truth.shape[0])
    plain = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    path = run_dir / "samples" / f"{step:08d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.hstack([plain, enlarge_picture(network, small), truth])).save(path)
    return path
