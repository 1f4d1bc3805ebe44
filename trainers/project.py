"""`python -m trainers.project MODEL PHOTO OUT.png`: find the latent of a generator whose picture is nearest to a photo.

The picture found is written to OUT.png, which appears whole or not at all; z, label, distance and PSNR are in it as JSON, in
the text that PNG calls “duskroom”. How far it is, and what fails, are JSON lines on standard output. SIGTERM ends it at any
moment. Exit status: 0 done, 1 failed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import nn

from engines.errors import DuskroomError, ModelError, PictureError
from trainers.data.generation import to_square
from trainers.data.photos import read_photo
from trainers.export.publish import publish
from trainers.latent.projection import Projection, project
from trainers.loop.device import is_out_of_memory
from trainers.networks.stored_generator import open_generator
from trainers.runs import parent
from trainers.runs.events import Event, Failed, to_json, to_line

TEXT = "duskroom"
SAY_EVERY = 0.1  # seconds


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainers.project", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--label", type=int, metavar="N", help="the number of the label to keep to; default: try all")
    parser.add_argument("--seed", type=int, default=0, help="of the latents that it starts from")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, which started us, ends")
    options = parser.parse_args(arguments)
    if options.parent:
        parent.end_with(options.parent)
        threading.Thread(target=_end_with_input, name="parent", daemon=True).start()
    with _private_stdout() as out:
        try:
            _project(out, options)
        except Exception as error:
            if not isinstance(error, DuskroomError):
                logging.getLogger("duskroom").error("A projection failed.", exc_info=error)
            _say(out, Failed(_sentence(error)))
            return 1
    return 0


def _project(out: TextIO, options: argparse.Namespace) -> None:
    network, recipe, card = open_generator(options.model)
    labels = 0 if recipe.condition == "none" else len(card.labels)
    if options.label is not None and not 0 <= options.label < labels:
        raise ModelError(
            f"“{card.name}” has {labels or 'no'} labels, and none of number {options.label}; leave it out."
        )
    try:
        square = to_square(read_photo(options.photo), recipe.size)
    except (OSError, ValueError) as error:
        raise PictureError(f"“{options.photo.name}” cannot be read ({error}); choose another picture.") from error
    target = torch.from_numpy(square.copy()).permute(2, 0, 1).float() / 127.5 - 1
    codes = recipe.codes.kinds
    _choose_threads(network, recipe.latent_size, bool(labels), len(codes))
    searching = project(
        network, target, recipe.latent_size, label=options.label, labels=labels, codes=codes, seed=options.seed
    )
    said = 0.0
    while True:
        try:
            working = next(searching)
        except StopIteration as end:
            found: Projection = end.value
            break
        if (now := time.monotonic()) - said >= SAY_EVERY:
            said = now
            _say(out, working)
    values: dict[str, Any] = {
        "model": card.name,
        "model_sha256": hashlib.sha256(options.model.read_bytes()).hexdigest(),
        "z": [float(f"{number:.7g}") for number in found.z],
        "label": None if found.label is None else card.labels[found.label],
        "codes": None if found.codes is None else [float(f"{number:.7g}") for number in found.codes],
        "distance": round(found.distance, 3),
        "psnr": round(found.psnr, 2),
        "seed": options.seed,
    }
    publish(options.out, _png(found.picture, values), lambda _: None)


def _png(picture: np.ndarray, values: dict[str, Any]) -> bytes:
    text = PngInfo()
    text.add_itxt(TEXT, to_json(values))
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", pnginfo=text)
    return file.getvalue()


def _choose_threads(network: nn.Module, latent_size: int, is_conditional: bool, codes: int) -> None:
    """Have torch use one thread where several are no faster: where others keep a core busy, all would wait for it."""
    several = torch.get_num_threads()
    label_too = [torch.zeros(16, dtype=torch.int64)] if is_conditional else []
    codes_too = {"codes": torch.zeros(16, codes)} if codes else {}
    z = torch.randn(16, latent_size)
    seconds: dict[int, float] = {}
    for threads in (several, 1):
        torch.set_num_threads(threads)
        with torch.no_grad():
            network(z, *label_too, **codes_too)
            start = time.perf_counter()
            for _ in range(3):
                network(z, *label_too, **codes_too)
            seconds[threads] = time.perf_counter() - start
    torch.set_num_threads(min(seconds, key=seconds.__getitem__))


def _sentence(error: Exception) -> str:
    match error:
        case DuskroomError():
            return str(error)
        case _ if is_out_of_memory(error):
            return "There is not enough memory for this model; close other programs and try again."
        case OSError():
            return f"“{error.filename}” cannot be used ({error.strerror or error}); check it and its rights."
        case _:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            return f"The nearest picture could not be looked for: {first.rstrip('.')}."


@contextlib.contextmanager
def _private_stdout() -> Iterator[TextIO]:
    """Standard output for events alone: what libraries print to it goes to standard error."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as out:
        os.dup2(2, 1)
        try:
            yield out
        finally:
            sys.stdout.flush()
            os.dup2(out.fileno(), 1)


def _say(out: TextIO, event: Event) -> None:
    try:
        print(to_line(event), file=out, flush=True)
    except (OSError, ValueError):  # nobody listens any more
        os._exit(1)


def _end_with_input() -> None:
    """End this process once standard input ends: whoever started it is gone."""
    while os.read(0, 1 << 10):
        pass
    os._exit(1)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # torch takes seconds to be torn down
