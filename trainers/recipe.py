"""A recipe: what to train, as data; reading one never imports torch."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic import Strict as PydanticStrict

from engines.errors import RecipeError


def _without_null(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path holds a null character; correct it")
    return path


Place = Annotated[Path, AfterValidator(_without_null)]
# A number is a number: neither "30" nor true.
Int = Annotated[int, PydanticStrict()]
Float = Annotated[float, PydanticStrict()]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w][\w .×+-]*$")]


class Strict(BaseModel):
    """A table of a recipe: a misspelt field is an error, and a read recipe does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Strict):
    """A network or loss by `kind`: a name of ours, or an import path `package.module:Name` that the person typed."""

    kind: str = Field(min_length=1, max_length=200)
    options: dict[str, Any] = {}


class Data(Strict):
    """The pictures, and what the card will say of them.

    `photos` are folders, searched with their sub-folders. `validation` holds folders of pictures that are never trained
    on; where it is empty, every `hold_out`-th photo of `photos` is kept aside instead. Of photographs that take more than
    `megapixels` together, as many are in memory at one time and take turns.
    """

    photos: Annotated[list[Place], Field(min_length=1)]
    validation: list[Place] = []
    hold_out: Int = Field(default=20, ge=2, le=1000)
    megapixels: Int = Field(default=400, ge=1, le=100_000)
    name: str = ""
    source: str = ""
    licence: str = ""


class Stage(Strict):
    """A stretch of training: `steps` steps of `batch` crops whose small side of the pair measures `patch` pixels.

    `loss` is a name of `trainers.losses.PIXEL_LOSSES` or an import path.
    """

    steps: Int = Field(ge=1, le=10_000_000)
    patch: Int = Field(default=48, ge=8, le=512)
    batch: Int = Field(default=16, ge=1, le=1024)
    loss: str = "l1"


