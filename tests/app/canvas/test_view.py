"""The canvas: what it draws, pixel by pixel, and what hands do to it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.compare import CompareView
from app.canvas.overlay import Overlay
from app.canvas.view import CanvasView, Pointed
from app.core import qimage
from app.photos import pyramid
from app.photos.pyramid import Pyramid
from engines.errors import Cancelled
from engines.progress import Progress


def pyramid_of(pixels: np.ndarray, icc: bytes | None = None) -> Pyramid:
    return pyramid.build(pixels, icc, progress=Progress())


def drawn(view: CompareView) -> np.ndarray:
    return qimage.to_pixels(view.grab().toImage())


def wheel(view: CompareView, at: QPointF, notches: float) -> None:
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


@pytest.fixture
def view(qtbot: QtBot) -> CompareView:
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    return view


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (150, 200, 3), np.uint8)


def test_at_100_percent_every_pixel_is_the_pictures_own(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    assert view.scale == 1
    np.testing.assert_array_equal(drawn(view)[75:225, 100:300, :3], noise)


def test_the_surround_is_the_colour_it_was_given(view: CompareView, noise: np.ndarray) -> None:
    view.set_surround(QColor(70, 70, 70))
    view.show_pyramids(pyramid_of(noise))
    picture = drawn(view)
    assert (picture[:75, :, :3] == 70).all() and (picture[:, 300:, :3] == 70).all()


def test_above_200_percent_pixels_are_squares(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(4.0)
    corner = view.picture_at(QPointF(0, 0)).toTuple()
    assert corner == (50.0, 37.5)
    np.testing.assert_array_equal(drawn(view)[2:298, :, :3], noise[38:112, 50:150].repeat(4, axis=0).repeat(4, axis=1))


def test_a_large_picture_is_drawn_from_a_smaller_level(view: CompareView) -> None:
    rows, columns = np.mgrid[0:3000, 0:4000]
    checks = (((rows + columns) % 2) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    view.show_pyramids(pyramid_of(checks))
    middle = drawn(view)[100:200, 100:300, :3].astype(int)
    assert abs(middle - 128).max() <= 2  # black and white in turn are grey from afar, without moiré


def test_a_picture_wider_than_16_bits_is_drawn_to_its_end(view: CompareView) -> None:
    pixels = np.zeros((4, 70_000, 3), np.uint8)
    pixels[:, -2:] = (255, 0, 0)
    view.show_pyramids(pyramid_of(pixels))
    view.zoom_to(8.0)
    view.pan(QPointF(-1e9, 0))
    picture = drawn(view)
    left = round(view.picture_rect().right())
    assert tuple(picture[150, left - 8, :3]) == (255, 0, 0)
    assert tuple(picture[150, left - 24, :3]) == (0, 0, 0)


def test_transparency_shows_the_pattern(view: CompareView) -> None:
    pixels = np.zeros((150, 200, 4), np.uint8)
    pixels[:, 100:] = (10, 200, 30, 255)
    view.show_pyramids(pyramid_of(pixels))
    picture = drawn(view)[75:225, 100:300, :3]
    assert {tuple(map(int, colour)) for colour in picture[:, :99].reshape(-1, 3)} == {(196,) * 3, (156,) * 3}
    assert (picture[:, 101:] == (10, 200, 30)).all()


def test_the_pattern_has_the_colours_it_was_given(view: CompareView) -> None:
    view.set_checks(QColor(90, 90, 90), QColor(60, 60, 60))
    view.show_pyramids(pyramid_of(np.zeros((150, 200, 4), np.uint8)))
    assert set(np.unique(drawn(view)[75:225, 100:300, :3])) == {60, 90}


def test_above_800_percent_there_is_a_grid(view: CompareView) -> None:
    view.show_pyramids(pyramid_of(np.full((40, 40, 3), 128, np.uint8)))
    view.zoom_to(8.0)
    assert (drawn(view)[100:200, 150:250, :3] == 128).all()
    view.zoom_to(16.0)
    picture = drawn(view)[..., :3]
    left, top = map(int, view.picture_rect().topLeft().toTuple())
    column = np.flatnonzero((picture[top % 16 + 16 * 3 + 8] != 128).any(axis=1))
    assert set((column - left) % 16) == {0} and len(column) >= 20
    assert (picture[:, left + 16 * 10][64:200] < 128).any() and (picture[:, left + 16 * 10][64:200] > 128).any()
    view.set_grid(False)
    assert (drawn(view)[100:200, 150:250, :3] == 128).all()


def test_the_box_in_sight(view: CompareView, noise: np.ndarray) -> None:
    assert view.visible_box() is None
    view.show_pyramids(pyramid_of(noise))
    assert view.visible_box() == (0, 0, 200, 150)
    view.zoom_to(4.0)
    assert view.visible_box() == (50, 37, 150, 113)
    view.pan(QPointF(-1e6, -1e6))
    left, top, right, bottom = view.visible_box() or (0, 0, 0, 0)
    assert (right, bottom) == (200, 150) and 180 < left < 200 and 130 < top < 150


def test_the_pixel_under_the_pointer_is_told(qtbot: QtBot, view: CompareView, noise: np.ndarray) -> None:
    told: list[Pointed | None] = []
    view.pointed.connect(told.append)
    view.show_pyramids(pyramid_of(noise))
    qtbot.mouseMove(view, QPoint(100, 75))
    qtbot.mouseMove(view, QPoint(299, 224))
    qtbot.mouseMove(view, QPoint(300, 224))
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert told == [Pointed(0, 0), Pointed(199, 149), None, None]


class Stroke(Overlay):
    """A tool that draws a line where it is dragged with the left button."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.places: list[QPointF] = []

    def paint(self, painter: QPainter, view: CanvasView) -> None:
        painter.fillRect(QRectF(view.on_screen(QPointF(0, 0)), QSizeF(10, 10)), QColor(1, 2, 3))

    def mouse_pressed(self, event: QMouseEvent, view: CanvasView) -> bool:
        self.seen.append("press")
        return event.button() == Qt.MouseButton.LeftButton

    def mouse_moved(self, event: QMouseEvent, view: CanvasView) -> bool:
        self.places.append(view.picture_at(event.position()))
        return True

    def mouse_released(self, event: QMouseEvent, view: CanvasView) -> bool:
        self.seen.append("release")
        return True

    def mouse_double_clicked(self, event: QMouseEvent, view: CanvasView) -> bool:
        self.seen.append("double")
        return True

    def key_pressed(self, event: QKeyEvent, view: CanvasView) -> bool:
        return event.key() == Qt.Key.Key_Left

    def cursor(self, position: QPointF, view: CanvasView) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor


