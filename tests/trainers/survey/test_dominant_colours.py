"""Dominant colours: what a person would call a picture, whatever it lies on, and labels made of that."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor, ImageDraw

from tests.search import examples
from trainers.survey.dominant_colours import COLOURS, NEIGHBOURS, colour_labels, dominant_colour, oklab


def filled(colour: str, width: int = 64, height: int = 64) -> np.ndarray:
    return np.asarray(Image.new("RGB", (width, height), colour))


def ball(colour: str, ground: str, radius: int = 24, *, shade: float = 1.0) -> np.ndarray:
    """A ball of `colour` on `ground`, `shade` times as light at its lower right as at its upper left, with a highlight."""
    image = Image.new("RGB", (64, 64), ground)
    inside = Image.new("L", image.size)
    ImageDraw.Draw(inside).ellipse((32 - radius, 32 - radius, 32 + radius, 32 + radius), fill=255)
    light = np.linspace(1, shade, 64)
    lit = np.multiply.outer(np.minimum.outer(light, light), ImageColor.getrgb(colour))
    image.paste(Image.fromarray(lit.astype(np.uint8)), mask=inside)
    ImageDraw.Draw(image).ellipse((24, 20, 28, 24), fill="white")
    return np.asarray(image)


CALLED = {
    "red": ("#ff0000", "#b01020", "#800010"),
    "orange": ("#ff8000", "#e86818"),
    "yellow": ("#ffff00", "#e8d030", "#fff080"),
    "green": ("#00ff00", "#008000", "#90e890", "#2e5a2e"),
    "cyan": ("#00ffff", "#20b8b8", "#107878"),
    "blue": ("#0000ff", "#2060d0", "#90c0f8", "#101060"),
    "purple": ("#8010c0", "#500860", "#c8a0f0"),
    "pink": ("#ff69b4", "#ffb0c8", "#e88098"),
    "brown": ("#7a4a20", "#4a2810"),
    "black": ("#000000", "#141414"),
    "grey": ("#808080", "#505050", "#b8b8b8"),
    "white": ("#ffffff", "#f6f6f6"),
}


@pytest.mark.parametrize(("called", "colour"), [(name, colour) for name, codes in CALLED.items() for colour in codes])
def test_a_plain_picture_is_called_what_its_colour_is(called: str, colour: str) -> None:
    assert dominant_colour(filled(colour)) == called


@pytest.mark.parametrize("ground", ["white", "black", "#c0e0c0", "#3060c0"])
@pytest.mark.parametrize("called", ["red", "orange", "yellow", "green", "purple", "pink"])
def test_what_a_thing_lies_on_does_not_count(called: str, ground: str) -> None:
    assert dominant_colour(ball(CALLED[called][0], ground)) == called


@pytest.mark.parametrize("called", ["red", "orange", "yellow", "green", "blue", "purple"])
def test_neither_do_its_shade_and_its_highlight(called: str) -> None:
    assert dominant_colour(ball(CALLED[called][0], "white", shade=0.5)) == called


def test_grey_black_and_white_things_are_seen_on_colours() -> None:
    assert [dominant_colour(ball(colour, "#a0d8e8")) for colour in ("#808080", "#080808", "#ffffff")] == [
        "grey",
        "black",
        "white",
    ]


def test_white_within_an_outline_on_white_is_no_background() -> None:
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((6, 6, 58, 58), fill="white", outline="black", width=3)
    assert dominant_colour(np.asarray(image)) == "white"


def test_a_speck_does_not_make_the_picture_but_something_small_does() -> None:
    assert dominant_colour(ball("#ff0000", "#ffffff", radius=3)) == "white"
    assert dominant_colour(ball("#ff0000", "#ffffff", radius=13)) == "red"


def test_without_a_plain_background_the_whole_picture_counts() -> None:
    picture = filled("#2060d0").copy()
    picture[32:] = ImageColor.getrgb("#6a5a48")  # sky above ground: neither goes all round
    assert dominant_colour(picture) == "blue"


def test_lightness_and_hue_keep_together_in_oklab() -> None:
    grey = oklab(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    assert np.abs(grey[:, 1:]).max() < 1e-6
    assert (grey[0, 0], round(float(grey[255, 0]), 6)) == (0, 1) and (np.diff(grey[:, 0]) > 0).all()
    red = oklab(np.array(ImageColor.getrgb("#ff0000"), np.uint8))
    np.testing.assert_allclose(red, (0.628, 0.225, 0.126), atol=5e-4)  # Ottosson's own figures


@examples(30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_picture_has_one_of_the_colours_and_mirroring_changes_nothing(height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    before = picture.copy()
    assert dominant_colour(picture) in COLOURS
    assert np.array_equal(picture, before)
    flat = np.broadcast_to(picture[:1, :1], picture.shape)
    assert dominant_colour(flat) == dominant_colour(np.ascontiguousarray(flat[::-1, ::-1]))


def test_a_long_thin_picture_and_a_single_pixel_have_one_too() -> None:
    assert dominant_colour(filled("#ff0000", 1, 1)) == dominant_colour(filled("#ff0000", 2000, 1)) == "red"


def test_labels_are_places_among_the_colours_there_are() -> None:
    labels, names = colour_labels(["white", "red", "blue", "red"], 1)
    assert names == ("red", "blue", "white") and labels.dtype == np.int64
    assert labels.tolist() == [2, 0, 1, 0]


def test_rare_colours_join_a_neighbour() -> None:
    labels, names = colour_labels(["red"] * 9 + ["pink"] * 2 + ["blue"] * 9 + ["cyan"], 5)
    assert names == ("red", "blue") and labels.tolist() == [0] * 11 + [1] * 10


def test_rare_neighbours_may_be_enough_together() -> None:
    labels, names = colour_labels(["blue"] * 20 + ["orange"] * 3 + ["yellow"] * 4, 5)
    assert names == ("yellow", "blue") and labels.tolist() == [1] * 20 + [0] * 7


def test_a_colour_without_a_neighbour_joins_the_commonest() -> None:
    assert colour_labels(["green"] * 9 + ["brown"] * 8 + ["pink"], 5)[1] == ("green", "brown")
    assert Counter(colour_labels(["green"] * 9 + ["brown"] * 8 + ["pink"], 5)[0].tolist()) == {0: 10, 1: 8}


def test_too_few_pictures_have_one_label_and_none_have_none() -> None:
    labels, names = colour_labels(["red", "red", "green"], 10)
    assert names == ("red",) and labels.tolist() == [0, 0, 0]
    labels, names = colour_labels([], 10)
    assert names == () and labels.shape == (0,) and labels.dtype == np.int64


@examples(60)
@given(st.lists(st.sampled_from(COLOURS), min_size=1, max_size=80), st.integers(1, 30), st.randoms())
def test_no_label_is_rare_and_pictures_of_a_colour_stay_together(names: list[str], least: int, random) -> None:
    labels, kept = colour_labels(names, least)
    counts = np.bincount(labels, minlength=len(kept))
    assert len(kept) == 1 or counts.min() >= least
    assert set(kept) <= set(names) and counts.sum() == len(names)
    label_of = dict(zip(names, labels.tolist(), strict=True))
    assert [label_of[name] for name in names] == labels.tolist()
    assert all(kept[label_of[name]] == name for name in kept)
    order = random.sample(range(len(names)), len(names))
    again, same = colour_labels([names[i] for i in order], least)
    assert same == kept and again.tolist() == [labels[i] for i in order]


def test_every_colour_has_neighbours_that_there_are() -> None:
    assert set(NEIGHBOURS) == set(COLOURS)
    assert all(set(near) < set(COLOURS) - {name} for name, near in NEIGHBOURS.items())


def test_torch_is_not_needed() -> None:
    code = "import sys, trainers.survey.dominant_colours, trainers.survey.survey; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