class Recipe(Strict):
    """What every task's recipe has, and all that a run needs to be repeated exactly.

    The learning rate rises over `warm_up` steps to `rate`, then follows `schedule` (a name of
    `trainers.schedules.SCHEDULES`) down to `rate * rate_floor` at the last step. Gradients of a step are clipped to the
    norm `clip`. Each step's batch is taken in `micro_batches` parts, whose gradients are added up. `ema` is the decay of
    the averaged weights, which are copies before step `ema_start`. Training ends early after `patience` validations
    without a better one, and "best" or "last" of its averages is what `export` names. `start_from` is an exported model
    whose weights are the start.
    """

    version: Literal[1] = 1
    task: str
    name: Name
    title: str = Field(default="", max_length=80)
    description: str = ""
    author: str = ""
    licence: str = ""
    seed: Int = Field(default=0, ge=0, lt=2**32)
    network: Part
    data: Data
    start_from: Place | None = None
    rate: Float = Field(default=1e-3, gt=0, le=1)
    schedule: Literal["cosine", "cosine-restarts", "linear", "late-linear", "halving", "constant"] = "cosine"
    rate_floor: Float = Field(default=0.001, ge=0, le=1)
    warm_up: Int = Field(default=50, ge=0)
    clip: Float = Field(default=1.0, gt=0)
    micro_batches: Int = Field(default=1, ge=1, le=1024)
    ema: Float = Field(default=0.999, ge=0, lt=1)
    ema_start: Int = Field(default=0, ge=0)
    patience: Int | None = Field(default=None, ge=1)
    export: Literal["best", "last"] = "best"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    validate_every: Int = Field(default=500, ge=1)
    checkpoint_every: Int = Field(default=500, ge=1)

    @property
    def total_steps(self) -> int:
        """How many steps the run has; a task's recipe says from what."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _warm_up_ends_before_the_last_step(self) -> Self:
        if self.warm_up >= self.total_steps:
            raise ValueError(f"warm_up is {self.warm_up}, but there are only {self.total_steps} steps")
        return self

    def relative_to(self, folder: Path) -> Self:
        """The same recipe with its relative paths resolved from `folder`, where the recipe file lies."""

        def resolve(path: Path) -> Path:
            return path if path.is_absolute() else (folder / path).resolve()

        data = self.data.model_copy(
            update={
                "photos": [resolve(p) for p in self.data.photos],
                "validation": [resolve(p) for p in self.data.validation],
            }
        )
        start = resolve(self.start_from) if self.start_from else None
        return self.model_copy(update={"data": data, "start_from": start})


class SuperResolution(Recipe):
    """A recipe for upscaling `scale` times.

    With `optimiser = "muon"` the hidden layers' weights are stepped by Muon at `muon_rate` and the rest by Adam at `rate`.
    Of `candidates` crops drawn the one with most detail is taken. `degradation` is a name of
    `trainers.degrade.DEGRADATIONS` or an import path.
    """

    task: Literal["super-resolution"]
    scale: Int = Field(ge=1, le=8)
    stages: Annotated[list[Stage], Field(min_length=1)]
    degradation: str = Field(default="bicubic", min_length=1, max_length=200)
    optimiser: Literal["adam", "muon"] = "adam"
    muon_rate: Float = Field(default=1.5e-3, gt=0, le=1)
    candidates: Int = Field(default=2, ge=1, le=16)

    @property
    def total_steps(self) -> int:
        """How many steps all stages have together."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> Stage:
        """The stage that step number `step` (from 0) belongs to; the last one for any step beyond the end."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]


class Auxiliary(Part):
    """A further loss, a name of `trainers.losses.AUXILIARY` or an import path, for the `side` that it teaches."""

    side: Literal["generator", "discriminator"] = "generator"
    weight: Float = Field(default=1.0, gt=0)


class ImageGeneration(Recipe):
    """A recipe for a GAN that draws pictures of `size` pixels from a latent `z` of `latent_size` numbers.

    `network` is the generator. `objective` is a name of `trainers.losses.OBJECTIVES`. In one step the discriminator is
    stepped `discriminator_steps` times, then the generator `generator_steps` times, each on its own batch. Adam has the
    DCGAN paper's β1 of 0.5. Real labels are `1 - label_smoothing`. With `flip` half of the pictures are mirrored. A run
    that starts from a model without a discriminator trains that alone for `alone` steps, then lets the generator's rate
    rise over `ramp` steps.
    """

    task: Literal["image-generation"]
    size: Literal[8, 16, 32, 64, 128] = 64
    latent_size: Int = Field(default=100, ge=1, le=4096)
    network: Part = Part(kind="dcgan")
    discriminator: Part = Part(kind="dcgan")
    objective: Literal["bce", "lsgan", "hinge", "wgan", "wgan-gp", "wgan-div", "r1"] = "bce"
    auxiliary: list[Auxiliary] = []
    steps: Int = Field(ge=1, le=10_000_000)
    batch: Int = Field(default=64, ge=2, le=4096)
    rate: Float = Field(default=2e-4, gt=0, le=1)
    discriminator_rate: Float = Field(default=2e-4, gt=0, le=1)
    beta1: Float = Field(default=0.5, ge=0, lt=1)
    beta2: Float = Field(default=0.999, ge=0, lt=1)
    discriminator_steps: Int = Field(default=1, ge=1, le=100)
    generator_steps: Int = Field(default=1, ge=1, le=100)
    label_smoothing: Float = Field(default=0.0, ge=0, lt=0.5)
    flip: bool = True
    alone: Int = Field(default=200, ge=0)
    ramp: Int = Field(default=500, ge=0)
    schedule: Literal["cosine", "cosine-restarts", "linear", "late-linear", "halving", "constant"] = "constant"
    warm_up: Int = Field(default=0, ge=0)
    clip: Float = Field(default=1e6, gt=0)

    @property
    def total_steps(self) -> int:
        """How many steps the run has."""
        return self.steps


TASKS: dict[str, type[Recipe]] = {"super-resolution": SuperResolution, "image-generation": ImageGeneration}


def parse(text: str, *, origin: str = "The recipe") -> Recipe:
    """Read a recipe from TOML text.

    Raises RecipeError with a sentence that names the field, what it holds and what it may hold.
    """
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"{origin} is not valid TOML: {error}. Correct that line and try again.") from error
    return from_values(values, origin=origin)


def from_values(values: dict[str, Any], *, origin: str = "The recipe") -> Recipe:
    """The recipe that `values`, as read from TOML or JSON, describe, of its task's class. Raises RecipeError."""
    task, version = values.get("task"), values.get("version", 1)
    if isinstance(version, int) and version > 1:
        raise RecipeError(f"{origin} is of version {version}, newer than this Duskroom knows; update Duskroom.")
    if task is None:
        raise RecipeError(f"{origin}: the field “task” is missing; it is one of {', '.join(TASKS)}.")
    kind = TASKS.get(task) if isinstance(task, str) else None
    if kind is None:
        raise RecipeError(f"{origin}: “task” is {_shown(task)}; it must be one of {', '.join(TASKS)}.")
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {_sentence(error, kind)}") from error