def test_an_overlay_is_drawn_over_the_picture_and_has_the_hands_first(
    qtbot: QtBot, view: CompareView, noise: np.ndarray
) -> None:
    view.show_pyramids(pyramid_of(noise))
    stroke = Stroke()
    view.set_overlay(stroke)
    was = view.picture_rect()
    assert (drawn(view)[75:85, 100:110, :3] == (1, 2, 3)).all()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(110, 80))
    qtbot.mouseMove(view, QPoint(120, 85))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 85))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 85))
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert stroke.seen == ["press", "release", "double"] and stroke.places == [QPointF(20, 10)]
    assert view.picture_rect() == was and view.cursor().shape() == Qt.CursorShape.CrossCursor
    view.set_overlay(None)
    assert view.overlay is None and not (drawn(view)[75:85, 100:110, :3] == (1, 2, 3)).all()


def test_the_middle_button_and_space_pan_under_an_overlay(qtbot: QtBot, view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(4.0)
    stroke = Stroke()
    view.set_overlay(stroke)
    was = view.picture_rect().topLeft()
    qtbot.mousePress(view, Qt.MouseButton.MiddleButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(110, 105))
    qtbot.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=QPoint(110, 105))
    assert view.picture_rect().topLeft() == was + QPointF(10, 5)
    qtbot.keyPress(view, Qt.Key.Key_Space)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(90, 95))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(90, 95))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert view.picture_rect().topLeft() == was and stroke.seen == []


