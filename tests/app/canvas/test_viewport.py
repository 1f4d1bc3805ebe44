"""The viewport: what is under the pointer stays there, and the picture cannot be lost."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from app.canvas.viewport import KEPT_VISIBLE, LARGEST_SCALE, Viewport

sides = st.integers(1, 40_000)
screens = st.tuples(st.floats(100, 4000), st.floats(100, 3000))
factors = st.floats(0.2, 5)


def fitted(picture: tuple[int, int], screen: tuple[float, float]) -> Viewport:
    viewport = Viewport(picture=picture)
    viewport.set_screen(*screen, 24)
    return viewport


@given(st.tuples(sides, sides), screens)
def test_fit_shows_the_whole_picture_in_the_middle(picture: tuple[int, int], screen: tuple[float, float]) -> None:
    viewport = fitted(picture, screen)
    viewport.fit(24, enlarge=True)
    left, top, width, height = viewport.rect()
    assert left >= 23 and top >= 23
    assert left + width <= screen[0] - 23 and top + height <= screen[1] - 23
    assert abs(left * 2 + width - screen[0]) <= 1.01
    assert abs(top * 2 + height - screen[1]) <= 1.01


@given(st.tuples(sides, sides), screens)
def test_a_photo_is_opened_at_100_percent_at_most(picture: tuple[int, int], screen: tuple[float, float]) -> None:
    viewport = Viewport()
    viewport.set_screen(*screen, 24)
    viewport.set_picture(*picture, 24, keep=False)
    assert viewport.scale <= 1


@given(st.tuples(st.integers(300, 40_000), st.integers(300, 40_000)), screens, st.lists(factors, max_size=8), st.data())
def test_zoom_keeps_the_place_under_the_pointer(
    picture: tuple[int, int], screen: tuple[float, float], before: list[float], data: st.DataObject
) -> None:
    viewport = fitted(picture, screen)
    for factor in before:
        viewport.zoom(viewport.scale * factor)
    left, top, width, height = viewport.rect()
    x = data.draw(st.floats(max(0, left), min(screen[0], left + width)))
    y = data.draw(st.floats(max(0, top), min(screen[1], top + height)))
    was = viewport.picture_at((x, y))
    viewport.zoom(viewport.scale * 1.5, (x, y))
    now = viewport.picture_at((x, y))
    # within a screen pixel: at exactly 100 % the picture is laid on whole pixels
    assert math.dist(was, now) * viewport.scale <= 1


@given(st.tuples(sides, sides), screens, st.lists(st.tuples(factors, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))))
def test_the_picture_never_leaves_the_screen(
    picture: tuple[int, int], screen: tuple[float, float], moves: list[tuple[float, float, float]]
) -> None:
    viewport = fitted(picture, screen)
    for factor, x, y in moves:
        viewport.zoom(viewport.scale * factor, (x % screen[0], y % screen[1]))
        viewport.pan((x, y))
        left, top, width, height = viewport.rect()
        assert 0 < viewport.scale <= LARGEST_SCALE
        for start, length, side in ((left, width, screen[0]), (top, height, screen[1])):
            seen = min(start + length, side) - max(start, 0)
            assert seen >= min(KEPT_VISIBLE, length) * 0.999 - 0.01


def test_four_notches_are_exactly_a_doubling() -> None:
    viewport = fitted((1000, 1000), (800, 800))
    viewport.zoom(1.0)
    for _ in range(4):
        viewport.zoom(viewport.scale * 2**0.25)
    assert viewport.scale == 2.0


def test_an_upscaled_picture_takes_the_place_of_the_old_one() -> None:
    viewport = fitted((1000, 800), (900, 700))
    viewport.zoom(2.0, (300, 200))
    was = viewport.rect()
    viewport.set_picture(4000, 3200, 24, keep=True)
    assert viewport.rect() == was
    assert viewport.scale == 0.5


@given(st.tuples(sides, sides), screens, st.floats(0.01, 64), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_picture_is_drawn_on_whole_pixels_of_the_screen(
    picture: tuple[int, int], screen: tuple[float, float], scale: float, x: float, y: float
) -> None:
    viewport = fitted(picture, screen)
    viewport.zoom(scale)
    viewport.pan((x, y))
    left, top = viewport.drawn_origin
    assert left == int(left) and top == int(top)
    assert abs(left - viewport.origin[0]) <= 0.5 and abs(top - viewport.origin[1]) <= 0.5


@given(
    st.tuples(st.integers(300, 40_000), st.integers(300, 40_000)),
    screens,
    factors,
    st.floats(-50, 50),
    st.floats(-50, 50),
)
def test_panning_there_and_back_leads_home(
    picture: tuple[int, int], screen: tuple[float, float], factor: float, x: float, y: float
) -> None:
    """Fractions of a pixel are kept, though drawing rounds them: slow dragging must not lose its way."""
    viewport = fitted(picture, screen)
    viewport.zoom(viewport.scale * factor)
    was = viewport.origin
    for _ in range(10):
        viewport.pan((x / 10, y / 10))
    if math.dist(viewport.origin, (was[0] + x, was[1] + y)) < 1e-3:  # nothing held it in sight
        viewport.pan((-x, -y))
        assert math.dist(viewport.origin, was) < 1e-3
