"""A model: one opened ONNX file, run on the GPU where ONNX Runtime really has one and on the CPU otherwise."""

from __future__ import annotations

import ctypes
import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import Cancelled, ModelError, OutOfMemory
from engines.models import processor
from engines.models.card import ModelCard, read_card
from engines.models.external_data import has_external_data
from engines.progress import Progress

Tensor = NDArray[np.float32]

ort: Any = importlib.import_module("onnxruntime")  # it brings no types

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
PROVIDER_NAMES = {CPU: "CPU", CUDA: "CUDA"}
DEVICES = ("auto", "cpu", "cuda")

_OUT_OF_MEMORY = re.compile(
    r"allocate memory|bad_alloc|bad allocation|out of memory|MemoryError|cannot allocate|CUDNN_STATUS_ALLOC_FAILED",
    re.I,
)
_QUIET = 4  # ONNX Runtime's severity "fatal": what goes wrong comes as an exception, and is said once


class Model:
    """An opened model file.

    `card` is what the file says of itself, `provider` where it runs now: "CPU" or "CUDA". A provider that fails while
    it runs is replaced by the CPU, and `progress.notice` says so. Not safe for two threads at once.
    """

    def __init__(
        self, path: Path, card: ModelCard, device: str = "auto", threads: int = 0, spinning: bool = False
    ) -> None:
        self.path = path
        self.card = card
        self.opening_notice: str | None = None
        self._threads = threads
        self._spinning = spinning
        self._session: Any = self._open(device)

    @property
    def provider(self) -> str:
        """Where the model runs, as ONNX Runtime says after loading: "CPU" or "CUDA"."""
        name: str = self._session.get_providers()[0]
        return PROVIDER_NAMES.get(name, name)

    def run(self, image: Tensor, progress: Progress | None = None, extra: Mapping[str, Any] | None = None) -> Tensor:
        """The model's output for `image`, float32 [N, 3, H, W] in [0, 1] (or `z`); `extra` holds further inputs.

        `progress.cancel()` stops it within one operation of the graph. Raises Cancelled, OutOfMemory where there is
        not enough for this size, and ModelError where the output is not a number or the model fails.
        """
        return self.run_all(image, progress, extra)[0]

    def run_all(
        self, image: Tensor, progress: Progress | None = None, extra: Mapping[str, Any] | None = None
    ) -> list[Tensor]:
        """All outputs of the model, in the order of the card's `outputs`, where it has several; otherwise as `run` does."""
        progress = progress or Progress()
        inputs = {self._first_input: image, **(extra or {})}
        outputs = self._run_or_fall_back(inputs, progress)
        if not all(np.isfinite(output).all() for output in outputs):
            raise ModelError(f"The model “{self.card.name}” returned values that are not numbers; use another model.")
        return outputs

    def close(self) -> None:
        """Let go of the file and its memory; the model cannot run afterwards."""
        del self._session

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, device: str) -> Any:
        if device != "cpu" and _cuda_is_there():
            try:
                session = self._session_on([CUDA, CPU])
            except Exception as error:  # whatever a driver throws, the CPU remains
                self.opening_notice = f"The GPU could not be used ({_first_line(error)}); the CPU does the work."
            else:
                if session.get_providers()[0] == CUDA:
                    return self._checked(session)
                self.opening_notice = (
                    "The GPU could not be used: ONNX Runtime did not load its CUDA libraries; the CPU does the work."
                )
        elif device == "cuda":
            self.opening_notice = "There is no GPU that ONNX Runtime can use here; the CPU does the work."
        try:
            return self._checked(self._session_on([CPU]))
        except ModelError:
            raise
        except Exception as error:
            if _OUT_OF_MEMORY.search(str(error)) or isinstance(error, MemoryError):
                raise OutOfMemory(f"There is not enough memory to open “{self.path.name}”; close programs.") from error
            raise ModelError(
                f"“{self.path.name}” cannot be opened as a model ({_first_line(error)}); copy or export it again."
            ) from error

    def _session_on(self, providers: list[str]) -> Any:
        options = ort.SessionOptions()
        options.log_severity_level = _QUIET
        options.intra_op_num_threads = self._threads
        # The pattern is learned in a first run and laid out anew for the second: for a while both are in memory.
        options.enable_mem_pattern = False
        # A spinning worker takes the processor from the window while it waits for its share of the next operation.
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(self._spinning)))
        return ort.InferenceSession(str(self.path), options, providers=providers)

    def _checked(self, session: Any) -> Any:
        inputs = {item.name: item for item in session.get_inputs()}
        self._first_input = "z" if self.card.task == "image-generation" else "image"
        self._outputs = list(self.card.outputs or ("output",))
        first = inputs.get(self._first_input)
        given = {output.name for output in session.get_outputs()}
        if first is None or first.type != "tensor(float)" or not given.issuperset(self._outputs):
            wanted = ", ".join(f"“{name}”" for name in self._outputs)
            raise ModelError(
                f"“{self.path.name}” does not take “{self._first_input}” as float32 and give {wanted}; export it again."
            )
        return session

    def _run_or_fall_back(self, inputs: dict[str, Any], progress: Progress) -> list[Tensor]:
        try:
            return self._run(inputs, progress)
        except (Cancelled, OutOfMemory):
            raise
        except ModelError as error:
            if self.provider == "CPU":
                raise
            progress.notice(f"The GPU failed ({_first_line(error.__cause__ or error)}); the CPU goes on with the work.")
            self.fall_back_to_cpu()
            return self._run(inputs, progress)

    def fall_back_to_cpu(self) -> None:
        """Run on the CPU from now on."""
        self._reopen("cpu")

    def free_memory(self) -> None:
        """Give back what earlier runs made ONNX Runtime keep: its arena only ever grows, so the file is opened anew."""
        self._reopen("cpu" if self.provider == "CPU" else "cuda")

    def _reopen(self, device: str) -> None:
        self._session = None
        self._session = self._open(device)

    def _run(self, inputs: dict[str, Any], progress: Progress) -> list[Tensor]:
        options = ort.RunOptions()
        options.log_severity_level = _QUIET

        def stop() -> None:
            options.terminate = True

        try:
            with progress.interruptible(stop):
                return self._session.run(self._outputs, inputs, options)
        except Cancelled:
            raise
        except Exception as error:
            progress.check()
            if _OUT_OF_MEMORY.search(str(error)) or isinstance(error, MemoryError):
                raise OutOfMemory(
                    f"There is not enough memory to run “{self.card.name}”; close programs, or use smaller tiles."
                ) from error
            raise ModelError(
                f"The model “{self.card.name}” failed ({_first_line(error)}); use another model or export it again."
            ) from error