def test_side_by_side_both_panes_show_the_same_place(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.set_original(pyramid_of(255 - noise))
    assert view.arrangement == "after" and not view.is_comparing
    view.set_side_by_side(True)
    assert view.arrangement == "side by side" and view.scale == pytest.approx((198 - 48) / 200)
    view.zoom_to(1.0)
    picture = drawn(view)[..., :3].astype(int)
    left, right = picture[60:240, :198], picture[60:240, 202:400]
    inside = slice(60, 160), slice(2, 196)  # without labels and rims
    assert (left[inside] + right[inside] == 255).all()
    assert view.pointed_at(QPointF(99, 150)) == Pointed(100, 75, before=True)
    assert view.pointed_at(QPointF(202 + 99, 150)) == Pointed(100, 75)
    was = view.picture_at(QPointF(302, 100))
    wheel(view, QPointF(302, 100), 4)
    assert view.picture_at(QPointF(302, 100)) == was and view.picture_at(QPointF(100, 100)) == was
    view.set_side_by_side(False)
    assert view.arrangement == "after" and view.viewport.screen == (400, 300)


def test_before_takes_the_place_of_after_while_it_is_asked_for(view: CompareView, noise: np.ndarray) -> None:
    half = noise[::2, ::2]
    view.show_pyramids(pyramid_of(noise))
    view.show_before(True)
    assert view.arrangement == "after"  # there is none
    view.set_original(pyramid_of(np.full_like(half, 9)))
    assert view.arrangement == "before"
    assert (drawn(view)[130:225, 100:300, :3] == 9).all()
    assert view.pointed_at(QPointF(299, 224)) == Pointed(99, 74, before=True)
    view.show_before(False)
    np.testing.assert_array_equal(drawn(view)[75:225, 100:300, :3], noise)
    view.show_pyramids(None)
    assert view.earlier is None


def test_fit_width(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise.repeat(3, axis=0)))
    view.fit_width()
    assert view.scale == pytest.approx((400 - 48) / 200)
    assert view.picture_rect().left() == pytest.approx(24, abs=1)


def test_smaller_levels_do_not_bleed_what_is_under_transparency() -> None:
    pixels = np.zeros((600, 600, 4), np.uint8)
    pixels[::2] = (0, 0, 255, 255)
    pixels[1::2, :, 0] = 255  # red that nobody can see
    level = pyramid_of(pixels).levels[1]
    assert level.premultiplied
    assert level.pixels.shape == (300, 300, 4)
    assert abs(level.pixels.astype(int) - (0, 0, 128, 128)).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (3, 3, 4), (513, 257, 3)])
def test_odd_sizes_have_pyramids_too(view: CompareView, shape: tuple[int, int, int]) -> None:
    pixels = np.full(shape, 200, np.uint8)
    made = pyramid_of(pixels)
    for larger, smaller in zip(made.levels, made.levels[1:], strict=False):
        assert smaller.pixels.shape[0] == (larger.pixels.shape[0] + 1) // 2
        assert smaller.pixels.shape[1] == (larger.pixels.shape[1] + 1) // 2
    assert all((level.pixels[..., :3] >= 150).all() for level in made.levels)
    view.show_pyramids(made)
    view.fit()
    drawn(view)


def test_sixteen_bits_are_shown_as_eight() -> None:
    ramp = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64, 1).repeat(3, axis=2)
    shown = pyramid_of(ramp).levels[0].pixels
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, ramp >> 8)


def test_a_picture_without_a_profile_is_shown_from_its_own_memory(noise: np.ndarray) -> None:
    assert np.shares_memory(pyramid_of(noise).levels[0].pixels, noise)


