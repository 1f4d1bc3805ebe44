"""What a recipe says of pre-trained features, by which a perceptual loss compares pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from trainers.recipes.fields import Float, Int, Place, Strict

DEPTHS = 4  # of the features of each kind


class FeaturesOf(Strict):
    """Features by `kind`: of EfficientNet-Lite0, which a package brings, or of VGG-16 or SqueezeNet, from a `file`.

    `layers` are the depths compared, from 1, the finest, to 4; `weights` what each counts, all the same where there are
    none. With `standardised` light and colour count little; where nothing is said they do for a translation, and for nothing
    else. `caffe` says that the file's network saw levels of 0 to 255
    less their mean. A path alone stands for VGG-16's deepest layer, from that file.
    """

    kind: Literal["efficientnet-lite0", "vgg16", "squeezenet1-1"] = "efficientnet-lite0"
    file: Place | None = None
    layers: list[Annotated[Int, Field(ge=1, le=DEPTHS)]] = Field(default=[1, 2, 3], min_length=1, max_length=DEPTHS)
    weights: list[Annotated[Float, Field(gt=0)]] = Field(default=[])
    standardised: bool | None = None
    caffe: bool = False

    @model_validator(mode="before")
    @classmethod
    def _a_path_is_a_file_of_vgg(cls, given: Any) -> Any:
        return {"kind": "vgg16", "file": given, "layers": [DEPTHS]} if isinstance(given, str | Path) else given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind != "efficientnet-lite0" and self.file is None:
            raise ValueError(f"the features “{self.kind}” come from a file; name it as “file”")
        if self.weights and len(self.weights) != len(self.layers):
            raise ValueError(
                f"there are {len(self.layers)} layers, but {len(self.weights)} weights; give each layer one"
            )
        return self

    def standardised_by(self, usual: bool) -> Self:
        """The same, standardised as is usual for its task where nothing is said."""
        return self if self.standardised is not None else self.model_copy(update={"standardised": usual})

    def relative_to(self, folder: Path) -> Self:
        """The same with a relative path resolved from `folder`."""
        if self.file is None or self.file.is_absolute():
            return self
        return self.model_copy(update={"file": (folder / self.file).resolve()})
