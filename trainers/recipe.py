"""A recipe: what to train, as data; reading one never imports torch."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engines.errors import RecipeError

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
    on; where it is empty, every `hold_out`-th photo of `photos` is kept aside instead.
    """

    photos: Annotated[list[Path], Field(min_length=1)]
    validation: list[Path] = []
    hold_out: int = Field(default=20, ge=2, le=1000)
    name: str = ""
    source: str = ""
    licence: str = ""


class Stage(Strict):
    """A stretch of training: `steps` steps of `batch` crops whose small side of the pair measures `patch` pixels.

    `loss` is a name of `trainers.losses.PIXEL_LOSSES` or an import path.
    """

    steps: int = Field(ge=1, le=10_000_000)
    patch: int = Field(default=48, ge=8, le=512)
    batch: int = Field(default=16, ge=1, le=1024)
    loss: str = "l1"


class Recipe(Strict):
    """Everything a super-resolution run needs to be repeated exactly.

    The learning rate rises over `warm_up` steps to `rate`, then falls along half a cosine to `rate * rate_floor` at the
    last step. With `optimiser = "muon"` the hidden layers' weights are stepped by Muon at `muon_rate` and the rest by Adam
    at `rate`. `start_from` names an exported model whose weights are the start.
    """

    version: Literal[1] = 1
    task: Literal["super-resolution"]
    name: Name
    title: str = Field(default="", max_length=80)
    description: str = ""
    author: str = ""
    licence: str = ""
    scale: int = Field(ge=1, le=8)
    seed: int = Field(default=0, ge=0, lt=2**32)
    network: Part
    data: Data
    stages: Annotated[list[Stage], Field(min_length=1)]
    start_from: Path | None = None
    optimiser: Literal["adam", "muon"] = "adam"
    rate: float = Field(default=1e-3, gt=0, le=1)
    muon_rate: float = Field(default=6e-3, gt=0, le=1)
    rate_floor: float = Field(default=0.001, ge=0, le=1)
    warm_up: int = Field(default=50, ge=0)
    clip: float = Field(default=1.0, gt=0)
    ema: float = Field(default=0.999, ge=0, lt=1)
    candidates: int = Field(default=2, ge=1, le=16)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    validate_every: int = Field(default=500, ge=1)
    checkpoint_every: int = Field(default=500, ge=1)

    @model_validator(mode="after")
    def _warm_up_ends_before_the_last_step(self) -> Recipe:
        if self.warm_up >= self.steps:
            raise ValueError(f"warm_up is {self.warm_up}, but all stages together have only {self.steps} steps")
        return self

    @property
    def steps(self) -> int:
        """How many steps all stages have together."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> Stage:
        """The stage that step number `step` (from 0) belongs to; the last one for any step beyond the end."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]

    def relative_to(self, folder: Path) -> Recipe:
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


def parse(text: str, *, origin: str = "The recipe") -> Recipe:
    """Read a recipe from TOML text.

    Raises RecipeError with a sentence that names the field, what it holds and what it may hold.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{origin} is not valid TOML: {error}. Correct that line and try again.") from error
    return from_values(values, origin=origin)


def from_values(values: dict[str, Any], *, origin: str = "The recipe") -> Recipe:
    """The recipe that `values`, as read from TOML or JSON, describe. Raises RecipeError as `parse` does."""
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {_sentence(error)}") from error


def load(path: Path) -> Recipe:
    """Read the recipe file at `path`; relative folders in it are taken from where the file lies."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecipeError(f"There is no recipe at “{path}”; check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe “{path}” cannot be read: {error}. Check that it is a text file.") from error
    return parse(text, origin=f"“{path.name}”").relative_to(path.resolve().parent)


def _sentence(error: ValidationError) -> str:
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
            known = ", ".join(sorted(_fields_at(fault["loc"][:-1])))
            return f"“{place}” is not a field of a recipe; the fields there are {known}."
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            return f"“{place}” is {value}, which is out of range; it must be {_range_of(fault['loc'], context)}."
        case "value_error":
            return f"{fault['msg'].removeprefix('Value error, ')}."
        case _:
            shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "…"
            return f"“{place}” is {shown}: {fault['msg'][0].lower()}{fault['msg'][1:]}."


_TABLES: dict[str, type[Strict]] = {"network": Part, "data": Data, "stages": Stage}


def _table_at(place: tuple[int | str, ...]) -> type[Strict]:
    return _TABLES.get(str(place[0]), Recipe) if place else Recipe


def _fields_at(place: tuple[int | str, ...]) -> list[str]:
    return list(_table_at(place).model_fields)


def _range_of(place: tuple[int | str, ...], context: dict[str, Any]) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    field = _table_at(place[:-1]).model_fields.get(str(place[-1]))
    bounds: list[str] = []
    for rule in field.metadata if field else ():
        for key, word in words.items():
            if hasattr(rule, key):
                bounds.append(f"{word} {getattr(rule, key)}")
    return " and ".join(bounds) or " and ".join(f"{words[k]} {v}" for k, v in context.items() if k in words)
