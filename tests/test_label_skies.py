"""Labelling skies: a mask has its photograph's shape, and what is missing is said."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts import label_skies


def test_a_mask_has_the_shape_of_its_photograph_and_its_light_is_the_network_s() -> None:
    seen: list[np.ndarray] = []

    def bright_is_sky(tensor: np.ndarray) -> np.ndarray:
        seen.append(tensor)
        return (tensor[2] > 0).astype(np.float32)

    pixels = np.zeros((600, 900, 3), np.uint8)
    pixels[:300] = (120, 160, 255)
    mask = np.asarray(label_skies.label(Image.fromarray(pixels), bright_is_sky))
    assert mask.shape == (480, 720) and mask[:230].min() == 255 and mask[250:].max() == 0
    assert seen[0].shape == (3, 384, 384) and seen[0].dtype == np.float32
    assert seen[0][2, 0, 0] == pytest.approx((1 - 0.406) / 0.225, rel=1e-4)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="there is no folder “.*photos”; check PHOTOS"):
        label_skies.main([str(tmp_path / "net"), str(tmp_path / "photos"), str(tmp_path / "masks")])
    (tmp_path / "photos").mkdir()
    monkeypatch.setitem(sys.modules, "ncnn", None)
    with pytest.raises(SystemExit, match="install it with `pip install ncnn`"):
        label_skies.main([str(tmp_path / "net"), str(tmp_path / "photos"), str(tmp_path / "masks")])
