"""What a recipe says of features: by kind, layers and weights, or by a path alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from trainers.recipes.features import FeaturesOf


def test_a_path_alone_is_a_file_of_vggs_deepest_layer() -> None:
    found = FeaturesOf.model_validate("vgg16.pth")
    assert (found.kind, found.file, found.layers) == ("vgg16", Path("vgg16.pth"), [4])
    assert found.relative_to(Path("/here")).file == Path("/here/vgg16.pth").resolve()
    again = FeaturesOf.model_validate(found.model_dump(mode="json"))
    assert again == found


def test_the_package_s_features_need_no_file() -> None:
    found = FeaturesOf()
    assert (found.kind, found.file, found.layers) == ("efficientnet-lite0", None, [1, 2, 3])
    assert found.relative_to(Path("/here")) is found


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "squeezenet1-1"}, "the features “squeezenet1-1” come from a file; name it as “file”"),
        ({"weights": [1.0]}, "there are 3 layers, but 1 weights; give each layer one"),
        ({"layers": [5]}, "less than or equal to 4"),
        ({"layers": []}, "at least 1 item"),
        ({"weights": [0.0, 1.0, 1.0]}, "greater than 0"),
        ({"kind": "resnet"}, "Input should be"),
        ({"layer": [1]}, "Extra inputs"),
    ],
)
def test_what_does_not_fit_is_said(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FeaturesOf.model_validate(values)
