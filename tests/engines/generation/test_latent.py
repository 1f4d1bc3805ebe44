"""Latents: seeds are for ever, ways keep to the sphere at one speed, and loops close."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.generation.latent import (
    CURVES,
    EASINGS,
    MAX_FRAMES,
    MAX_SEED,
    LatentError,
    along,
    analogy,
    catmull_rom,
    latent,
    latents,
    lerp,
    path,
    slerp,
    truncate,
)
from tests.search import examples

seeds = st.integers(0, MAX_SEED)
sizes = st.integers(1, 40)
shares = st.floats(0, 1)
numbers = st.floats(-100, 100, width=32)


@st.composite
def vectors(draw: st.DrawFn, count: int, least: int = 1) -> list[np.ndarray]:
    """So many vectors of one size: of any numbers, or random, and some of them 0, equal or opposite to the first."""
    size = draw(st.integers(least, 12))
    made: list[np.ndarray] = []
    for _ in range(count):
        kind = draw(st.sampled_from(("random", "random", "numbers", "zero", "same", "opposite")))
        if kind == "numbers":
            made.append(np.array(draw(st.lists(numbers, min_size=size, max_size=size)), np.float32))
        elif kind == "zero":
            made.append(np.zeros(size, np.float32))
        elif made and kind in ("same", "opposite"):
            made.append(made[0] if kind == "same" else -made[0])
        else:
            made.append(latent(draw(seeds), size))
    return made


def length(z: np.ndarray) -> np.ndarray:
    return np.linalg.norm(z.astype(np.float64), axis=-1)


def angles(z: np.ndarray, *, loop: bool = False) -> np.ndarray:
    """The angle from each of `z` to the next, in radians."""
    units = z.astype(np.float64) / length(z)[:, None]
    after = np.roll(units, -1, axis=0) if loop else units[1:]
    units = units if loop else units[:-1]
    return 2 * np.arctan2(length(after - units), length(after + units))


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(a, b, rtol=1e-5, atol=1e-5 * (1 + np.abs(b).max())))


# Seeds


def test_a_seed_is_the_same_for_ever() -> None:
    first = [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458]
    last = [0.6484086742306527, 0.6693235306338161, -1.0805437227474493, 0.2845010447986309]
    np.testing.assert_allclose(latent(0, 4), first, rtol=1e-6)
    np.testing.assert_allclose(latent(MAX_SEED, 4), last, rtol=1e-6)


@given(st.lists(seeds, max_size=4), sizes)
def test_several_seeds_are_one_each(some: list[int], size: int) -> None:
    z = latents(some, size)
    assert z.shape == (len(some), size) and z.dtype == np.float32
    for seed, row in zip(some, z, strict=True):
        np.testing.assert_array_equal(row, latent(seed, size))


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 10**30])
def test_a_seed_out_of_range_is_said(seed: int) -> None:
    with pytest.raises(LatentError, match=f"The seed {seed} is not between 0 and 4294967295; choose another."):
        latent(seed, 4)


# Between two


@given(vectors(2), shares)
def test_a_straight_line_is_one(ends: list[np.ndarray], t: float) -> None:
    a, b = ends
    np.testing.assert_array_equal(lerp(a, b, 0), a)
    np.testing.assert_array_equal(lerp(a, b, 1), b)
    assert close(lerp(a, b, t), a + t * (b.astype(np.float64) - a))


@given(vectors(2))
def test_an_arc_ends_where_it_should(ends: list[np.ndarray]) -> None:
    a, b = ends
    assert close(slerp(a, b, 0), a) and close(slerp(a, b, 1), b)


@given(vectors(2, least=2), shares)
def test_along_an_arc_the_length_is_linear(ends: list[np.ndarray], t: float) -> None:
    a, b = ends
    z = slerp(a, b, t)
    assert z.dtype == np.float32 and np.isfinite(z).all()
    expected = length(a) * (1 - t) + length(b) * t
    assert length(z) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(vectors(2, least=2), shares)
def test_along_an_arc_the_angle_is_linear(ends: list[np.ndarray], t: float) -> None:
    a, b = ends
    z = slerp(a, b, t)
    if min(length(a), length(b), length(z)) < 1e-3:
        return
    whole, part = (float(angles(np.stack([a, end]))[0]) for end in (b, z))
    assert part == pytest.approx(whole * t, abs=2e-4)


@given(vectors(2, least=2), shares)
def test_an_arc_is_the_same_from_the_other_end(ends: list[np.ndarray], t: float) -> None:
    a, b = ends
    assert close(slerp(a, b, t), slerp(b, a, 1 - t))


@given(vectors(1, least=2))
def test_opposite_directions_are_joined_over_the_sphere(ends: list[np.ndarray]) -> None:
    a = ends[0]
    half = slerp(a, -a, 0.5)
    assert length(half) == pytest.approx(length(a), rel=1e-5, abs=1e-5)
    assert abs(float(half.astype(np.float64) @ a)) <= 1e-5 * (1 + length(a) ** 2)


def test_from_0_the_direction_is_the_other_s() -> None:
    b = latent(3, 10)
    zero = np.zeros(10, np.float32)
    assert close(slerp(zero, b, 0.25), 0.25 * b) and close(slerp(b, zero, 0.25), 0.75 * b)
    np.testing.assert_array_equal(slerp(zero, zero, 0.5), zero)


@given(vectors(4), st.lists(shares, min_size=1, max_size=4))
def test_many_shares_are_one_each(points: list[np.ndarray], ts: list[float]) -> None:
    before, a, b, after = points
    t = np.array(ts)
    for together, alone in (
        (lerp(a, b, t), [lerp(a, b, x) for x in ts]),
        (slerp(a, b, t), [slerp(a, b, x) for x in ts]),
        (catmull_rom(before, a, b, after, t), [catmull_rom(before, a, b, after, x) for x in ts]),
    ):
        assert together.shape == (len(ts), len(a))
        np.testing.assert_allclose(together, np.stack(alone), rtol=1e-6, atol=1e-5)


# Smooth curves


@given(vectors(4))
def test_a_smooth_curve_goes_through_its_points(points: list[np.ndarray]) -> None:
    before, a, b, after = points
    for first, last in ((before, after), (None, after), (before, None), (None, None)):
        assert close(catmull_rom(first, a, b, last, 0), a) and close(catmull_rom(first, a, b, last, 1), b)


@given(vectors(4, least=2), shares)
def test_a_smooth_curve_keeps_to_the_sphere(points: list[np.ndarray], t: float) -> None:
    before, a, b, after = points
    expected = length(a) * (1 - t) + length(b) * t
    assert length(catmull_rom(before, a, b, after, t)) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(vectors(2, least=2), shares)
def test_between_two_points_alone_it_is_the_arc_but_for_its_pace(ends: list[np.ndarray], t: float) -> None:
    a, b = ends
    assert close(catmull_rom(None, a, b, None, t), slerp(a, b, t))


@pytest.mark.parametrize("nearly", [0.0, 1.2e-38, 1e-12], ids=["opposite", "by a hair", "by a little more"])
def test_between_opposites_it_is_one_arc_from_either_end(nearly: float) -> None:
    a, b = np.array([0, 0, 1], np.float32), np.array([nearly, 0, -1], np.float32)
    for t in (0.25, 0.5, 0.75):
        assert close(catmull_rom(None, a, b, None, t), slerp(a, b, t))
        assert close(catmull_rom(None, b, a, None, t), slerp(b, a, t))


@given(st.integers(0, 2**31))
def test_it_has_no_corner_at_a_point(seed: int) -> None:
    a, b, c, d, e = latents(range(seed, seed + 5), 30)
    small = 1e-3
    arriving = np.subtract(catmull_rom(a, b, c, d, 1), catmull_rom(a, b, c, d, 1 - small), dtype=np.float64)
    leaving = np.subtract(catmull_rom(b, c, d, e, small), catmull_rom(b, c, d, e, 0), dtype=np.float64)
    # The length of z may change its pace at a point; the direction may not turn a corner.
    radial = c.astype(np.float64) / length(c)
    arriving, leaving = (way - (way @ radial) * radial for way in (arriving, leaving))
    assert arriving @ leaving / (length(arriving) * length(leaving)) > 0.999


# Paths


@examples(30)
@given(st.integers(2, 6), st.integers(2, 80), st.sampled_from(CURVES), st.sampled_from(tuple(EASINGS)), st.booleans())
def test_a_path_begins_and_ends_at_its_keyframes(k: int, frames: int, curve: str, easing: str, loop: bool) -> None:
    keyframes = latents(range(k), 20)
    z = path(keyframes, frames, curve=curve, easing=easing, loop=loop)
    assert z.shape == (frames, 20) and z.dtype == np.float32
    np.testing.assert_array_equal(z[0], keyframes[0])
    if not loop:
        np.testing.assert_allclose(z[-1], keyframes[-1], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("curve", CURVES)
def test_a_path_goes_through_all_keyframes(curve: str, loop: bool) -> None:
    keyframes = latents(range(5), 50)
    z = path(keyframes, 4001, curve=curve, loop=loop)
    for keyframe in keyframes:
        assert length(z - keyframe).min() < 0.02


@examples(30)
@given(st.integers(2, 6), st.integers(2, 60), st.sampled_from(("catmull-rom", "slerp")), st.booleans())
def test_a_path_keeps_to_the_sphere(k: int, frames: int, curve: str, loop: bool) -> None:
    keyframes = latents(range(10, 10 + k), 20)
    lengths = length(path(keyframes, frames, curve=curve, loop=loop))
    assert lengths.min() >= length(keyframes).min() * 0.9999 and lengths.max() <= length(keyframes).max() * 1.0001


@examples(30)
@given(st.integers(3, 7), st.integers(0, 2**31), st.booleans())
def test_the_speed_of_a_smooth_path_is_constant(k: int, seed: int, loop: bool) -> None:
    steps = angles(path(latents(range(seed, seed + k), 100), 100 * k, loop=loop), loop=loop)
    assert steps.max() / steps.min() < 1.03


@examples(30)
@given(st.integers(3, 7), st.integers(0, 2**31), st.booleans())
def test_on_arcs_it_is_but_for_the_corner_that_a_frame_cuts(k: int, seed: int, loop: bool) -> None:
    steps = np.sort(angles(path(latents(range(seed, seed + k), 100), 100 * k, curve="slerp", loop=loop), loop=loop))
    corners = k if loop else k - 2
    assert steps[-1] / steps[corners] < 1.03
    assert steps[0] > 0.5 * steps[-1]


def test_the_speed_is_constant_however_unevenly_the_keyframes_lie() -> None:
    a, b, c = latents(range(3), 100)
    near = slerp(a, b, 0.05)
    for keyframes in ([a, near, b, c], [a, near, a, c], [a, b, -a, c], [a, a, b, c]):
        steps = angles(path(np.stack(keyframes), 600))
        assert np.quantile(steps, 0.99) / np.quantile(steps, 0.01) < 1.05


def test_straight_lines_are_gone_along_at_one_speed() -> None:
    steps = length(np.diff(path(latents(range(2), 100), 50, curve="lerp").astype(np.float64), axis=0))
    assert steps.max() / steps.min() < 1.001


@examples(30)
@given(st.integers(2, 6), st.integers(3, 60), st.sampled_from(CURVES), st.integers(0, 2**31))
def test_a_loop_closes_and_repeats_no_frame(k: int, frames: int, curve: str, seed: int) -> None:
    keyframes = latents(range(seed, seed + k), 64)
    z = path(keyframes, frames, curve=curve, loop=True)
    once_more = path(keyframes, 2 * frames, curve=curve, loop=True)[::2]
    np.testing.assert_allclose(z, once_more, rtol=1e-4, atol=1e-4)  # evenly spaced along one closed way
    steps = length(np.roll(z, -1, axis=0).astype(np.float64) - z)
    there_and_back = k == 2 and curve != "catmull-rom" and frames % 2
    assert steps.min() > 0 or there_and_back
    assert steps[-1] <= steps.max() * 1.0001 and steps[-1] > 0


@pytest.mark.parametrize("curve", CURVES)
def test_a_loop_is_the_same_wherever_it_begins(curve: str) -> None:
    keyframes = latents(range(5), 64)
    way = path(keyframes, 4000, curve=curve, loop=True)
    for frame in path(np.roll(keyframes, -2, axis=0), 37, curve=curve, loop=True):
        assert length(way - frame).min() < 0.02


@examples(30)
@given(st.integers(0, 2**31), st.integers(3, 50))
def test_a_smooth_loop_through_two_is_the_great_circle(seed: int, frames: int) -> None:
    a, b = latents([seed, seed + 1], 64)
    z = path(np.stack([a, b]), frames, loop=True).astype(np.float64)
    assert angles(z, loop=True) == pytest.approx(2 * math.pi / frames, rel=0.05)
    plane, _ = np.linalg.qr(np.stack([a, b], axis=1).astype(np.float64))
    np.testing.assert_allclose(z @ plane @ plane.T, z, atol=1e-5)
    assert length(path(np.stack([a, b]), 2000, loop=True) - b).min() < 0.05


@examples(30)
@given(vectors(4, least=2), st.integers(2, 40), st.sampled_from(CURVES), st.sampled_from(tuple(EASINGS)), st.booleans())
def test_any_keyframes_give_numbers(
    keyframes: list[np.ndarray], frames: int, curve: str, easing: str, loop: bool
) -> None:
    z = path(np.stack(keyframes), frames, curve=curve, easing=easing, loop=loop)
    assert z.shape == (frames, len(keyframes[0])) and np.isfinite(z).all()
    assert length(z).max() <= length(np.stack(keyframes)).max() * 1.0001 + 1e-6


@given(st.integers(1, 30), st.booleans())
def test_between_equal_keyframes_it_stands_still(frames: int, loop: bool) -> None:
    a = latent(1, 8)
    np.testing.assert_array_equal(path(np.stack([a, a, a]), frames, loop=loop), np.stack([a] * frames))


def test_a_way_from_0_is_not_jumped_over() -> None:
    b = latent(4, 16)
    z = path(np.stack([np.zeros(16, np.float32), b]), 11, curve="slerp")
    np.testing.assert_allclose(length(z), length(b) * np.linspace(0, 1, 11), rtol=1e-5)


@pytest.mark.parametrize("easing", [name for name in EASINGS if name != "linear"])
def test_easing_is_slow_at_keyframes_and_keeps_their_times(easing: str) -> None:
    keyframes = latents(range(3), 100)
    eased = path(keyframes, 301, curve="slerp", easing=easing)
    plain = path(keyframes, 301, curve="slerp")
    middle = int(length(plain - keyframes[1]).argmin())
    assert abs(int(length(eased - keyframes[1]).argmin()) - middle) <= 1
    steps = angles(eased)
    assert max(steps[0], steps[middle], steps[-1]) < 0.2 * steps.max()
    for name, ease in EASINGS.items():
        t = np.linspace(0, 1, 101)
        assert ease(t)[0] == 0 and ease(t)[-1] == 1 and (np.diff(ease(t)) > 0).all(), name


def test_one_frame_is_the_first_keyframe() -> None:
    keyframes = latents(range(3), 8)
    np.testing.assert_array_equal(path(keyframes, 1), keyframes[:1])
    np.testing.assert_array_equal(path(keyframes, 1, loop=True), keyframes[:1])


@pytest.mark.parametrize(
    ("count", "frames", "options", "sentence"),
    [
        (1, 10, {}, "A path needs two keyframes at least; name another seed."),
        (0, 10, {}, "A path needs two keyframes at least; name another seed."),
        (1, 10, {"loop": True}, "A path needs two keyframes at least; name another seed."),
        (2, 0, {}, "A path of 0 frames cannot be made; choose from 1 to 100000 frames."),
        (2, -3, {}, "A path of -3 frames cannot be made; choose from 1 to 100000 frames."),
        (2, MAX_FRAMES + 1, {}, "A path of 100001 frames cannot be made; choose from 1 to 100000 frames."),
        (2, 10, {"curve": "spline"}, "There is no curve “spline”; choose catmull-rom, slerp, lerp."),
        (2, 10, {"easing": "bounce"}, "There is no easing “bounce”; choose linear, smooth, smoother."),
    ],
)
def test_what_is_no_path_is_said(count: int, frames: int, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(LatentError) as error:
        path(latents(range(count), 8), frames, **options)  # type: ignore[arg-type]
    assert str(error.value) == sentence


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_keyframes_that_are_not_numbers_are_said(value: float) -> None:
    keyframes = latents(range(2), 8)
    keyframes[1, 3] = value
    with pytest.raises(LatentError, match="values that are not numbers; choose another"):
        path(keyframes, 5)


# Arithmetic


@given(st.integers(0, 2**31), st.integers(2, 128))
def test_an_analogy_has_the_length_of_a_latent(seed: int, size: int) -> None:
    a, b, c = latents(range(seed, seed + 3), size)
    z = analogy(a, b, c)
    assert length(z) == pytest.approx(math.sqrt(size), rel=1e-5)
    wanted = a.astype(np.float64) - b + c
    assert z.astype(np.float64) @ wanted == pytest.approx(length(z) * length(wanted), rel=1e-5)


def test_an_analogy_with_nothing_left_is_0() -> None:
    a = latent(1, 8)
    np.testing.assert_array_equal(analogy(a, 2 * a, a), np.zeros(8, np.float32))


@given(st.integers(0, 2**31), shares)
def test_truncation_shortens(seed: int, truncation: float) -> None:
    z = latent(seed, 16)
    assert length(truncate(z, truncation)) == pytest.approx(length(z) * truncation, rel=1e-5, abs=1e-6)
    np.testing.assert_array_equal(truncate(z, 1), z)


@pytest.mark.parametrize("truncation", [-0.1, 1.1, math.nan])
def test_a_truncation_out_of_range_is_said(truncation: float) -> None:
    with pytest.raises(LatentError, match="is not between 0 and 1; choose another"):
        truncate(latent(0, 4), truncation)


@given(st.integers(0, 2**31), st.lists(st.floats(-5, 5), min_size=1, max_size=3))
def test_a_direction_is_gone_along(seed: int, amounts: list[float]) -> None:
    z, direction = latents([seed, seed + 1], 16)
    together = along(z, direction, np.array(amounts))
    for amount, row in zip(amounts, together, strict=True):
        np.testing.assert_allclose(row, z + np.float64(amount) * direction, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(row, along(z, direction, amount))