def open_model(
    path: Path, device: str = "auto", threads: int = 0, *, spinning: bool = False, int8: bool | None = None
) -> Model:
    """Open the model file at `path` on `device`: "auto", "cpu" or "cuda"; `threads` 0 uses every core.

    `spinning` lets workers wait busily for their next share, a little faster, and unkind to a window in the same process.
    A file in int8 is faster only on a processor with dot products of int8. Elsewhere, and on a GPU, the float model beside
    it is opened instead, if there is one, and `opening_notice` says so; `int8` True or False decides it beforehand.

    Raises ModelError where the file cannot be read or run, CardError where its card is missing or wrong.
    """
    if device not in DEVICES:
        raise ModelError(f"There is no device “{device}”; choose {', '.join(DEVICES)}.")
    card = read_card(path)
    if card.precision == "int8" and int8 is not True:
        on_gpu = device != "cpu" and _cuda_is_there()
        pays = processor.has_int8_dot_product() if int8 is None else int8
        if (on_gpu or not pays) and (instead := _open_float(path, card, device, threads, spinning)):
            if instead.provider != "CPU" or not pays:
                where = "a GPU" if instead.provider != "CPU" else "this processor"
                notice = f"On {where} int8 is not faster, so “{instead.path.stem}” does the work of “{path.stem}”."
                instead.opening_notice = " ".join(filter(None, (instead.opening_notice, notice)))
                return instead
            instead.close()  # the GPU did not serve after all, and on the CPU int8 does
            model = _open_file(path, card, "cpu", threads, spinning)
            model.opening_notice = instead.opening_notice
            return model
    return _open_file(path, card, device, threads, spinning)


def _open_file(path: Path, card: ModelCard, device: str, threads: int, spinning: bool) -> Model:
    """Open this very file. Raises ModelError where it keeps weights outside itself, or as `Model` does."""
    try:
        outside = has_external_data(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"“{path.name}” is cut short or not an ONNX file; copy or export it again.") from error
    if outside:
        raise ModelError(
            f"“{path.name}” keeps weights in other files, which Duskroom does not open; save the model as one file."
        )
    return Model(path, card, device, threads, spinning)


def _open_float(path: Path, card: ModelCard, device: str, threads: int, spinning: bool) -> Model | None:
    """The float model that the int8 file `path` was made from, opened; None where it is not there or does something else."""
    if not card.float_model:
        return None
    beside = path.with_name(card.float_model)
    try:
        other = read_card(beside)
        same = (other.task, other.scale, other.domains) == (card.task, card.scale, card.domains)
        if not same or other.precision == "int8":
            return None
        return _open_file(beside, other, device, threads, spinning)
    except ModelError:
        return None


def _cuda_is_there() -> bool:
    """Whether this ONNX Runtime has CUDA and the machine has its driver; asked first, since a failed try is loud."""
    if CUDA not in ort.get_available_providers():
        return False
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    preload = getattr(ort, "preload_dlls", None)
    if preload is not None:
        preload()
    return True


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    line = text[0] if text else type(error).__name__
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", line)
    return line if len(line) <= 160 else line[:157] + "…"
