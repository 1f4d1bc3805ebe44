"""The colour that a picture is remembered by, as one of twelve words: labels where no folders give any; torch-free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

TYPICAL = {
    "red": ("#ff0000", "#f82838", "#c01828", "#901818", "#580810", "#a03c34", "#702420", "#441014"),
    "orange": ("#ff7800", "#e05818", "#f09030", "#ffb468", "#d87840", "#e0a448", "#f8d0a8"),
    "yellow": ("#ffff20", "#f0d820", "#d8b818", "#f8f8a0", "#d8cc70", "#ece0a8"),
    "green": (
        "#10a830",
        "#68f040",
        "#a0f898",
        "#68a848",
        "#3c6024",
        "#103c10",
        "#88982c",
        "#28b078",
        "#b0d8a0",
        "#848848",
        "#a8ac54",
        "#506848",
    ),
    "cyan": ("#00e8e0", "#88f0f0", "#18b0b0", "#2c7c80", "#0c4c50"),
    "blue": ("#0808f0", "#3048e0", "#1878d0", "#58a8f8", "#a8ccf4", "#4878a8", "#002058", "#105880"),
    "purple": ("#a040e0", "#580c54", "#701098", "#d4b0f8", "#906094"),
    "pink": ("#f82490", "#f46080", "#e868d0", "#f8a8c0", "#dc98a4", "#ffd0dc"),
    "brown": ("#8c5420", "#a45424", "#b08c50", "#74602c", "#502414", "#8c6450", "#60301c", "#30180c"),
    "black": ("#000000", "#181818"),
    "grey": ("#404040", "#848484", "#c8c8c8", "#60686c"),
    "white": ("#ffffff", "#f4f4ec"),
}
"""What each word is used of, light and dark, in sRGB. A pixel is called what the nearest of these is called.

Words do not share out the hues evenly, and one and the same hue is orange where it is light and brown where it is dark, pink
and red likewise. Ranges of hue miss that, examples do not. Of the 616 colours of the xkcd colour survey whose names, given by
thousands of people, end in one of these words, these examples name 87 % as people do; ranges of hue in HSV named 73 %.
"""

COLOURS = tuple(TYPICAL)

NEIGHBOURS = {
    "red": ("pink", "orange", "brown"),
    "orange": ("yellow", "brown", "red"),
    "yellow": ("orange", "green", "white"),
    "green": ("cyan", "yellow", "blue"),
    "cyan": ("blue", "green", "white"),
    "blue": ("cyan", "purple", "black"),
    "purple": ("pink", "blue", "red"),
    "pink": ("red", "purple", "white"),
    "brown": ("orange", "red", "black"),
    "black": ("grey", "brown", "blue"),
    "grey": ("white", "black", "brown"),
    "white": ("grey", "yellow", "pink"),
}
"""What a colour is taken for first, where it may not be itself."""

SIDE = 48  # pixels that a picture is reduced to: a colour's share does not need more
BORDER = 2  # pixels of that at each edge, which tell the background
PLAIN = 0.6  # of the border's pixels that are of one colour, where the background is plain
NEAR = 0.04  # in OKLab: how far a pixel of the background may be from the border's colour
LEAST = 0.05  # of the picture that is a subject
FAINT = 0.06  # what a pixel without chroma counts, beside which a vivid one's chroma of up to 0.3 counts in full
LIT = 0.9  # of a subject is darker than its lit parts are
SHADE = 1.26  # the most that lightness is raised by; its cube is the ratio of light: one stop
LIGHTNESS = 0.4  # what differences of lightness count beside those of chroma: light and dark red are both red


def dominant_colour(pixels: Pixels) -> str:
    """The colour, of COLOURS, of most of what `pixels`, uint8 RGB (H, W, 3), show.

    A plain background, the colour that most of the border is, does not count where enough of the picture is something
    else. A pixel counts the more the more chroma it has: a red apple with a highlight and a shadow is red.
    """
    small = oklab(np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)))
    chosen = _lit(small[_subject(small)])
    return COLOURS[int(np.bincount(_nearest(chosen), _weights(chosen), len(COLOURS)).argmax())]


def colour_labels(names: Sequence[str], least: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels of pictures of the colours `names`: for each its place in the names of the labels, and these, in order.

    Colours with fewer than `least` pictures join the nearest that is there, or else the commonest, the rarest first, so
    that none is too rare to be learned; a last one remains, however few it has.
    """
    label = {name: name for name in names}
    count = Counter(names)
    while len(count) > 1:
        rarest = min(count, key=lambda name: (count[name], COLOURS.index(name)))
        if count[rarest] >= least:
            break
        number = count.pop(rarest)
        commonest = max(count, key=lambda name: (count[name], -COLOURS.index(name)))
        into = next((name for name in NEIGHBOURS[rarest] if name in count), commonest)
        count[into] += number
        label = {name: into if now == rarest else now for name, now in label.items()}
    kept = tuple(colour for colour in COLOURS if colour in count)
    return np.array([kept.index(label[name]) for name in names], np.int64), kept