def from_card(text: str, *, origin: str) -> dict[str, Any]:
    """What the recipe in a model's card holds, to be trained on from: without its pictures, which are the person's to name.

    A card never has code imported: raises RecipeError where its recipe names a part by an import path, and where there is
    no recipe.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise RecipeError(f"“{origin}” carries no recipe; write one, with “start_from” set to that file.")
    for place, name in _import_paths(values):
        raise RecipeError(
            f"The recipe in “{origin}” takes its {place} from “{name}”, code that is not Duskroom's; if you trust it, "
            "write that into a recipe of your own."
        )
    return values | {"data": {}, "start_from": None}


def _import_paths(value: object, place: str = "recipe") -> Iterator[tuple[str, str]]:
    """Every text in `value` that could name code outside of our own trainers, with the field that it is in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            named = str(key) in ("kind", "loss", "degradation", "objective")
            if named and isinstance(inner, str) and ":" in inner and not inner.startswith("trainers."):
                yield (place if key == "kind" else str(key)), inner
            else:
                yield from _import_paths(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _import_paths(inner, place)


def load(path: Path) -> Recipe:
    """Read the recipe file at `path`; relative folders in it are taken from where the file lies."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise RecipeError(f"There is no recipe at “{path}”; check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe “{path}” cannot be read: {error}. Check that it is a text file.") from error
    return parse(text, origin=f"“{path.name}”").relative_to(path.resolve().parent)


def _sentence(error: ValidationError, recipe: type[Recipe]) -> str:
    """The first fault of `error` in words: field, value and what is allowed."""
    faults = error.errors(include_url=False)
    # A misspelt field is also a missing one; what the person wrote says more than what they did not.
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    place = ".".join(str(part) for part in fault["loc"]) or "the recipe"
    value = fault.get("input")
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return f"the field “{place}” is missing; add it."
        case "extra_forbidden":
            known = ", ".join(sorted(_table_at(recipe, fault["loc"][:-1]).model_fields))
            return f"“{place}” is not a field of a recipe; the fields there are {known}."
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            return (
                f"“{place}” is {value}, which is out of range; it must be {_range_of(recipe, fault['loc'], context)}."
            )
        case "value_error":
            return f"{fault['msg'].removeprefix('Value error, ')}."
        case _:
            return f"“{place}” is {_shown(value)}: {fault['msg'][0].lower()}{fault['msg'][1:]}."


def _shown(value: object) -> str:
    return repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "…"


_TABLES: dict[str, type[Strict]] = {
    "network": Part, "discriminator": Part, "data": Data, "stages": Stage, "auxiliary": Auxiliary
}  # fmt: skip


def _table_at(recipe: type[Recipe], place: tuple[int | str, ...]) -> type[Strict]:
    return _TABLES.get(str(place[0]), recipe) if place else recipe


def _range_of(recipe: type[Recipe], place: tuple[int | str, ...], context: dict[str, Any]) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    field = _table_at(recipe, place[:-1]).model_fields.get(str(place[-1]))
    bounds: list[str] = []
    for rule in field.metadata if field else ():
        for key, word in words.items():
            if hasattr(rule, key):
                bounds.append(f"{word} {getattr(rule, key)}")
    return " and ".join(bounds) or " and ".join(f"{words[k]} {v}" for k, v in context.items() if k in words)
