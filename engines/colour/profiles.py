"""ICC profiles: what a profile describes, and the table that turns a grey picture into sRGB by its own profile."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from engines.libvips import libvips

# Pillow leaves the types of its colour management open.
_cms: Any = ImageCms


def profile_space(icc: bytes) -> str | None:
    """What colours a profile describes: `RGB`, `GRAY`, `CMYK`, `Lab` ...; None for a profile that cannot be used."""
    try:
        profile: Any = _cms.ImageCmsProfile(io.BytesIO(icc))
        space = str(profile.profile.xcolor_space).strip()
        mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}.get(space)
        if mode is None:
            return space
        # A profile may open and yet lack the tables it needs; only building a transform tells.
        _cms.buildTransform(profile, _cms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None
    return space


def grey_table(icc: bytes, depth: int) -> NDArray[Any] | None:
    """sRGB for each grey value by a grey profile, `(256 or 65536, 3)`; None where libvips cannot use the profile."""
    pyvips = libvips()
    try:
        ramp = pyvips.Image.identity(ushort=depth == 16).copy(interpretation="grey16" if depth == 16 else "b-w")
        ramp.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
        lightness = np.asarray(ramp.icc_import(embedded=True, pcs="lab", intent="relative").numpy()).reshape(-1, 3)[
            :, 0
        ]
    except pyvips.Error:
        return None
    # From here by formula, because a grey must stay neutral and a transform's rounding would tint it: CIE lightness to
    # luminance, and that through sRGB's own curve.
    lightness = np.clip(lightness.astype(np.float64), 0.0, 100.0)
    luminance = np.where(lightness > 8.0, ((lightness + 16.0) / 116.0) ** 3, lightness * 27.0 / 24389.0)
    curve = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)
    top = 2**depth - 1
    return np.rint(curve * top).astype(np.uint16 if depth == 16 else np.uint8)[:, None].repeat(3, axis=1)


_DATE = b"".join(
    number.to_bytes(2, "big") for number in (1999, 10, 18, 0, 0, 0)
)  # of IEC 61966-2-1, which defines sRGB


def srgb_profile() -> bytes:
    """The sRGB profile, as bytes: the same at any time, though it is made anew and dated to the second."""
    made = _cms.ImageCmsProfile(_cms.createProfile("sRGB")).tobytes()
    return made[:24] + _DATE + made[36:]


class Space:
    """The colours of a picture with the RGB profile `icc`, on their way to sRGB, which networks are trained on, and back.

    The way goes through libvips with 16 bits and relative intent, and cuts what lies outside sRGB. `icc` is then the
    profile of what comes back: the picture's own, so that whatever is not changed keeps its very levels, also colours
    outside sRGB. A profile that leads only to sRGB and not back, as a scanner's may, is replaced by sRGB's.

    `is_srgb` is whether nothing needs converting: no profile, or one that differs from sRGB by less than a level of 8 bit.
    `notice` is what the person should know, or None.
    """

    def __init__(self, icc: bytes | None) -> None:
        self.icc = icc
        self.notice: str | None = None
        self.is_one_way = False
        self.is_srgb = icc is None
        if icc is None:
            return
        steps = np.linspace(0, 65535, 9).round().astype(np.uint16)
        lattice = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(27, 27, 3)
        pyvips = libvips()
        seen: NDArray[Any] | None = None
        if profile_space(icc) == "RGB":  # libvips would take sRGB for one that is damaged, and say nothing
            with contextlib.suppress(pyvips.Error):
                seen = self.to_srgb(lattice)
        if seen is None:
            self.icc, self.is_srgb = None, True
            self.notice = "The picture's colour profile cannot be applied; its colours are taken as sRGB."
            return
        self.is_srgb = int(np.abs(seen.astype(np.int32) - lattice).max()) < 257
        if self.is_srgb:
            return
        try:
            self.from_srgb(lattice, np.dtype(np.uint16))
        except pyvips.Error:
            self.is_one_way = True
            self.notice = "The picture's colour profile leads one way only; its colours were converted to sRGB."

    @property
    def result_icc(self) -> bytes | None:
        """The profile of a result."""
        return srgb_profile() if self.is_one_way else self.icc

    def to_srgb(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels (H, W, 3) as sRGB: the same where they are sRGB already, else uint16."""
        if self.is_srgb:
            return pixels
        image = _vips_image(pixels)
        image.set_type(libvips().GValue.blob_type, "icc-profile-data", self.icc)
        connected = image.icc_import(embedded=True, pcs="xyz", intent="relative", black_point_compensation=True)
        return _exported(connected, pixels.shape, 16, output_profile="srgb")

    def from_srgb(self, pixels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """sRGB pixels (H, W, 3) in the picture's own colours, or in sRGB where no way leads back, of `dtype`."""
        if self.is_srgb or self.is_one_way:
            if pixels.dtype == dtype:
                return pixels
            return (
                ((pixels.astype(np.uint32) + 128) // 257).astype(dtype)
                if dtype == np.uint8
                else pixels * dtype.type(257)
            )
        connected = _vips_image(pixels).icc_import(
            input_profile="srgb", embedded=False, pcs="xyz", intent="relative", black_point_compensation=True
        )
        connected.set_type(libvips().GValue.blob_type, "icc-profile-data", self.icc)
        return _exported(connected, pixels.shape, 8 * dtype.itemsize)


def _vips_image(pixels: NDArray[Any]) -> Any:
    height, width, channels = pixels.shape
    deep = pixels.dtype == np.uint16
    data = np.ascontiguousarray(pixels).data.cast("B")
    image = libvips().Image.new_from_memory(data, width, height, channels, "ushort" if deep else "uchar")
    return image.copy(interpretation="rgb16" if deep else "srgb")


def _exported(image: Any, shape: tuple[int, ...], depth: int, **profile: str) -> NDArray[Any]:
    exported = image.icc_export(depth=depth, intent="relative", black_point_compensation=True, **profile)
    dtype = np.uint16 if depth == 16 else np.uint8
    return np.frombuffer(exported.write_to_memory(), dtype).reshape(shape)
