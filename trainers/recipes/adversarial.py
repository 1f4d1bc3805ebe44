"""What recipes say of networks that learn against a discriminator: image generation and image translation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic import Strict as PydanticStrict

from trainers.recipes.features import FeaturesOf
from trainers.recipes.fields import Float, Int, Name, Part, Pattern, Place, Recipe, Strict, resolved

Augmentations = list[Literal["colour", "translation", "cutout", "noise"]]


class Auxiliary(Part):
    """A further loss, a name of `trainers.losses.tables.AUXILIARY` or an import path, for the `side` that it teaches."""

    side: Literal["generator", "discriminator"] = "generator"
    weight: Float = Field(default=1.0, gt=0)


class Codes(Strict):
    """Codes that InfoGAN learns a meaning for: `categorical`, how many values each has, then so many `continuous` ones.

    What is read off pictures weighs 1 for a categorical code, and `continuous_weight` for a continuous one, all `weight` times.
    """

    categorical: list[Annotated[int, PydanticStrict(), Field(ge=2, le=100)]] = Field(default=[])
    continuous: Int = Field(default=0, ge=0, le=32)
    weight: Float = Field(default=1.0, gt=0)
    continuous_weight: Float = Field(default=0.1, gt=0)

    @property
    def kinds(self) -> tuple[int, ...]:
        """The kind of each code, as `trainers.networks.codes` has it."""
        return (*self.categorical, *[0] * self.continuous)


OBJECTIVES = ("bce", "lsgan", "hinge", "wgan", "wgan-gp", "wgan-div", "r1", "loss-sensitive")


def _objective(name: str) -> str:
    if name not in OBJECTIVES and ":" not in name:
        raise ValueError(
            f"“objective” is “{name}”; choose {', '.join(OBJECTIVES)}, or write an import path such as “package.module:NAME”"
        )
    return name


class Adversarial(Recipe):
    """What the recipes of all networks have that learn against a discriminator: the game, and who steps when and how.

    `objective` is a name of `trainers.losses.tables.OBJECTIVES`, or an import path to an `Objective` or what makes one.
    `penalty_weight` and `weight_clip` are its penalty's weight and the limit that the discriminator's weights are clipped to,
    where it has them; without a number those of its paper. The targets of real pictures are `1 - label_smoothing`.

    In one step the discriminator is stepped `discriminator_steps` times, then the generator `generator_steps` times, each on
    its own batch, by `optimiser`: "adam" or "adamw" with `beta1` and `beta2`, "rmsprop", whose decay is `beta2` and whose
    momentum `beta1`, or "sgd" with the momentum `beta1`. `weight_decay` pulls weights to 0: as part of the gradient, or with
    "adamw" beside it. What the discriminator sees, real or fake, is changed at random by the kinds of `augment`
    (`trainers.adversarial.augment`), for small sets. A run that starts from a model without a discriminator trains that alone
    for `alone` steps, then lets the generator's rate rise over `ramp` steps.
    """

    objective: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_objective)] = "bce"
    penalty_weight: Float | None = Field(default=None, ge=0)
    weight_clip: Float | None = Field(default=None, gt=0)
    label_smoothing: Float = Field(default=0.0, ge=0, lt=0.5)
    steps: Int = Field(ge=1, le=10_000_000)
    optimiser: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    discriminator_rate: Float = Field(default=1e-4, gt=0, le=1)
    beta1: Float = Field(default=0.5, ge=0, lt=1)
    beta2: Float = Field(default=0.999, ge=0, lt=1)
    weight_decay: Float = Field(default=0.0, ge=0, lt=1)
    discriminator_steps: Int = Field(default=1, ge=1, le=100)
    generator_steps: Int = Field(default=1, ge=1, le=100)
    augment: Augmentations = Field(default=[])
    alone: Int = Field(default=200, ge=0)
    ramp: Int = Field(default=500, ge=0)
    schedule: Literal["cosine", "cosine-restarts", "linear", "late-linear", "halving", "constant"] = "constant"
    warm_up: Int = Field(default=0, ge=0)
    clip: Float = Field(default=1e6, gt=0)

    @property
    def total_steps(self) -> int:
        """How many steps the run has."""
        return self.steps


class ImageGeneration(Adversarial):
    """A recipe for a GAN that draws pictures of `size` pixels from a latent `z` of `latent_size` numbers.

    `network` is the generator. Its loss has the objective's `adversarial_weight` times, and the losses of `auxiliary` that are
    for it. With `flip` half of the pictures are mirrored.

    With `condition` pictures have labels: "embed" gives them to both networks, with "auxiliary" the discriminator also is a
    classifier, "both" does both. `labels` are the names of sub-folders, or dominant colours; "auto" takes colours where
    there are no sub-folders. `codes` are learned without labels.

    Samples are drawn and measured with the averaged weights ("ema"), the trained ones ("orig"), or both beside each other; a
    model is exported with the trained ones for "orig" only. Pictures in whose names the regular expression `group` finds
    the same first group are near-copies of each other: such groups are held out whole, every `hold_out`-th of a label.
    """

    task: Literal["image-generation"]
    size: Literal[8, 16, 32, 64, 128] = 64
    latent_size: Int = Field(default=100, ge=1, le=4096)
    network: Part = Part(kind="dcgan")
    discriminator: Part = Part(kind="dcgan")
    adversarial_weight: Float = Field(default=1.0, ge=0)
    auxiliary: list[Auxiliary] = Field(default=[])
    batch: Int = Field(default=64, ge=2, le=4096)
    rate: Float = Field(default=2e-4, gt=0, le=1)
    discriminator_rate: Float = Field(default=2e-4, gt=0, le=1)
    condition: Literal["none", "embed", "auxiliary", "both"] = "none"
    labels: Literal["auto", "folders", "colours"] = "auto"
    codes: Codes = Codes()
    sample_from: Literal["ema", "orig", "both"] = "ema"
    group: Pattern = ""
    flip: bool = True

    @property
    def in_use(self) -> frozenset[str]:
        """The names of the objective and of the auxiliary losses."""
        return frozenset({self.objective, *(loss.kind for loss in self.auxiliary)})

    def relative_to(self, folder: Path) -> Self:
        """The same recipe with its relative paths resolved from `folder`, files of features among them."""
        auxiliary = [resolved(loss, folder) for loss in self.auxiliary]
        changed = {"auxiliary": auxiliary, "discriminator": resolved(self.discriminator, folder)}
        return super().relative_to(folder).model_copy(update=changed)


class Weights(Strict):
    """What each term of UNIT's loss weighs: λ0 to λ4 of the paper, equations 3 to 8, and some that the paper has not.

    `perceptual` compares features with the source's, `structure` local light and dark, `identity` a picture with what is
    made of it where it is of the target's domain already, `patches` how often each kind of patch occurs, `range` what leaves
    black and white, `sky` the colour of skies, `ground` the light of the rest: `trainers.adversarial.unit_losses`.
    """

    adversarial: Float = Field(default=10.0, ge=0)
    kl: Float = Field(default=0.1, ge=0)
    reconstruction: Float = Field(default=100.0, ge=0)
    cycle_kl: Float = Field(default=0.1, ge=0)
    cycle: Float = Field(default=100.0, ge=0)
    perceptual: Float = Field(default=0.0, ge=0)
    structure: Float = Field(default=0.0, ge=0)
    identity: Float = Field(default=0.0, ge=0)
    patches: Float = Field(default=0.0, ge=0)
    range: Float = Field(default=0.0, ge=0)
    sky: Float = Field(default=0.0, ge=0)
    ground: Float = Field(default=0.0, ge=0)


class ImageTranslation(Adversarial):
    """A recipe for UNIT: to translate pictures of one domain into the other and back, learned without pairs.

    `domains` are the two names, and `data.photos` a folder for each, in that order; so is `data.validation`, where there
    is one. Crops of `crop` pixels are cut from pictures reduced at random until their shorter side measures from `crop` to
    `view` pixels. Names of pictures that the regular expression `camera` finds are a fixed camera's, told apart by its
    first group: all of one camera together are drawn as often as `per_camera` single pictures. Those whose names
    `leave_out` finds are not used, nor those whose luminance deviates by less than `contrast` levels of 255. The colours
    of what is translated are changed at random by up to `jitter`; what the discriminators see as real is not.

    `network` has the encoders and generators, `discriminator` judges one domain. Without `cycle` the cycle's terms are
    left out. With shared = 0 among the network's options the latents are not shared: there is no reconstruction, KL or
    noise, and the method is CycleGAN, or with "wgan" DualGAN. The discriminators see the generators' last `pool` pictures,
    or with 0 new ones of their own.
    `features` are those of the perceptual term; a path alone is a file of VGG-16's weights as torchvision publishes them.
    `skies` are two folders of masks, named as the pictures of either domain and white where there is sky, for the terms
    "sky" and "ground".
    """

    task: Literal["image-translation"]
    domains: Annotated[list[Name], Field(min_length=2, max_length=2)]
    crop: Int = Field(default=128, ge=16, le=1024, multiple_of=4)
    view: Int = Field(default=256, ge=16, le=4096)
    camera: Pattern = ""
    per_camera: Float = Field(default=8.0, gt=0)
    leave_out: Pattern = ""
    contrast: Float = Field(default=2.0, ge=0, le=128)
    jitter: Float = Field(default=0.0, ge=0, le=1)
    flip: bool = True
    network: Part = Part(kind="unit")
    discriminator: Part = Part(kind="unit")
    weights: Weights = Weights()
    cycle: bool = True
    pool: Int = Field(default=0, ge=0, le=1000)
    features: FeaturesOf | None = None
    skies: list[Place] = Field(default=[])
    batch: Int = Field(default=1, ge=1, le=256)
    rate: Float = Field(default=1e-4, gt=0, le=1)

    def relative_to(self, folder: Path) -> Self:
        """The same recipe with its relative paths resolved from `folder`, the file of features and the skies among them."""
        features = None if self.features is None else self.features.relative_to(folder)
        skies = [path if path.is_absolute() else (folder / path).resolve() for path in self.skies]
        changed = {"features": features, "skies": skies, "discriminator": resolved(self.discriminator, folder)}
        return super().relative_to(folder).model_copy(update=changed)

    @field_validator("features")
    @classmethod
    def _light_counts_little(cls, features: FeaturesOf | None) -> FeaturesOf | None:
        return None if features is None else features.standardised_by(True)

    @model_validator(mode="after")
    def _a_folder_for_each_domain(self) -> Self:
        if len(self.data.photos) != 2 or len(self.data.validation) not in (0, 2):
            raise ValueError(
                f"“photos”, and “validation” where there is one, hold two folders, for {self.domains[0]} and {self.domains[1]}"
            )
        if self.domains[0].casefold() == self.domains[1].casefold():
            raise ValueError(f"both domains are called {self.domains[0]}; give them two names")
        if self.view < self.crop:
            raise ValueError(f"view is {self.view}, but crops alone are {self.crop} pixels")
        if len(self.skies) not in (0, 2) or bool(self.skies) != bool(self.weights.sky or self.weights.ground):
            raise ValueError(
                "“skies” holds two folders of masks where the weight “sky” or “ground” is above 0, and none elsewhere"
            )
        return self
