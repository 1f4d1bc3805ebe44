"""Generate: pictures from latents, by a model that was trained to make them up.

Each picture depends on its own latent, label and codes and on nothing else: normalisation is by what was learned in training,
not by what happens to be in the same batch.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError, OutOfMemory
from engines.generation.controls import Categorical, codes_of
from engines.generation.latent import LatentError
from engines.models.card import ModelCard
from engines.models.model import Model
from engines.progress import Progress
from engines.tiles.tensor import Tensor

BATCH = 16
MOST_NAMED = 20  # labels that a sentence lists

_BLACK = 1.0 / 255.0
_TYPICAL = 1.5  # times √latent_size is as long as latents are that a generator surely draws something of


def label_index(card: ModelCard, name: str) -> int:
    """Which of `card.labels` is called `name`; where there is none exactly so, one that differs in case alone.

    Raises ModelError, which says what labels there are.
    """
    if not card.labels:
        raise ModelError(f"“{card.name}” has no labels, so it cannot draw “{name[:40]}”; leave the label out.")
    if name in card.labels:
        return card.labels.index(name)
    folded = [_fold(label) for label in card.labels]
    if _fold(name) in folded:
        return folded.index(_fold(name))
    raise ModelError(f"“{card.name}” has no label “{name[:40]}”; choose {_listed(card.labels)}.")


def generate(
    model: Model,
    z: NDArray[Any],
    *,
    label: int | NDArray[Any] | None = None,
    codes: NDArray[Any] | None = None,
    progress: Progress | None = None,
    batch: int = BATCH,
) -> NDArray[np.uint8]:
    """The pictures, uint8 RGB (N, S, S, 3), that `model` makes of `z`, (N, latent_size), S being its card's output size.

    `label` is the index of one of the card's labels, or one for each picture (N,); a model that has labels needs it. `codes`
    is (N, K), or (K,) for all pictures, with a column for each code of the card; without it all are 0. `batch` pictures at most
    are made at a time, fewer where memory runs out. Progress counts pictures.

    Raises ModelError for another kind of model, a label it does not have, and where it returns what is no picture;
    LatentError for latents and codes that are not this model's; CardError for wrong codes in its card; OutOfMemory; Cancelled.
    """
    progress = progress or Progress()
    card = model.card
    if card.task != "image-generation" or card.latent_size is None:
        raise ModelError(f"“{card.name}” is a model for {card.task}, not image-generation; choose another.")
    if batch < 1:
        raise ValueError(f"a batch holds 1 picture or more, not {batch}")
    z = _latents(card, z)
    extra = _labels(card, label, len(z)) | _codes(card, codes, len(z))
    if not len(z):
        return np.empty((0, card.output_size or 0, card.output_size or 0, 3), np.uint8)
    made: list[NDArray[np.uint8]] = []
    done, brightest = 0, 0.0
    progress(0, len(z), f"picture 1 of {len(z)}")
    while done < len(z):
        mine = slice(done, done + batch)
        try:
            output = model.run(z[mine], progress, {name: value[mine] for name, value in extra.items()})
            made.append(_pixels(_checked(output, card, len(z[mine]))))
        except (OutOfMemory, MemoryError):
            batch = _smaller(batch, model, progress)
            continue
        brightest = max(brightest, float(output.max()))
        done += len(made[-1])
        progress(done, len(z), f"picture {done} of {len(z)}")
    if brightest < _BLACK and _are_typical(z):
        raise ModelError(f"“{card.name}” returned black pictures; use another model.")
    return np.concatenate(made) if len(made) != 1 else made[0]


def _latents(card: ModelCard, z: NDArray[Any]) -> Tensor:
    if z.ndim != 2 or z.shape[1] != card.latent_size:
        given = z.shape[1] if z.ndim == 2 else "×".join(map(str, z.shape)) or "no"
        raise LatentError(
            f"“{card.name}” draws from latents of {card.latent_size} numbers, not {given}; make them for this model."
        )
    latents = np.ascontiguousarray(z, np.float32)
    if not np.isfinite(latents).all():
        raise LatentError("A latent holds values that are not numbers; choose another seed.")
    return latents


def _labels(card: ModelCard, label: int | NDArray[Any] | None, count: int) -> dict[str, NDArray[Any]]:
    """The input `label`, int64 (count,), where the model takes one."""
    if label is None:
        if not card.labels:
            return {}
        raise ModelError(f"“{card.name}” draws what a label says; choose {_listed(card.labels)}.")
    if not card.labels:
        raise ModelError(f"“{card.name}” has no labels; leave the label out.")
    indices = np.asarray(label)
    if not np.issubdtype(indices.dtype, np.integer) or indices.shape not in ((), (count,)):
        raise ValueError(
            f"labels of {count} pictures are whole numbers ({count},), not {indices.dtype} {indices.shape}"
        )
    wrong = indices[(indices < 0) | (indices >= len(card.labels))]
    if wrong.size:
        raise ModelError(f"“{card.name}” has no label number {int(wrong.flat[0])}; choose {_listed(card.labels)}.")
    return {"label": np.broadcast_to(indices, (count,)).astype(np.int64)}


def _codes(card: ModelCard, codes: NDArray[Any] | None, count: int) -> dict[str, NDArray[Any]]:
    """The input `codes`, float32 (count, K), where the model takes one."""
    known = codes_of(card)
    if codes is None:
        return {"codes": np.zeros((count, len(known)), np.float32)} if known else {}
    if codes.shape not in ((len(known),), (count, len(known))):
        given = codes.shape[-1] if codes.ndim else "none"
        raise LatentError(f"“{card.name}” has {len(known)} codes, not {given}; set the codes for this model.")
    values = np.broadcast_to(codes, (count, len(known))).astype(np.float32)
    for code in known:
        column = values[:, code.column]
        low, high = (0, code.values - 1) if isinstance(code, Categorical) else (code.low, code.high)
        wrong = column[~((column >= np.float32(low)) & (column <= np.float32(high)))]  # NaN is neither
        if wrong.size:
            raise LatentError(f"“{code.name[:40]}” is {wrong[0]:g}, not between {low:g} and {high:g}; choose another.")
        if isinstance(code, Categorical) and (broken := column[column != np.rint(column)]).size:
            raise LatentError(f"“{code.name[:40]}” is {broken[0]:g}, not a whole number; choose 0 to {high:g}.")
    return {"codes": values} if known else {}


def _checked(output: Tensor, card: ModelCard, count: int) -> Tensor:
    side = card.output_size or (output.shape[-1] if output.ndim else 0)
    if output.shape != (count, 3, side, side):
        raise ModelError(
            f"“{card.name}” returned {_shape(output.shape)} where its card promises {_shape((count, 3, side, side))}; use"
            " another model."
        )
    return output


def _pixels(output: Tensor) -> NDArray[np.uint8]:
    """Pictures (N, 3, S, S) in [0, 1] as uint8 (N, S, S, 3), rounded as `engines.tiles.tensor.to_pixels` does."""
    levels = output * np.float32(255)
    levels += np.float32(0.5)
    np.clip(levels, 0, np.float32(255.25), out=levels)  # the cast cuts off the fraction
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(0, 2, 3, 1))


def _smaller(batch: int, model: Model, progress: Progress) -> int:
    """A batch to go on with after memory ran out, on the CPU where a GPU cannot make one picture. Raises OutOfMemory."""
    if batch > 1:
        progress.notice(f"Memory ran out with {batch} pictures at a time; going on with {batch // 2}.")
        model.free_memory()
        return batch // 2
    if model.provider == "CPU":
        raise OutOfMemory(f"There is not enough memory for one picture of “{model.card.name}”; close programs.")
    progress.notice("The GPU has too little memory for this model; the CPU goes on with the work.")
    model.fall_back_to_cpu()
    return 1


def _are_typical(z: Tensor) -> bool:
    """Whether the generator has seen latents as long as these: from farther away it may well draw black."""
    return float(np.linalg.norm(z, axis=1).max()) <= _TYPICAL * math.sqrt(z.shape[1])


def _fold(name: str) -> str:
    """What is compared: a folder's name may be composed in two ways, which look the same."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def _listed(labels: tuple[str, ...]) -> str:
    names = [f"“{label[:40]}”" for label in labels[:MOST_NAMED]]
    if len(labels) > MOST_NAMED:
        return f"{', '.join(names)} or one of {len(labels) - MOST_NAMED} others"
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(side) for side in shape) or "one number"
