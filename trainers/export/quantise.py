"""From a model file in float to one in int8: static quantisation, calibrated on photographs, refused where it loses much.

    python -m trainers.export.quantise MODEL.onnx --photos FOLDER --validation FOLDER [--anyway]

Writes NAME.int8.onnx beside NAME.onnx. Weights are int8 for each output channel; activations are uint8, the pair that
the int8 dot products of x86 multiply. Their ranges leave out one value in 100,000, measured on crops of photographs. Only
what lies between the first and the last convolution is quantised; the last always stays in float. The first does
too, unless int8 costs next to nothing there: what it takes is a picture, which has 8 bits anyway, and with it in int8 the
whole middle stays in the order of memory that int8 likes. What the measured losses allow is taken, see `TRIED`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.errors import DuskroomError, ModelError
from engines.models.card import ModelCard, read_card, write_card
from engines.models.model import Model, open_model
from trainers.data.degrade import bicubic, crop_to_multiple
from trainers.data.photos import PairedCrops, find_photos, read_photo, read_photos
from trainers.export.footprint import bound_reach, measure_memory, measure_overlap
from trainers.export.onnx_graph import widen
from trainers.export.publish import publish
from trainers.metrics.pairs import luma, psnr, ssim
from trainers.networks.weights import load_onnx

SUFFIX = ".int8.onnx"
OPERATIONS = ("Conv", "Relu", "LeakyRelu", "Add", "DepthToSpace")  # those that ONNX Runtime has in uint8
PERCENTILE = 99.999
CROPS, CROP = 24, 128  # crops that ranges are measured on, and their side in pixels of the small picture
CANDIDATES = 4  # crops drawn for each one taken, that with most detail
MOST_LOST = 0.2  # dB; more is refused unless the person says so
GOOD = 0.03  # dB, the mean over all sets; the first layout tried that loses no more is taken, or that which loses least
# Whether the first convolution is in int8, and whether the sum is that goes into the last one; the fastest comes first.
TRIED = ((True, True), (True, False), (False, False))
PAIRS, SIDE = 7, 384  # timed runs of both files, and the side of the picture they are timed on

Pixels = NDArray[np.uint8]
Pictures = Mapping[str, Sequence[Pixels]]


@dataclass(frozen=True)
class Quantised:
    """What became of a model in int8: its file, dB lost for each validation set, and how many times as fast it is."""

    path: Path
    lost: Mapping[str, float]
    speed: float


def quantise(source: Path, photos: Sequence[Pixels], validation: Pictures, *, anyway: bool = False) -> Quantised:
    """Write the upscaling model `source` in int8 beside it, calibrated on `photos`, and measure it on `validation`.

    Its card is the float model's, with its own metrics: "PSNR …" and "SSIM …" of each set, "PSNR loss …" in dB against
    the float file, and "speed ratio" against it on this machine. Raises ModelError where more than 0.2 dB are lost on a
    set, unless `anyway`; where there is nothing to measure it on; and where `source` is of another kind.
    """
    card = read_card(source)
    model = widen(load_onnx(source))
    _check(source, card, model, photos, validation)
    ranges = calibrate(model, calibration_crops(photos, card.scale or 1))
    with tempfile.TemporaryDirectory() as folder, open_model(source, "cpu", spinning=True) as whole:
        before = {name: quality(whole, pictures) for name, pictures in validation.items()}
        chosen, after, least = source, before, np.inf
        for first, last in TRIED:
            path = Path(folder, f"{first}-{last}.onnx")
            path.write_bytes(_with_card(write_int8(model, ranges, first=first, last=last), card).SerializeToString())
            with open_model(path, "cpu", int8=True) as opened:
                found = {name: quality(opened, pictures) for name, pictures in validation.items()}
            lost = float(np.mean([before[name]["PSNR"] - found[name]["PSNR"] for name in validation]))
            if lost < least:
                chosen, after, least = path, found, lost
            if lost <= GOOD:
                break
        with open_model(chosen, "cpu", spinning=True, int8=True) as opened:
            speed = speed_ratio(whole, opened)
            overlap = _overlap(opened, card, model)
        int8 = onnx.load(chosen)
    losses = {name: round(before[name]["PSNR"] - after[name]["PSNR"], 4) for name in validation}
    _refuse(source, losses, anyway)
    target = source.with_name(source.stem + SUFFIX)
    metrics = {f"{metric} {name}": round(value, 4) for name in validation for metric, value in after[name].items()}
    metrics |= {f"PSNR loss {name}": value for name, value in losses.items()} | {"speed ratio": round(speed, 2)}
    card = replace(
        card,
        name=f"{card.name} int8",
        description=_described(card, speed, losses),
        overlap=overlap,
        memory=measure_memory(int8),
        metrics=metrics,
        precision="int8",
        float_model=source.name,
    )
    onnx.checker.check_model(_with_card(int8, card), full_check=True)
    publish(target, int8.SerializeToString(), _check_opens)
    return Quantised(target, losses, speed)


def _check(source: Path, card: ModelCard, model: onnx.ModelProto, photos: Sequence[Pixels], sets: Pictures) -> None:
    if card.task != "super-resolution":
        raise ModelError(f"“{source.name}” is a model for {card.task}; only one for super-resolution is put in int8.")
    if card.precision == "int8":
        raise ModelError(f"“{source.name}” is in int8 already; name the float model it was made from.")
    if sum(node.op_type == "Conv" for node in model.graph.node) < 3:
        raise ModelError(f"“{source.name}” has nothing between its first and last convolution to put in int8; keep it.")
    if not photos:
        raise ModelError("There are no photographs to calibrate int8 on; name a folder that holds some.")
    if not any(sets.values()):
        raise ModelError("There are no pictures to measure the loss of int8 on; name a folder that holds some.")


def _refuse(source: Path, losses: Mapping[str, float], anyway: bool) -> None:
    worst = max(losses, key=lambda name: losses[name])
    if losses[worst] > MOST_LOST and not anyway:
        raise ModelError(
            f"In int8 “{source.stem}” loses {losses[worst]:.2f} dB on “{worst}”, more than {MOST_LOST}; stay with float, "
            "or ask for it anyway."
        )


def calibration_crops(photos: Sequence[Pixels], scale: int) -> list[NDArray[np.float32]]:
    """Crops of reduced `photos` as the network takes them, (1, 3, H, W) in [0, 1]; the same at each call."""
    side = min(CROP, *(min(photo.shape[:2]) // scale for photo in photos))
    crops = PairedCrops(photos, scale, seed=0, candidates=CANDIDATES)
    return [crops.batch(step, 1, side)[0].contiguous().numpy() for step in range(CROPS)]


def calibrate(model: onnx.ModelProto, crops: Sequence[NDArray[np.float32]]) -> Any:
    """The range of each activation of `model` over `crops`, as ONNX Runtime's percentile calibrator finds it.

    One crop after the other: the activations of all of them together would be gigabytes.
    """
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
    from onnxruntime.quantization.calibrate import create_calibrator

    class OneCrop(CalibrationDataReader):
        def __init__(self, crop: NDArray[np.float32]) -> None:
            self._inputs = iter([{"image": crop}])

        def get_next(self) -> dict[str, Any] | None:
            return next(self._inputs, None)

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder, "model.onnx")
        onnx.save(onnx.shape_inference.infer_shapes(model), path)
        calibrator = create_calibrator(
            path,
            list(OPERATIONS),
            augmented_model_path=str(Path(folder, "augmented.onnx")),
            calibrate_method=CalibrationMethod.Percentile,
            providers=["CPUExecutionProvider"],
            extra_options={"percentile": PERCENTILE},
        )
        for crop in crops:
            calibrator.collect_data(OneCrop(crop))
        return calibrator.compute_data()


def write_int8(model: onnx.ModelProto, ranges: Any, *, first: bool, last: bool) -> onnx.ModelProto:
    """`model` with quantisation about what `nodes_inside` names."""
    from onnxruntime.quantization import QDQQuantizer, QuantType
    from onnxruntime.quantization.calibrate import TensorData

    copy = onnx.shape_inference.infer_shapes(model)
    for index, node in enumerate(copy.graph.node):
        node.name = node.name or f"node_{index}"  # a node without a name could not be told from another one
    inside = nodes_inside(copy, first=first, last=last)
    if "image" in ranges:  # exactly 1/255 a step, so that a picture of 8 bits loses nothing
        ranges["image"] = TensorData(lowest=np.float32(0), highest=np.float32(1))
    quantizer = QDQQuantizer(
        copy,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=ranges,
        nodes_to_quantize=[],
        nodes_to_exclude=[node.name for node in copy.graph.node if node.name not in inside],
        op_types_to_quantize=list(OPERATIONS),
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()  # what it adds, it adds at the end
    int8: onnx.ModelProto = quantizer.model.model
    for node in int8.graph.node:
        node.doc_string = ""
    int8.producer_name, int8.producer_version = model.producer_name, model.producer_version
    return int8


def nodes_inside(model: onnx.ModelProto, *, first: bool, last: bool) -> set[str]:
    """The names of the nodes between the first and the last convolution of `model`.

    A convolution is a first one where none comes before it on any way from the input, a last one where none follows. With
    `first` the first one is in it too; without `last` what goes into the last one is not, unless it is a convolution: its
    rounding is the one that shows most.
    """
    nodes = list(model.graph.node)
    after: dict[str, bool] = {}  # whether a tensor comes out of a convolution, or of what follows one
    for node in nodes:
        later = node.op_type == "Conv" or any(after.get(name, False) for name in node.input)
        after |= dict.fromkeys(node.output, later)
    before: dict[str, bool] = {}  # whether a tensor goes into a convolution, or into what precedes one
    into_last: set[str] = set()
    for node in reversed(nodes):
        precedes = any(before.get(name, False) for name in node.output)
        if node.op_type == "Conv" and not precedes:
            into_last |= set(node.input)
        before |= {name: before.get(name, False) or precedes or node.op_type == "Conv" for name in node.input}
    inside: set[str] = set()
    for node in nodes:
        is_conv = node.op_type == "Conv"
        follows = any(after.get(name, False) for name in node.input)
        precedes = any(before.get(name, False) for name in node.output)
        kept = not last and not is_conv and bool(into_last & set(node.output))
        if precedes and not kept and (follows or (first and is_conv)):
            inside.add(node.name)
    return inside


def quality(model: Model, pictures: Sequence[Pixels]) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM on luma of `model` over true `pictures`, reduced, enlarged, and rounded to 8 bits."""
    scale = model.card.scale or 1
    pairs: list[tuple[float, float]] = []
    for truth in pictures:
        truth = crop_to_multiple(truth, scale)
        small = bicubic(truth, scale).transpose(2, 0, 1)[None] / np.float32(255)
        output = (
            (model.run(np.ascontiguousarray(small, np.float32))[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)
        )
        a, b = luma(output), luma(truth)
        pairs.append((min(psnr(a, b, scale), 100.0), ssim(a, b, scale)))
    mean = np.mean(pairs, axis=0)
    return {"PSNR": float(mean[0]), "SSIM": float(mean[1])}


def speed_ratio(slow: Model, fast: Model) -> float:
    """How many times as fast as `slow` `fast` is: the median over pairs of runs, one after the other."""
    image = np.random.default_rng(0).random((1, 3, SIDE, SIDE), dtype=np.float32)
    ratios: list[float] = []
    for _ in range(PAIRS + 1):
        start = time.perf_counter()
        slow.run(image)
        middle = time.perf_counter()
        fast.run(image)
        ratios.append((middle - start) / (time.perf_counter() - middle))
    return statistics.median(ratios[1:])  # the first pair allocates memory


def _overlap(opened: Model, card: ModelCard, model: onnx.ModelProto) -> float:
    """The overlap of the int8 model itself: where float hardly differs, a step of int8 may be taken the other way."""

    def compute(image: Tensor) -> Tensor:
        return torch.from_numpy(opened.run(image.numpy()))

    return card.overlap if np.isinf(card.overlap) else measure_overlap(compute, card.scale or 1, bound_reach(model))


def _with_card(model: onnx.ModelProto, card: ModelCard) -> onnx.ModelProto:
    del model.metadata_props[:]
    write_card(model, card)
    return model


def _described(card: ModelCard, speed: float, losses: Mapping[str, float]) -> str:
    lost = sum(losses.values()) / len(losses)
    return (
        f"{card.description} Computed in 8-bit numbers: {speed:.1f} times as fast on processors made for them, "
        f"{max(0.0, lost):.2f} dB less exact."
    ).strip()


def _check_opens(path: Path) -> None:
    open_model(path, "cpu", int8=True).close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainers.export.quantise", description="Put an upscaling model in int8."
    )
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--photos", type=Path, nargs="+", required=True, metavar="FOLDER", help="to calibrate on")
    parser.add_argument("--validation", type=Path, nargs="+", required=True, metavar="FOLDER", help="to measure on")
    parser.add_argument("--anyway", action="store_true", help=f"also where more than {MOST_LOST} dB are lost")
    options = parser.parse_args(arguments)
    try:
        validation = {
            folder.name: [read_photo(path) for path in find_photos([folder])] for folder in options.validation
        }
        photos = calibration_photos(find_photos(options.photos), read_card(options.model).scale or 1)
        quantised = quantise(options.model, photos, validation, anyway=options.anyway)
    except (DuskroomError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    lost = ", ".join(f"{value:.3f} dB on {name}" for name, value in quantised.lost.items())
    print(f"{quantised.path}: {quantised.speed:.2f} times as fast, loses {lost}")
    return 0


def calibration_photos(paths: Sequence[Path], scale: int) -> list[Pixels]:
    """Photographs spread evenly over `paths`, as many as there are crops, of those large enough."""
    photos: list[Pixels] = []
    for start in range(max(1, len(paths) // CROPS)):
        if len(photos) >= CROPS:
            break
        taken, _ = read_photos(paths[start :: max(1, len(paths) // CROPS)][: CROPS - len(photos)], CROP * scale)
        photos += taken
    return photos or read_photos(paths[:CROPS], 16 * scale)[0]


if __name__ == "__main__":
    sys.exit(main())
