"""The perceptual distance: on VGG-16's weights where a file has them, and said where it has not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import vgg16

from engines.errors import ModelError
from trainers.adversarial.perceptual import find_perceptual

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvision publishes it, with first weights instead of learned ones."""
    torch.manual_seed(0)
    features = vgg16(weights=None).features.state_dict()
    path = tmp_path_factory.mktemp("features") / "vgg16.safetensors"
    save_file({f"features.{name}": value for name, value in features.items()}, path)
    return path


def test_shapes_count_and_light_does_not(weights: Path, photo_pixels: np.ndarray) -> None:
    perceptual, words = find_perceptual(weights, CPU)
    assert perceptual is not None and words == ""
    photo = torch.from_numpy(photo_pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    itself, dimmed, other = (float(perceptual(x, photo)) for x in (photo, photo * 0.5 - 0.4, photo.flip(3)))
    assert itself == 0 and dimmed < 0.7 * other


def test_without_a_file_the_term_is_left_out_and_said(tmp_path: Path) -> None:
    assert find_perceptual(None, CPU) == (None, "")
    perceptual, words = find_perceptual(tmp_path / "vgg16.pth", CPU)
    assert perceptual is None and "There are no features at" in words and "left out" in words


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match="does not hold the weights of VGG-16; take torchvision's file"):
        find_perceptual(path, CPU)
