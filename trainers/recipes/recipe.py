"""A recipe: what to train, as data; reading one never imports torch."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engines.errors import RecipeError
from trainers.recipes.adversarial import Auxiliary, Codes, ImageGeneration, ImageTranslation, Weights
from trainers.recipes.features import FeaturesOf
from trainers.recipes.fields import Data, Part, Recipe, Strict
from trainers.recipes.superres import Stage, SuperResolution

__all__ = [
    "TASKS", "Auxiliary", "Codes", "Data", "FeaturesOf", "ImageGeneration", "ImageTranslation", "Part", "Recipe", "Stage",
    "Strict", "SuperResolution", "Weights", "from_card", "from_values", "load", "parse",
]  # fmt: skip

TASKS: dict[str, type[Recipe]] = {
    "super-resolution": SuperResolution,
    "image-translation": ImageTranslation,
    "image-generation": ImageGeneration,
}
ON_FROM_A_MODEL = 0.2  # of its rates, with which an upscaling model is trained on
ON_STEPS = (
    450,
    250,
)  # of the two stages in which it is: about five minutes of one core for a network as small as “fast”
OWN = "trainers.networks."  # where the import paths begin that a card may name


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

    The rates of an upscaling model are lower than those it was trained with, which would first undo what it learned, and it is
    trained on for `ON_STEPS`: with crops half as large, of which a few small photographs have more, then as it was finished.
    A card never has code imported but Duskroom's own networks: raises RecipeError where its recipe names anything else by an
    import path, and where there is no recipe.
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
    without = {"data": {}, "start_from": None}
    if values.get("skies"):  # masks of those pictures
        without |= {"skies": [], "weights": {**values.get("weights", {}), "sky": 0.0, "ground": 0.0}}
    if values.get("task") == "super-resolution":
        lower = {name: values.get(name, SuperResolution.model_fields[name].default) for name in ("rate", "muon_rate")}
        without |= {name: rate * ON_FROM_A_MODEL for name, rate in lower.items() if isinstance(rate, float)}
        without |= _trained_on(values.get("stages"))
    return values | without


def _trained_on(stages: object) -> dict[str, Any]:
    """What a recipe has that trains an upscaling model on, which was trained in `stages`; nothing where those are wrong."""
    try:
        first, *_, last = [Stage.model_validate(stage) for stage in [*stages, *stages]]  # type: ignore[misc]
    except (ValidationError, ValueError, TypeError):
        return {}
    small = {"steps": ON_STEPS[0], "patch": max(8, first.patch // 2), "batch": min(1024, 2 * first.batch)}
    made = [first.model_copy(update=small), last.model_copy(update={"steps": ON_STEPS[1]})]
    without = {} if any(stage.perceptual for stage in made) else {"features": None}
    return without | {
        "stages": [stage.model_dump() for stage in made],
        "schedule": "cosine",
        "ema_start": 0,
        "warm_up": 50,
        "ema": 0.998,
        "validate_every": 100,
        "checkpoint_every": 100,
    }


def _import_paths(value: object, place: str = "recipe") -> Iterator[tuple[str, str]]:
    """Every text in `value` that names code by an import path outside of `OWN`, with the field that it is in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            named = str(key) in ("kind", "loss", "degradation", "objective")
            if named and isinstance(inner, str) and ":" in inner and not inner.startswith(OWN):
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
    "network": Part, "discriminator": Part, "data": Data, "stages": Stage, "auxiliary": Auxiliary,
    "weights": Weights, "codes": Codes, "features": FeaturesOf,
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
