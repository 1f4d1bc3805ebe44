"""The first look: a large JPEG much reduced and upright, and None for all else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.pictures import first_look as module
from engines.pictures.first_look import first_look
from engines.pictures.picture import load


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that tests need no pictures of many megapixels."""
    monkeypatch.setattr(module, "WORTH_IT", 100_000)


def jpeg(path: Path, width: int = 640, height: int = 400, mode: str = "RGB", **options: object) -> Path:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 40)], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, quality=95, **options)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_the_photo_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = jpeg(tmp_path / "photo.jpg", exif=exif.tobytes())
    small, whole = first_look(path, 150), load(path)
    assert small is not None and small.source == path
    assert max(small.width, small.height) == 160
    assert (small.width > small.height) == (whole.width > whole.height)
    large = np.asarray(Image.fromarray(whole.pixels).resize((small.width, small.height), Image.Resampling.BOX))
    assert np.abs(small.pixels.astype(int) - large).mean() < 2


def test_a_profile_comes_along_and_grey_becomes_colour(tmp_path: Path) -> None:
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    small = first_look(jpeg(tmp_path / "profile.jpg", icc_profile=icc), 80)
    assert small is not None and small.metadata.icc == icc
    grey = first_look(jpeg(tmp_path / "grey.jpg", mode="L"), 80)
    assert grey is not None and grey.pixels.shape == (50, 80, 3)


def test_all_else_is_left_to_the_whole(tmp_path: Path) -> None:
    assert first_look(jpeg(tmp_path / "small.jpg", 100, 100), 10) is None
    assert first_look(jpeg(tmp_path / "wide.jpg"), 400) is None  # half of it would be too small
    assert first_look(jpeg(tmp_path / "photo.png"), 80) is None
    assert first_look(jpeg(tmp_path / "press.jpg", mode="CMYK"), 80) is None
    assert first_look(tmp_path / "missing.jpg", 80) is None
    whole = jpeg(tmp_path / "cut.jpg").read_bytes()
    for length in (0, 2, 100, len(whole) // 2):
        (tmp_path / "cut.jpg").write_bytes(whole[:length])
        assert first_look(tmp_path / "cut.jpg", 80) is None
