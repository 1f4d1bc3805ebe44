"""Features of random convolutions: the same everywhere, of each picture alone, and further apart for other textures."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import trainers.metrics.random_features as module
from trainers.metrics.distances import kernel_distance
from trainers.metrics.random_features import FEATURES, random_features


def pictures(seed: int, count: int = 6, height: int = 20, width: int = 24) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (count, height, width, 3), np.uint8)


def test_they_are_means_and_deviations_of_each_layers_channels() -> None:
    """A plain reading: mirrored edges, sums over 3×3 windows, nothing below 0."""
    picture = pictures(0, 1, 16, 17)
    random = np.random.RandomState(0)
    x = picture[0].transpose(2, 0, 1) / 127.5 - 1
    expected = []
    for width, stride in zip((24, 48, 64, 96), (1, 2, 2, 2), strict=True):
        weight = random.standard_normal((width, len(x), 3, 3)) * np.sqrt(2 / (9 * len(x)))
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::stride, ::stride]
        x = np.maximum(np.einsum("chwij,ocij->ohw", windows, weight), 0)
        expected += [x.mean((1, 2)), x.std((1, 2))]
    found = random_features(picture)
    assert found.shape == (1, FEATURES) == (1, 464)
    assert found.dtype == np.float64
    assert np.allclose(found[0], np.concatenate(expected), atol=1e-5)


def test_a_pictures_features_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    some = pictures(1)
    together = random_features(some)
    assert np.allclose(random_features(some[::-1])[::-1], together, atol=1e-5 * together.max())
    monkeypatch.setattr(module, "PIXELS_AT_ONCE", 1)
    assert np.allclose(random_features(some), together, atol=1e-5 * together.max())


def test_the_seed_decides_and_the_size_does_not_change_their_number() -> None:
    some = pictures(2)
    assert (random_features(some, seed=1) == random_features(some, seed=1)).all()
    assert not np.allclose(random_features(some, seed=1), random_features(some, seed=2))
    assert random_features(pictures(2, 1, 33, 16)).shape == (1, FEATURES)


def test_another_process_with_one_thread_agrees() -> None:
    code = (
        "import json, numpy, torch; from trainers.metrics.random_features import random_features\n"
        "some = numpy.random.RandomState(3).randint(0, 256, (6, 20, 24, 3), numpy.uint8)\n"
        "print(json.dumps([torch.get_num_threads(), random_features(some).tolist()]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    threads, found = json.loads(run.stdout)
    assert threads == 1
    here = random_features(pictures(3))
    assert np.allclose(found, here, atol=1e-5 * here.max(), rtol=0)


def test_textures_lie_further_apart_than_two_samples_of_one() -> None:
    rough, again = pictures(4, 20, 32, 32), pictures(5, 20, 32, 32)
    smooth = np.repeat(np.random.RandomState(4).randint(0, 256, (20, 32, 1, 3), np.uint8), 32, axis=2)
    features = random_features(rough)
    apart, alike = (kernel_distance(features, random_features(some)) for some in (smooth, again))
    assert apart > 20 * abs(alike)


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="The pictures must measure at least 16 pixels each way, not 24×15."):
        random_features(pictures(0, 2, 15))
    with pytest.raises(ValueError, match=r"must be uint8 RGB \(N, H, W, 3\), not float64"):
        random_features(pictures(0) / 255)
