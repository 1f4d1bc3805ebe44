"""The card: what a model file says about itself, kept in ONNX metadata.

Keys are those of `ModelCard`, prefixed `card.`; author and licence use ONNX's own `model_author` and `model_license`.
Reading one loads neither onnx nor the weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engines.errors import CardError
from engines.models.onnx_metadata import read_metadata

VERSION = 1
TASKS = ("super-resolution", "image-translation", "image-generation")
PRECISIONS = ("float32", "fp16", "int8")
GRID_AND_LIGHTS = ("grid", "lights")  # of a translation that says how colours change: see `engines.translation.grid`
OUTPUTS = ((), GRID_AND_LIGHTS)


@dataclass(frozen=True)
class TrainingData:
    """The pictures a model learned from; `images` is how many, 0 where it is not known."""

    name: str = ""
    source: str = ""
    licence: str = ""
    images: int = 0


@dataclass(frozen=True)
class Size:
    """What sides of a picture a model takes, in pixels: at least `minimum`, a multiple of `multiple_of`."""

    minimum: int = 1
    multiple_of: int = 1

    def fit(self, side: int) -> int:
        """The smallest side that the model takes and that is at least `side`."""
        return math.ceil(max(side, self.minimum) / self.multiple_of) * self.multiple_of


@dataclass(frozen=True)
class ModelCard:
    """What a model is and does.

    `scale` is how many times an upscaling model enlarges. `overlap` is the reach, in input pixels, of one output pixel;
    infinite where an output pixel depends on the whole picture. `memory` is how many bytes of activations are alive at one
    time for each input pixel, from which the size of tiles follows. `view` is the longest shorter side, in pixels, of a whole
    picture that the network has been trained to see; above it, it no longer knows what it looks at. None where that is not
    known. `outputs` is empty where a model gives a picture, and otherwise `GRID_AND_LIGHTS`. `metrics` maps names such as
    "PSNR Set5" to values. `latent_size`, `output_size` and `labels` are a generator's: how many numbers `z` has, the side in
    pixels of what it draws, and what it can be told to draw. `controls` are its sliders, by name, as
    `engines.generation.controls` describes them and reads them. `precision` is what the weights are stored as: "float32",
    "fp16" (computed with in float32) or "int8"; a model in int8 names in `float_model` the file beside it that it was made
    from. `recipe` is the recipe's JSON, "" where there is none.
    """

    task: str
    name: str
    description: str = ""
    scale: int | None = None
    domains: tuple[str, str] | None = None
    latent_size: int | None = None
    labels: tuple[str, ...] = ()
    controls: Mapping[str, Any] = field(default_factory=dict[str, Any])
    output_size: int | None = None
    size: Size = Size()
    overlap: float = 0.0
    memory: float = 1024.0
    view: int | None = None
    outputs: tuple[str, ...] = ()
    training_data: TrainingData = TrainingData()
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    precision: str = "float32"
    float_model: str = ""
    recipe: str = ""
    author: str = ""
    licence: str = ""


REQUIRED = ("card.version", "card.task", "card.name")
REQUIRED_BY_TASK = {
    "super-resolution": ("card.scale", "card.overlap"),
    "image-translation": ("card.domains", "card.overlap"),
    "image-generation": ("card.latent_size",),
}


class _Property(Protocol):
    key: str
    value: str


class _Properties(Protocol):
    def add(self) -> _Property: ...


class OnnxModel(Protocol):
    """As much of an `onnx.ModelProto` as a card is written to."""

    @property
    def metadata_props(self) -> _Properties: ...


def to_metadata(card: ModelCard) -> dict[str, str]:
    """The strings that `card` is stored as."""
    data = card.training_data
    values: dict[str, str | None] = {
        "card.version": str(VERSION),
        "card.task": card.task,
        "card.name": card.name,
        "card.description": card.description,
        "card.scale": None if card.scale is None else str(card.scale),
        "card.domains": None if card.domains is None else json.dumps(card.domains),
        "card.latent_size": None if card.latent_size is None else str(card.latent_size),
        "card.labels": json.dumps(card.labels) if card.labels else None,
        "card.controls": json.dumps(dict(card.controls)) if card.controls else None,
        "card.output_size": None if card.output_size is None else str(card.output_size),
        "card.size": json.dumps({"minimum": card.size.minimum, "multiple_of": card.size.multiple_of}),
        "card.overlap": "inf" if math.isinf(card.overlap) else f"{card.overlap:g}",
        "card.memory": f"{card.memory:g}",
        "card.view": None if card.view is None else str(card.view),
        "card.outputs": ", ".join(card.outputs) or None,
        "card.training_data": json.dumps(
            {"name": data.name, "source": data.source, "licence": data.licence, "images": data.images},
            ensure_ascii=False,
        ),
        "card.metrics": json.dumps(dict(card.metrics)),
        "card.precision": card.precision,
        "card.float_model": card.float_model or None,
        "card.recipe": card.recipe,
        "model_author": card.author,
        "model_license": card.licence,
        "Image.BitsPerPixel": None,
    }
    if card.task != "image-generation":
        values["Image.ColorSpaceGamma"] = "SRGB"
        values["Image.NominalPixelRange"] = "NominalRange_0_1"
    return {key: value for key, value in values.items() if value is not None}


def from_metadata(metadata: Mapping[str, str], *, origin: str) -> ModelCard:
    """The card that `metadata` holds; unknown keys are ignored.

    Raises CardError where there is none, a required key is missing or wrong, or the card is of a newer version.
    """
    if not any(key.startswith("card.") for key in metadata):
        raise CardError(f"“{origin}” has no card, so Duskroom cannot know what it does; export it again with Duskroom.")

    def fail(key: str, why: str) -> CardError:
        return CardError(f"The card of “{origin}” is wrong: “{key}” {why}; export the model again.")

    def need(key: str) -> str:
        if key not in metadata:
            raise fail(key, "is missing")
        return metadata[key]

    def whole(key: str, at_least: int = 1, at_most: int = 1 << 20) -> int:
        try:
            value = int(need(key))
        except ValueError:
            raise fail(key, f"is “{metadata[key][:40]}”, not a whole number") from None
        if not at_least <= value <= at_most:
            raise fail(key, f"is {value}, which is not between {at_least} and {at_most}")
        return value

    def decoded(key: str, kind: type[Any], default: Any) -> Any:
        if key not in metadata:
            return default
        try:
            value = json.loads(metadata[key])
        except (ValueError, RecursionError):
            raise fail(key, "is not JSON") from None
        if not isinstance(value, kind):
            raise fail(key, f"is not a JSON {'list' if kind is list else 'object'}")
        return value  # pyright: ignore[reportUnknownVariableType]

    version = whole("card.version", 0)
    if version > VERSION:
        raise CardError(f"“{origin}” has a card of version {version}, newer than this Duskroom knows; update Duskroom.")
    task = need("card.task")
    if task not in TASKS:
        raise fail("card.task", f"is “{task[:40]}”, not one of {', '.join(TASKS)}")
    for key in (*REQUIRED, *REQUIRED_BY_TASK[task]):
        need(key)

    domains: list[Any] | None = decoded("card.domains", list, None)
    if domains is not None and len(domains) != 2:
        raise fail("card.domains", "does not name two domains, from and to")
    size: dict[str, Any] = decoded("card.size", dict, {})
    data: dict[str, Any] = decoded("card.training_data", dict, {})
    metrics: dict[str, Any] = decoded("card.metrics", dict, {})
    labels: list[Any] = decoded("card.labels", list, [])
    try:
        return ModelCard(
            task=task,
            name=need("card.name"),
            description=metadata.get("card.description", ""),
            scale=whole("card.scale", 1, 16) if "card.scale" in metadata else None,
            domains=(str(domains[0]), str(domains[1])) if domains else None,
            latent_size=whole("card.latent_size") if "card.latent_size" in metadata else None,
            labels=tuple(str(label) for label in labels),
            controls=_controls(decoded("card.controls", dict, {})),
            output_size=whole("card.output_size") if "card.output_size" in metadata else None,
            size=Size(_side(size.get("minimum", 1)), _side(size.get("multiple_of", 1))),
            overlap=_overlap(metadata.get("card.overlap", "0")),
            memory=_memory(metadata.get("card.memory", "1024")),
            view=whole("card.view") if "card.view" in metadata else None,
            outputs=_outputs(metadata.get("card.outputs", ""), task),
            training_data=TrainingData(
                str(data.get("name", "")),
                str(data.get("source", "")),
                str(data.get("licence", "")),
                int(data.get("images", 0)),
            ),
            metrics={str(key): float(value) for key, value in metrics.items()},
            precision=_precision(metadata.get("card.precision", "float32")),
            float_model=_beside(metadata.get("card.float_model", "")),
            recipe=metadata.get("card.recipe", ""),
            author=metadata.get("model_author", ""),
            licence=metadata.get("model_license", ""),
        )
    except (TypeError, ValueError) as error:
        raise CardError(f"The card of “{origin}” is wrong: {error}; export the model again.") from error


def _side(value: Any) -> int:
    side = int(value)
    if not 1 <= side <= 4096:
        raise ValueError(f"“card.size” holds {side}, which is not between 1 and 4096")
    return side


def _controls(controls: dict[str, Any]) -> dict[str, Any]:
    """`controls`, each of which must be an object that names its kind; `engines.generation.controls` looks closely."""
    for name, control in controls.items():
        if not isinstance(control, dict) or "kind" not in control:
            raise ValueError(f"“card.controls” holds “{name[:40]}”, which is not a JSON object with a “kind”")
    return controls


def _overlap(text: str) -> float:
    overlap = float(text)
    if not overlap >= 0:
        raise ValueError(f"“card.overlap” is {text}, which is not 0 or more")
    return overlap


def _memory(text: str) -> float:
    memory = float(text)
    if not 1 <= memory <= 1e6:
        raise ValueError(f"“card.memory” is {text}, which is not between 1 and 1000000")
    return memory


def _precision(text: str) -> str:
    if text not in PRECISIONS:
        raise ValueError(f"“card.precision” is “{text[:40]}”, not one of {', '.join(PRECISIONS)}")
    return text


def _outputs(text: str, task: str) -> tuple[str, ...]:
    outputs = tuple(text.split(", ")) if text else ()
    if outputs not in OUTPUTS or (outputs and task != "image-translation"):
        raise ValueError(
            f"“card.outputs” is “{text[:40]}”, which this Duskroom does not know for {task}; update Duskroom"
        )
    return outputs


def _beside(name: str) -> str:
    """`name`, which must be that of a file in the same folder: a card leads nowhere else."""
    if name and (set(name) & set("/\\:\0") or name in (".", "..") or not name.endswith(".onnx")):
        raise ValueError(f"“card.float_model” is “{name[:40]}”, which is not the name of a model in the same folder")
    return name


def write_card(model: OnnxModel, card: ModelCard) -> None:
    """Add `card` to an `onnx.ModelProto` that has none."""
    for key, value in to_metadata(card).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value


def read_card(path: Path) -> ModelCard:
    """The card of the model file at `path`, without loading its weights.

    Raises ModelError where the file cannot be read or is not a whole ONNX file, CardError as `from_metadata` does.
    """
    return from_metadata(read_metadata(path), origin=path.name)
