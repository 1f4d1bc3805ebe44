"""Weights to start from: read from model files and their companion, from safetensors, or from a torch checkpoint."""

from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engines.errors import ModelError
from engines.models.card import read_card
from engines.models.pair import are_one, companion_of, lacking, pair_of
from trainers.networks.companion import Weights, completed, same_but_for_rounding
from trainers.networks.superres import load_published

CHECKPOINTS = (".pth", ".pt", ".ckpt")
KNOWN_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}  # of operators that ONNX Runtime brings itself
DISCRIMINATOR = "discriminator."


@overload
def read_weights(path: Path, network: nn.Module, part: Literal["network"] = "network") -> Weights: ...
@overload
def read_weights(path: Path, network: nn.Module, part: Literal["discriminator"]) -> Weights | None: ...
def read_weights(
    path: Path, network: nn.Module, part: Literal["network", "discriminator"] = "network"
) -> Weights | None:
    """The weights that `network` needs, from the model file at `path` and, for what it lacks, its companion.

    Of a translation `path` is either direction, and the files of both are read; their networks together are the whole.
    `path` may also be a `.safetensors` file or a torch checkpoint, which is read without running what it may carry. The
    "discriminator" is found in the companion only; None where there is no companion, or it holds none.
    Raises ModelError where a file cannot be trained on, or one of a translation's is not there, or a weight is missing or
    of another shape.
    """
    if part == "discriminator":
        if path.suffix.lower() != ".onnx":
            return None
        companion = _sources(path)[1]
        found = _discriminator(companion)
        return None if found is None else _chosen(found, network, companion)
    if path.suffix.lower() in CHECKPOINTS:
        like = copy.deepcopy(network)
        load_published(like, _read_checkpoint(path))
        return like.state_dict()
    if path.suffix.lower() == ".safetensors":
        return _chosen(_read_safetensors(path), network, path)
    models, companion = _sources(path)
    weights: dict[str, Tensor] = {}
    for model in models:
        weights |= _read_onnx(model)
    if len(models) == 2:
        _check_shared(weights, network, models)
    if companion.exists():
        weights = completed(weights, _read_safetensors(companion), companion)
    if len(models) == 1 and not network.state_dict().keys() <= _in_all_places(weights, network).keys():
        _check_both_ways(path)
    return _chosen(weights, network, path)


def _sources(path: Path) -> tuple[list[Path], Path]:
    """The model files that hold the network of the model at `path`, and where its companion lies.

    A translation's are both directions, where they and the companion that they share are there. Earlier each direction
    had a companion of its own, with all that its file lacks: where only such a one is there, it serves.
    """
    if read_card(path).task == "image-translation" and not lacking(path):
        there, back = pair_of(path)
        if are_one(there, back):
            return [there, back], companion_of(there)
    return [path], companion_of(path)


def _check_both_ways(path: Path) -> None:
    """Raise ModelError where `path` is one direction of a translation, and the other or the companion is not beside it."""
    if read_card(path).task != "image-translation":
        return
    if missing := lacking(path):
        names = " and ".join(f"“{file.name}”" for file in missing)
        raise ModelError(
            f"“{path.name}” is one direction of a translation, and training needs both and their companion; put {names} "
            "beside it."
        )
    there, back = pair_of(path)
    if not are_one(there, back):
        raise _not_one(there, back)


def _check_shared(weights: Weights, network: nn.Module, models: list[Path]) -> None:
    """Raise ModelError where what both directions share in `network` is not the same in both of the files `models`."""
    for names in _places(network):
        found = [weights[name] for name in names if name in weights]
        if not all(same_but_for_rounding(found[0], other) for other in found[1:]):
            raise _not_one(*models)


def _not_one(there: Path, back: Path) -> ModelError:
    return ModelError(
        f"“{there.name}” and “{back.name}” are not the two directions of one translation; export or copy both again."
    )


def read_named_weights(path: Path) -> dict[str, Tensor]:
    """Every tensor by name of a torch checkpoint, or of a `.safetensors` file; neither runs code. Raises ModelError."""
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path)
    return {name: value for name, value in _read_checkpoint(path).items() if isinstance(value, Tensor)}


def _discriminator(companion: Path) -> dict[str, Tensor] | None:
    if not companion.exists():
        return None
    weights = _read_safetensors(companion)
    found = {n.removeprefix(DISCRIMINATOR): v for n, v in weights.items() if n.startswith(DISCRIMINATOR)}
    return found or None