def oklab(pixels: Pixels) -> Floats:
    """`pixels`, uint8 sRGB (..., 3), in OKLab (Ottosson 2020): lightness in [0, 1], green-red, blue-yellow.

    In it equal distances look about equally far apart, and a colour keeps its hue from light to shade, which in HSV and
    CIELAB blues do not.
    """
    return np.cbrt(_LINEAR[pixels] @ _TO_CONES) @ _TO_LAB


def _subject(small: Floats) -> Mask:
    """Which pixels of OKLab (H, W, 3) are not of a plain background; all, where there is none, or too little else.

    Background is what is like the border and hangs together with it: a white shirt before white is none. Nor is a seam
    of one pixel the subject, where the two have mixed.
    """
    inner = np.zeros(small.shape[:2], bool)
    inner[BORDER:-BORDER, BORDER:-BORDER] = True
    edge = small[~inner]
    # The pixel of the border that has most others near it: a mean would lie between the colours where there are several.
    apart = np.linalg.norm(edge[:, None] - edge[None, ::4], axis=2) < NEAR
    like = np.linalg.norm(small - edge[apart.sum(axis=1).argmax()], axis=2) < NEAR
    if like[~inner].mean() < PLAIN:
        return np.ones(like.shape, bool)
    background, before = like & ~inner, 0
    while (now := int(background.sum())) > before:
        before = now
        background = _widened(background) & like
    for subject in (~_widened(background), ~background):
        if subject.mean() >= LEAST:
            return subject
    return np.ones(like.shape, bool)


def _widened(mask: Mask) -> Mask:
    """`mask` and the pixels above, below, left and right of it."""
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    return wide


def _nearest(colours: Floats) -> NDArray[np.int64]:
    """For each of `colours`, OKLab (N, 3), the place in COLOURS of the word whose example is nearest."""
    scale = np.array([LIGHTNESS, 1, 1])
    examples = _EXAMPLES * scale
    # The nearest e to c has the greatest 2 c·e - e·e.
    return _WORDS[(2 * (colours * scale) @ examples.T - np.square(examples).sum(axis=1)).argmax(axis=1)]


def _lit(colours: Floats) -> Floats:
    """`colours`, OKLab (N, 3), as they would be without the shade that the subject throws on itself.

    Less light scales all three of OKLab's numbers alike, so what is darker than the lit parts is brought up to them, by
    `SHADE` at most: beyond that it is not shade but something dark.
    """
    lightness = np.maximum(colours[:, :1], 1e-6)
    order = np.argsort(lightness[:, 0])
    share = np.cumsum(_weights(colours)[order])  # a highlight, which has hardly any chroma, hardly counts
    lit = lightness[order[np.searchsorted(share, LIT * share[-1])]]
    return colours * np.clip(lit / lightness, 1, SHADE)


def _weights(colours: Floats) -> Floats:
    """How much each of `colours`, OKLab (N, 3), counts."""
    return FAINT + np.hypot(colours[:, 1], colours[:, 2])


_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ]
)
_EXAMPLES = oklab(np.array([list(bytes.fromhex(code[1:])) for codes in TYPICAL.values() for code in codes], np.uint8))
_WORDS = np.repeat(np.arange(len(TYPICAL)), [len(codes) for codes in TYPICAL.values()])
