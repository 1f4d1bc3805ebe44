"""ICC profiles: what a profile describes, and the table that turns a grey picture into sRGB by its own profile."""

from __future__ import annotations

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


def srgb_profile() -> bytes:
    """The sRGB profile, as bytes."""
    return _cms.ImageCmsProfile(_cms.createProfile("sRGB")).tobytes()
