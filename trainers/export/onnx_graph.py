"""Torch networks as ONNX graphs: exported under their weights' own names, and stored with half the bytes."""

from __future__ import annotations

import importlib
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from engines.errors import ModelError

OPSET = 18
PREFIX = "network."  # what a wrapper puts before the names of the network it wraps
MOST_HALF = 65504.0  # the largest number of fp16
KEPT_WHOLE = 0.03  # of a network's weights, which so costs 3 % of a file
WIDENED = ".float32"  # what a half weight is called once it is float32 again

Shapes = Mapping[str, Mapping[int, Any]]


def to_onnx(
    network: nn.Module,
    inputs: Sequence[Tensor],
    names: Sequence[str],
    dynamic_shapes: Shapes,
    outputs: Sequence[str] = ("output",),
) -> onnx.ModelProto:
    """The graph of `network` from `names`, of which `inputs` are examples, to `outputs`; parameters keep their names.

    `dynamic_shapes` says for each input which of its dimensions are free, as `{"image": {0: Dim("N")}}`. The network is
    one that wraps another as its `network`, whose names lose that prefix. Raises ModelError where it cannot be exported.
    """
    buffer = io.BytesIO()
    # torch counts what it goes through with tqdm, where some package has brought that, and tqdm starts a thread for it that
    # never ends.
    counting: Any = importlib.import_module("torch.hub")
    counting.tqdm.monitor_interval = 0
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                tuple(inputs),
                buffer,  # pyright: ignore[reportArgumentType]  (it takes files as well)
                input_names=list(names),
                output_names=list(outputs),
                opset_version=OPSET,
                dynamic_shapes=tuple(dict(dynamic_shapes[name]) for name in names),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        cause = error.__cause__ or error
        raise ModelError(
            f"The network cannot be exported ({str(cause).strip().splitlines()[0]}); replace the operation that stands in "
            "the way."
        ) from error
    finally:
        quiet.setLevel(level)
    model = onnx.load_from_string(buffer.getvalue())
    _strip(model)
    _part(model, {name.removeprefix(PREFIX): value for name, value in network.named_parameters()})
    return model


def free(name: str) -> Any:
    """A dimension that may have any length from 1 on."""
    return torch.export.Dim(name, min=1)


def _strip(model: onnx.ModelProto) -> None:
    """Take out what the exporter noted about this machine's source files, and our wrapper's prefix on names."""
    graph = model.graph
    names = {tensor.name for tensor in graph.initializer if tensor.name.startswith(PREFIX)}
    for tensor in graph.initializer:
        if tensor.name in names:
            tensor.name = tensor.name.removeprefix(PREFIX)
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name in names:
                node.input[i] = name.removeprefix(PREFIX)
        del node.metadata_props[:]
        node.doc_string = ""
    for value in graph.value_info:
        if value.name in names:
            value.name = value.name.removeprefix(PREFIX)
    for item in [*graph.value_info, *graph.input, *graph.output, *graph.initializer]:
        del item.metadata_props[:]
        item.doc_string = ""
    del graph.metadata_props[:]
    del model.metadata_props[:]
    graph.doc_string = model.doc_string = ""


def _part(model: onnx.ModelProto, weights: Mapping[str, Tensor]) -> None:
    """Give each of `weights` an initializer of its own again where the exporter has merged it with one that equals it.

    Which of the places where the merged one is used becomes whose does not matter: all have the same numbers.
    """
    graph = model.graph
    there = {tensor.name: tensor for tensor in graph.initializer}
    for name, value in weights.items():
        if name in there:
            continue
        wanted = numpy_helper.from_array(value.detach().cpu().numpy(), name)
        for twin in list(there.values()):
            if (twin.dims, twin.data_type) == (wanted.dims, wanted.data_type) and _bytes(twin) == wanted.raw_data:
                places = [(node, i) for node in graph.node for i, used in enumerate(node.input) if used == twin.name]
                if len(places) > 1:
                    node, i = places[1]  # the first stays with the twin, which the network has before this one
                    node.input[i] = name
                    graph.initializer.append(wanted)
                    there[name] = wanted
                    break


def _bytes(tensor: onnx.TensorProto) -> bytes:
    return numpy_helper.to_array(tensor).tobytes()


def smallest(network: nn.Module) -> set[str]:
    """The parameters of `network` that stay float32 in a file of fp16: the smallest, as many as make up `KEPT_WHOLE` of all.

    They are its first and last layers and its norms, whose rounding shows most: in night → day the largest error falls to
    a twelfth. Of parameters of one size all are kept, or none.
    """
    counts = {name: value.numel() for name, value in network.named_parameters()}
    room = KEPT_WHOLE * sum(counts.values())
    kept: set[str] = set()
    for size in sorted(set(counts.values())):
        alike = {name for name, count in counts.items() if count == size}
        room -= size * len(alike)
        if room < 0:
            break
        kept |= alike
    return kept


def rounded_to_half(network: nn.Module) -> nn.Module:
    """`network` itself, its parameters but for the `smallest` rounded in place to what fp16 holds.

    Raises ModelError where a weight is too large for that.
    """
    kept = smallest(network)
    for name, value in network.named_parameters():
        if name not in kept:
            if bool((value.abs() > MOST_HALF).any()):
                raise ModelError(f"The weight “{name}” is too large for fp16; export the model as float32.")
            value.data.copy_(value.data.half())
    return network


def store_half(model: onnx.ModelProto, names: set[str]) -> None:
    """Store the weights `names` of `model` as fp16, each with a Cast; the graph goes on computing in float32."""
    graph = model.graph
    casts: list[onnx.NodeProto] = []
    halved: set[str] = set()
    for tensor in graph.initializer:
        if tensor.name not in names or tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        half = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
        casts.append(helper.make_node("Cast", [tensor.name], [tensor.name + WIDENED], to=onnx.TensorProto.FLOAT))
        halved.add(tensor.name)
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name in halved:
                node.input[i] = name + WIDENED
    kept = [value for value in graph.value_info if value.name not in halved]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def widen(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with its weights in float32 again, where `store_half` stored them as fp16; itself otherwise."""
    halves = {t.name: t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
    for node in [node for node in model.graph.node if node.op_type == "Cast" and node.input[0] in halves]:
        tensor = halves[node.input[0]]
        if tensor.data_type == onnx.TensorProto.FLOAT16:
            wide = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
        for user in model.graph.node:
            for i, name in enumerate(user.input):
                if name == node.output[0]:
                    user.input[i] = tensor.name
        model.graph.node.remove(node)
    return model
