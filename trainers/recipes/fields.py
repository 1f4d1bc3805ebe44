"""What the recipes of all tasks have: their kinds of fields, the pictures, and all that a run needs to be repeated exactly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic import Strict as PydanticStrict


def _without_null(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path holds a null character; correct it")
    return path


Place = Annotated[Path, AfterValidator(_without_null)]
# A number is a number: neither "30" nor true.
Int = Annotated[int, PydanticStrict()]
Float = Annotated[float, PydanticStrict()]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"“{text}” is not a regular expression ({error})") from error
    return text


Pattern = Annotated[str, Field(max_length=200), AfterValidator(_pattern)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w][\w .×+-]*$")]


class Strict(BaseModel):
    """A table of a recipe: a misspelt field is an error, and a read recipe does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Strict):
    """A network or loss by `kind`: a name of ours, or an import path `package.module:Name` that the person typed."""

    kind: str = Field(min_length=1, max_length=200)
    options: dict[str, Any] = {}


P = TypeVar("P", bound=Part)


def resolved(part: P, folder: Path) -> P:
    """`part` with a relative path in its option "file" taken from `folder`."""
    file = part.options.get("file")
    if not isinstance(file, str) or Path(file).is_absolute():
        return part
    return part.model_copy(update={"options": part.options | {"file": str((folder / file).resolve())}})


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


class Recipe(Strict):
    """What every task's recipe has, and all that a run needs to be repeated exactly.

    The learning rate rises over `warm_up` steps to `rate`, then follows `schedule` (a name of
    `trainers.loop.schedules.SCHEDULES`) down to `rate * rate_floor` at the last step. With "cosine-restarts" it goes back to
    `rate` `restarts` times on the way, after equal periods (SGDR, Loshchilov and Hutter 2017, section 3): 3 restarts are 4
    periods, 0 are "cosine". Gradients of a step are clipped to the norm `clip`. Each step's batch is taken in
    `micro_batches` parts, whose gradients are added up. `ema` is the decay of the averaged weights, which are copies
    before step `ema_start`. Training ends early after `patience` validations without a better one, and "best" or "last"
    of its averages is what `export` names. `start_from` is an exported model whose weights are the start.
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
    restarts: Int = Field(default=3, ge=0, le=1000)
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

    @property
    def in_use(self) -> frozenset[str]:
        """The names of the objective and of the auxiliary losses, where the task has them."""
        return frozenset()

    @model_validator(mode="after")
    def _warm_up_ends_before_the_last_step(self) -> Self:
        if self.warm_up >= self.total_steps:
            raise ValueError(f"warm_up is {self.warm_up}, but there are only {self.total_steps} steps")
        return self

    @model_validator(mode="after")
    def _a_period_takes_a_step_at_least(self) -> Self:
        steps = self.total_steps - self.warm_up
        if self.schedule == "cosine-restarts" and self.restarts >= steps:
            raise ValueError(
                f"restarts is {self.restarts}, but after the warm-up there are only {steps} steps; lower it"
            )
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