def test_srgb_by_any_name_changes_nothing(noise: np.ndarray) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.shares_memory(pyramid_of(noise, profile).levels[0].pixels, noise)


@pytest.mark.parametrize("profile", [b"", b"no profile at all", b"\0" * 200])
def test_a_broken_profile_is_left_aside(noise: np.ndarray, profile: bytes) -> None:
    np.testing.assert_array_equal(pyramid_of(noise, profile).levels[0].pixels, noise)


def test_a_profile_is_honoured(noise: np.ndarray) -> None:
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    np.testing.assert_array_equal(pyramid_of(noise, xyz).levels[0].pixels, noise)  # not RGB: cannot be used
    swapped = wide_gamut_profile()
    expected = np.asarray(
        ImageCms.profileToProfile(
            Image.fromarray(noise), ImageCms.ImageCmsProfile(io.BytesIO(swapped)), ImageCms.createProfile("sRGB")
        )
    )
    shown = pyramid_of(noise, swapped).levels[0].pixels
    np.testing.assert_array_equal(shown, expected)
    assert (shown != noise).any()


def wide_gamut_profile() -> bytes:
    """sRGB with its red and green primaries further out, as in a camera's own colour space."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(int.from_bytes(data[128:132], "big"))}
    for name, factor in ((b"rXYZ", 1.3), (b"gXYZ", 0.8)):
        offset = int.from_bytes(data[tags[name] + 4 : tags[name] + 8], "big") + 8
        value = int.from_bytes(data[offset : offset + 4], "big", signed=True)
        data[offset : offset + 4] = round(value * factor).to_bytes(4, "big", signed=True)
    return bytes(data)


def test_making_a_pyramid_can_be_cancelled(noise: np.ndarray) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        pyramid.build(noise.repeat(4, axis=0).repeat(4, axis=1), None, progress=progress)


def test_the_wheel_zooms_to_the_pointer(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    pointer = QPointF(137, 101)
    was = view.picture_at(pointer)
    for notches in (3, 1, -2, 4, 0.5):
        wheel(view, pointer, notches)
        now = view.picture_at(pointer)
        assert (now - was).manhattanLength() < 1e-6
    assert view.scale == pytest.approx(2 ** (6.5 / 4))


def test_dragging_pans_with_left_and_with_middle(qtbot: QtBot, view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(4)
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
        was = view.picture_at(QPointF(200, 150))
        qtbot.mousePress(view, button, pos=QPoint(200, 150))
        qtbot.mouseMove(view, QPoint(240, 130))
        assert view.picture_at(QPointF(240, 130)) == was
        assert view.cursor().shape() == Qt.CursorShape.ClosedHandCursor
        qtbot.mouseRelease(view, button, pos=QPoint(240, 130))
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.picture_at(QPointF(64 + 240, 130)) == was


def test_a_double_click_goes_to_100_percent_there_and_back(qtbot: QtBot, view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(np.tile(noise, (4, 4, 1))))
    fitted, was = view.scale, view.picture_at(QPointF(120, 85))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 85))
    assert fitted < view.scale == 1
    assert (view.picture_at(QPointF(120, 85)) - was).manhattanLength() < 1
    qtbot.mouseDClick(view, Qt.MouseButton.RightButton, pos=QPoint(120, 85))
    assert view.scale == 1
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 85))
    assert view.scale == fitted


def test_what_is_fitted_stays_fitted(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.fit()
    assert view.scale == pytest.approx((300 - 48) / 150)
    view.resize(248, 300)
    assert view.scale == pytest.approx(1)
    view.zoom_to(3)
    view.resize(400, 300)
    assert view.scale == 3


def test_before_is_on_the_left_enlarged_and_after_on_the_right(view: CompareView) -> None:
    before = np.full((75, 100, 3), (200, 0, 0), np.uint8)
    after = np.full((150, 200, 3), (0, 0, 200), np.uint8)
    view.show_pyramids(pyramid_of(after), pyramid_of(before))
    view.set_divider(0.5)
    picture = drawn(view)
    assert tuple(picture[220, 105, :3]) == tuple(picture[220, 190, :3]) == (200, 0, 0)
    assert tuple(picture[220, 210, :3]) == tuple(picture[220, 295, :3]) == (0, 0, 200)


def test_both_sides_show_the_same_place(view: CompareView) -> None:
    """A picture and its exact double, at every zoom: moving the divider must not move what is seen."""
    small = np.kron(np.random.default_rng(3).integers(0, 256, (30, 40, 3)), np.ones((10, 10, 1))).astype(np.uint8)
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    view.show_pyramids(pyramid_of(large), pyramid_of(small))
    for scale, most_different in ((0.25, 0), (0.5, 0), (1.0, 255), (3.0, 0)):
        view.zoom_to(scale)
        sides = []
        for place in (0.0, 1.0):  # the piece compared holds neither handle nor labels
            view.set_divider(place)
            sides.append(drawn(view)[180:220, 130:270, :3].astype(int))
        difference = abs(sides[0] - sides[1])
        assert difference.max() <= most_different, scale
        assert np.median(difference) == 0  # at 100 % the side that is enlarged is softer where two colours meet


def test_the_divider_follows_the_mouse_and_keys(qtbot: QtBot, view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise.repeat(2, axis=0).repeat(2, axis=1)), pyramid_of(noise))
    handle = view.handle_center().toPoint()
    qtbot.mouseMove(view, handle)
    assert view.cursor().shape() == Qt.CursorShape.SplitHCursor
    was = view.picture_rect()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=handle)
    qtbot.mouseMove(view, QPoint(120, 40))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 40))
    assert view.divider == pytest.approx(0.3)
    assert view.picture_rect() == was
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.divider == pytest.approx(0.32)
    view.set_divider(7)
    assert view.divider == 1 and view.divider_x() == view.picture_rect().right()


def test_the_place_on_screen_stays_when_the_result_comes(view: CompareView, noise: np.ndarray) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(3.0, QPointF(10, 20))
    was = view.picture_rect()
    view.show_pyramids(pyramid_of(noise.repeat(4, axis=0).repeat(4, axis=1)), pyramid_of(noise), keep_view=True)
    assert view.picture_rect() == was and view.scale == 0.75


@pytest.mark.parametrize(("factor", "size"), [("2", (300, 400)), ("1.5", (225, 300)), ("1.25", (188, 250))])
def test_device_pixels_are_respected(
    factor: str, size: tuple[int, int], tmp_path: Path, noise: np.ndarray, in_fresh_interpreter: Callable
) -> None:
    """On a screen of more device pixels than logical ones, 100 % still shows each pixel of the picture as it is."""
    np.save(tmp_path / "noise.npy", noise)
    output = in_fresh_interpreter(
        f"""
        import numpy as np
        from PySide6.QtCore import QPointF
        from PySide6.QtWidgets import QApplication
        application = QApplication([])
        from app.core import qimage
        from app.photos import pyramid
        from app.canvas.compare import CompareView
        from engines.progress import Progress
        noise = np.load({str(tmp_path / "noise.npy")!r})
        view = CompareView()
        view.resize(200, 150)
        view.show()
        view.show_pyramids(pyramid.build(noise, None, progress=Progress()))
        view.zoom_to(1.0)
        view.pan(QPointF(1, 1))
        picture = qimage.to_pixels(view.grab().toImage())[:, :, :3]
        left, top = map(int, view.picture_rect().topLeft().toTuple())
        shown = picture[max(0, top):top + 150, max(0, left):left + 200]
        own = noise[max(0, -top):, max(0, -left):][:shown.shape[0], :shown.shape[1]]
        print(view.devicePixelRatioF(), picture.shape[:2], shown.size > 50_000, (shown == own).all())
        """,
        QT_SCALE_FACTOR=factor,
        QT_SCALE_FACTOR_ROUNDING_POLICY="PassThrough",
    )
    assert output.split("\n")[-1] == f"{float(factor)} {size} True True"
