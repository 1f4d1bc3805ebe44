"""Random crops: from their pictures, at the same places for a translation, reduced where asked."""

from __future__ import annotations

import numpy as np
import pytest

from trainers.metrics.crops import random_crops


def test_crops_come_from_their_pictures_at_the_same_places_for_a_translation() -> None:
    pictures = [np.random.RandomState(i).randint(0, 256, (20 + i, 40 - i, 3), np.uint8) for i in range(4)]
    crops, groups = random_crops(pictures, 17, crops=3, seed=2)
    assert crops.shape == (12, 17, 17, 3)
    assert crops.dtype == np.uint8
    assert groups.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    for crop, group in zip(crops, groups, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(pictures[group], (17, 17), axis=(0, 1))
        assert (windows.transpose(0, 1, 3, 4, 2) == crop).all((2, 3, 4)).any()
    inverted, _ = random_crops([255 - picture for picture in pictures], 17, crops=3, seed=2)
    assert (inverted == 255 - crops).all()
    assert (random_crops(pictures, 17, crops=3, seed=3)[0] != crops).any()


def test_crops_of_a_large_picture_can_be_taken_from_further_away() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 200)[None, :, None], (100, 200, 3)).astype(np.uint8)
    near, far = (np.ptp(random_crops([ramp], 20, shorter_side=side)[0][0, 0, :, 0].astype(int)) for side in (None, 25))
    assert 3 * near < far < 5 * near
    small, _ = random_crops([ramp[:20, :20]], 20, shorter_side=25)
    assert (small == ramp[:20, :20]).all()  # never enlarged


def test_a_picture_smaller_than_its_crop_is_named() -> None:
    with pytest.raises(ValueError, match="Picture 1 must measure at least 20 pixels each way, not 30×19."):
        random_crops([np.zeros((20, 20, 3), np.uint8), np.zeros((19, 30, 3), np.uint8)], 20)
    with pytest.raises(ValueError, match="Crops need pictures"):
        random_crops([], 20)
