"""What a card says of a network that nobody needs to state: how far it sees, and how much memory it takes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor

from engines.errors import ModelError

Compute = Callable[[Tensor], Tensor]  # a network: (N, 3, H, W) to (N, 3, scale * H, scale * W)


def measure_reach(network: Compute, scale: int, multiple: int = 1) -> float:
    """How many pixels away an input pixel still reaches an output pixel; infinite where all of them reach all.

    One input pixel is made NaN: wherever the output is NaN, it was reached. The network takes sides that are a multiple
    of `multiple`, which divides 32; what it reaches then differs by a few pixels with the place of the pixel in its grid,
    and the most is returned.
    """
    return max(_measure_reach(network, scale, multiple, offset) for offset in range(multiple))


def _measure_reach(network: Compute, scale: int, multiple: int, offset: int) -> float:
    for middle in (32, 96, 160) if multiple > 1 else (32, 96):
        half, side = middle + offset, 2 * middle + (1 if multiple == 1 else 2 * multiple)
        image = torch.rand(1, 3, side, side)
        image[0, :, half, half] = math.nan
        with torch.no_grad():
            reached = network(image).isnan().any(dim=1)[0]
        rows = torch.nonzero(reached.any(dim=1)).flatten()
        columns = torch.nonzero(reached.any(dim=0)).flatten()
        if len(rows) == 0:
            raise ModelError("The network's output does not depend on its input; train it, or correct it.")
        first = min(int(rows[0]), int(columns[0])) / scale
        last = (max(int(rows[-1]), int(columns[-1])) + 1) / scale
        reach = math.ceil(max(half - first, last - (half + 1)))
        if first > 0 and last < side:
            return float(reach)
    return math.inf


def measure_overlap(network: Compute, scale: int, reach: float | None = None, multiple: int = 1) -> float:
    """How many pixels of surroundings a tile needs for its output to be what the whole picture's would be.

    At most the network's `reach`, which is measured unless it is known; less where what lies further away moves no output
    by as much as half an 8-bit level. The far parts of a deep network's reach hardly count, and every pixel of overlap is
    computed twice. Judged on content harsher than any photograph: noise, and blocks of random saturated colours, cut
    through by a border. Sides of tiles, and the places where they begin, are multiples of `multiple`.
    """
    reach = measure_reach(network, scale, multiple) if reach is None else reach
    if math.isinf(reach) or reach <= 1:
        return reach
    if multiple > 1:
        return _measure_overlap_on_every_side(network, math.ceil(reach / multiple) * multiple, multiple)
    enough, most = multiple, math.ceil(reach / multiple) * multiple
    side = max(64, 3 * most) // 8 * 8 + 8
    for image in _harsh_images(side, 2 * side):
        with torch.no_grad():
            whole = network(image).clamp(0, 1)
            for overlap in range(most - multiple, enough - 1, -multiple):
                cut = network(image[..., most - overlap :].contiguous()).clamp(0, 1)[..., overlap * scale :]
                if float((cut - whole[..., most * scale :]).abs().max()) * 255 >= 0.5:
                    enough = overlap + multiple
                    break
    return float(enough)


def _measure_overlap_on_every_side(network: Compute, most: int, multiple: int) -> float:
    """`measure_overlap` for a network that may lean on where the padding is: the top of a picture is where the sky is.

    Pictures, evenly black and white ones among them, are cut from the left, the right, the top and the bottom.
    """
    side = max(64, 3 * most) // 8 * 8 + 8
    flat = [torch.full((1, 3, 96, side), light) for light in (0.0, 0.5, 1.0)]
    enough = multiple
    for image in [*_harsh_images(96, side), *flat]:
        for axis, picture in ((3, image), (2, image.mT.contiguous())):
            with torch.no_grad():
                whole = network(picture).clamp(0, 1)
                for from_start in (True, False):

                    def error(overlap: int) -> float:
                        """How many levels of 255 the kept part is off by at most, with so much overlap."""
                        start = most - overlap if from_start else 0  # noqa: B023
                        piece = picture.narrow(axis, start, side - most + overlap).contiguous()  # noqa: B023
                        kept = network(piece).clamp(0, 1).narrow(axis, overlap if from_start else 0, side - most)  # noqa: B023
                        expected = whole.narrow(axis, most if from_start else 0, side - most)  # noqa: B023
                        return float((kept - expected).abs().max()) * 255

                    # One size more must do as well, so that an error that only passes through zero is not taken for none.
                    while enough < most and max(error(enough), error(min(most, enough + multiple))) >= 0.5:
                        enough += multiple
    return float(enough)


def _harsh_images(height: int, width: int) -> list[Tensor]:
    """Noise, and blocks of random saturated colours, each also mirrored diagonally: (1, 3, height, width).

    Where the two sides differ by much a picture is mirrored from right to left instead, for only its width is cut.
    """
    random = torch.Generator().manual_seed(0)
    images = [torch.rand(1, 3, height, width, generator=random)]
    for block in (4, 8):
        coarse = torch.randint(0, 2, (1, 3, height // block, width // block), generator=random).float()
        images.append(coarse.repeat_interleave(block, 2).repeat_interleave(block, 3))
    if width == 2 * height:
        return [turned for image in images for turned in (image, image.mT.contiguous().flip(2))]
    return [turned for image in images for turned in (image, image.flip(3))]


def bound_reach(model: onnx.ModelProto) -> float:
    """No less than the reach of a graph of convolutions: what all of them reach together, one after the other."""
    reach = 0
    for node in model.graph.node:
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "Conv":
            dilations = attributes.get("dilations", [1, 1])
            sides = zip(attributes["kernel_shape"], dilations, strict=True)
            reach += max((kernel - 1) * dilation // 2 for kernel, dilation in sides)
        elif node.op_type == "Resize":
            reach += 2
    return float(reach)


def measure_memory(model: onnx.ModelProto, side: int = 64) -> float:
    """The most bytes of activations that are alive at one time while the graph runs in order, for each input pixel.

    What only stands between operations that run as one in int8 is not counted: see `_never_made`.
    """
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for place, length in zip(fixed.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side), strict=True):
        place.dim_value = length
    del fixed.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(fixed, data_prop=True).graph
    sizes = {value.name: _bytes(value) for value in [*graph.input, *graph.value_info, *graph.output]}
    sizes |= dict.fromkeys(_never_made(graph), 0)
    last_use = {name: place for place, node in enumerate(graph.node) for name in node.input}
    alive: dict[str, int] = {graph.input[0].name: sizes[graph.input[0].name]}
    most = 0
    for place, node in enumerate(graph.node):
        alive |= {name: sizes.get(name, 0) for name in node.output}
        most = max(most, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if last_use.get(name, len(graph.node)) > place}
    return round(most / side**2, 1)


def _bytes(value: onnx.ValueInfoProto) -> int:
    tensor = value.type.tensor_type
    each = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type or TensorProto.FLOAT)).itemsize
    return each * math.prod(max(1, length.dim_value) for length in tensor.shape.dim)


def _never_made(graph: onnx.GraphProto) -> set[str]:
    """The float tensors about operations that ONNX Runtime runs in int8: every input dequantised, the output quantised."""
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    used_by: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            used_by.setdefault(name, []).append(node)
    constants = {tensor.name for tensor in graph.initializer}
    fused = [
        node
        for node in graph.node
        if all(made_by.get(name) == "DequantizeLinear" or name in constants for name in node.input if name)
        and all(user.op_type == "QuantizeLinear" for name in node.output for user in used_by.get(name, [node]))
    ]
    inside = {name for node in fused for name in node.output}
    for name, kind in made_by.items():
        if kind == "DequantizeLinear" and all(user in fused for user in used_by.get(name, [])):
            inside.add(name)
    return inside
