"""What a recipe for upscaling says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from trainers.recipes.features import FeaturesOf
from trainers.recipes.fields import Float, Int, Recipe, Strict


class Stage(Strict):
    """A stretch of training: `steps` steps of `batch` crops whose small side of the pair measures `patch` pixels.

    `loss` is a name of `trainers.losses.tables.PIXEL_LOSSES` or an import path; to it comes, `perceptual` times, how unlike
    pictures are to the recipe's `features`.
    """

    steps: Int = Field(ge=1, le=10_000_000)
    patch: Int = Field(default=48, ge=8, le=512)
    batch: Int = Field(default=16, ge=1, le=1024)
    loss: str = "l1"
    perceptual: Float = Field(default=0.0, ge=0)


class SuperResolution(Recipe):
    """A recipe for upscaling `scale` times.

    With `optimiser = "muon"` the hidden layers' weights are stepped by Muon at `muon_rate` and the rest by Adam at `rate`.
    `beta1` and `beta2` are how much of its running means of gradients and of their squares Adam keeps at a step (Kingma and
    Ba 2015, algorithm 1); `weight_decay` times a weight is added to its gradient, for what Adam steps: an L2 penalty.
    Of `candidates` crops drawn the one with most detail is taken. `degradation` is a name of
    `trainers.data.degrade.DEGRADATIONS` or an import path.
    """

    task: Literal["super-resolution"]
    scale: Int = Field(ge=1, le=8)
    stages: Annotated[list[Stage], Field(min_length=1)]
    degradation: str = Field(default="bicubic", min_length=1, max_length=200)
    optimiser: Literal["adam", "muon"] = "adam"
    muon_rate: Float = Field(default=1.5e-3, gt=0, le=1)
    beta1: Float = Field(default=0.9, ge=0, lt=1)
    beta2: Float = Field(default=0.99, ge=0, lt=1)
    weight_decay: Float = Field(default=0.0, ge=0, le=1)
    candidates: Int = Field(default=2, ge=1, le=16)
    features: FeaturesOf | None = None

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

    def relative_to(self, folder: Path) -> Self:
        """The same recipe with its relative paths resolved from `folder`, the file of features among them."""
        features = None if self.features is None else self.features.relative_to(folder)
        return super().relative_to(folder).model_copy(update={"features": features})

    @field_validator("features")
    @classmethod
    def _light_counts(cls, features: FeaturesOf | None) -> FeaturesOf | None:
        return None if features is None else features.standardised_by(False)

    @model_validator(mode="after")
    def _features_and_their_weight(self) -> Self:
        if bool(self.features) != any(stage.perceptual for stage in self.stages):
            raise ValueError("“features” are there where a stage's “perceptual” is above 0, and nowhere else")
        return self