def _chosen(weights: Weights, network: nn.Module, path: Path) -> dict[str, Tensor]:
    """Those of `weights` that `network` has, in its types. Raises ModelError where one is missing.

    A weight that `network` has in several places is needed once; the first of `weights` is taken for all. A network with a
    method `adapted` takes over those of a smaller or an earlier one, as `trainers.networks.superres.Fast` does.
    """
    wanted = network.state_dict()
    weights = _in_all_places(weights, network)
    adapted: Any = getattr(network, "adapted", None)
    fits = all(name in weights and weights[name].shape == value.shape for name, value in wanted.items())
    if not fits and callable(adapted):
        found: Any = adapted(weights)
        weights = found or weights
    for name, value in wanted.items():
        if name not in weights or weights[name].shape != value.shape:
            raise ModelError(
                f"“{path.name}” has no weight “{name}” of shape {tuple(value.shape)}; it is another network."
            )
    return {name: weights[name].to(value.dtype) for name, value in wanted.items()}


def _in_all_places(weights: Weights, network: nn.Module) -> Weights:
    """`weights`, and each that `network` has in several places under the name of each place."""
    known = dict(weights)
    order = {name: place for place, name in enumerate(weights)}
    for names in _places(network):
        if found := [name for name in names if name in order]:
            known |= dict.fromkeys(names, weights[min(found, key=order.__getitem__)])
    return known


def _places(network: nn.Module) -> list[list[str]]:
    """The names of each parameter of `network`: several where it is in several places."""
    places: dict[int, list[str]] = {}
    for name, value in network.named_parameters(remove_duplicate=False):
        places.setdefault(id(value), []).append(name)
    return list(places.values())


def _read_onnx(path: Path) -> dict[str, Tensor]:
    card = read_card(path)
    if card.precision == "int8":
        other = card.float_model or "the float model it was made from"
        raise ModelError(f"“{path.name}” is in int8, which cannot be trained on; start from “{other}” instead.")
    model = load_onnx(path)
    try:
        return initializers_of(model)
    except (ValueError, TypeError) as error:
        raise ModelError(f"“{path.name}” holds a damaged weight; copy or export it again.") from error


def initializers_of(model: onnx.ModelProto) -> dict[str, Tensor]:
    """The weights and constants of the graph of `model`, by name, those in fp16 as float32. Raises ValueError, TypeError."""
    return {t.name: torch.from_numpy(_float32(numpy_helper.to_array(t))) for t in model.graph.initializer}


def _float32(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype == np.float16 else array.copy()


def load_onnx(path: Path) -> onnx.ModelProto:
    """The model file at `path`, whole.

    Raises ModelError where it cannot be read, keeps weights outside itself, or needs operators of others.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise ModelError(f"The model “{path}” cannot be read ({error.strerror}); check the path.") from error
    except DecodeError as error:
        raise ModelError(f"“{path.name}” is cut short or not an ONNX file; copy or export it again.") from error
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ModelError(
                f"“{path.name}” keeps weights in other files, which Duskroom does not open; save it as one file."
            )
    known = KNOWN_DOMAINS | {function.domain for function in model.functions}
    for node in model.graph.node:
        if node.domain not in known:
            raise ModelError(
                f"“{path.name}” needs the custom operator “{node.domain}.{node.op_type}”, which Duskroom does not load; "
                "export it with standard operators."
            )
    return model


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise ModelError(f"There are no weights at “{path}”; check the path.") from error
    except OSError as error:
        raise ModelError(f"The weights “{path}” cannot be read ({error.strerror or error}); check the path.") from error
    except (SafetensorError, ValueError) as error:
        raise ModelError(f"“{path.name}” is cut short or not a safetensors file; copy it again.") from error


def _read_checkpoint(path: Path) -> dict[str, Any]:
    """What the torch checkpoint at `path` holds, read as plain data: code that it carries is refused, not run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's remarks on a foreign file; what counts is what it holds
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"There are no weights at “{path}”; check the path.") from error
    except OSError as error:
        raise ModelError(f"The weights “{path}” cannot be read ({error.strerror or error}); check the path.") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"“{path.name}” carries code besides weights, or is damaged, and was not opened; nothing in it was run. "
            "Save its weights as safetensors."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"“{path.name}” is cut short or not a torch checkpoint; copy it again.") from error
    if not isinstance(state, dict):
        raise ModelError(f"“{path.name}” does not hold the weights of a network by name; choose another file.")
    return state
