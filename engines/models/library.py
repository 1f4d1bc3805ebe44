"""The library: the models there are, those that ship and those a person added."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from engines.errors import ModelError, TargetError
from engines.models.card import ModelCard, read_card
from engines.models.copying import copy_all, delete_all, is_copy
from engines.models.pair import BACK, are_one, companion_of, lacking, pair_of
from engines.models.scales import scale_for
from engines.progress import Progress

MOST_NAMES = 1 << 22  # bytes of a companion's table of names that are read


@dataclass(frozen=True)
class ModelEntry:
    """A model file in the library: its `name` (the file's, without suffix), and its card or, in words, why it has none."""

    path: Path
    name: str
    card: ModelCard | None
    problem: str | None
    ships: bool


def shipped_folder() -> Path:
    """Where the models that come with Duskroom lie."""
    return Path(str(files("assets") / "models"))


class ModelLibrary:
    """The model files in `folders`; a name in an earlier folder goes before the same in a later one.

    The last folder is the person's own, where `add` puts models; it need not exist. Reads the folders anew at each call.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder) for folder in folders]

    def entries(self) -> list[ModelEntry]:
        """Every model, in order of task and name; a file that cannot be used is listed with its problem."""
        found: dict[str, ModelEntry] = {}
        for folder in self.folders:
            for path in _onnx_files(folder):
                if path.stem not in found:
                    found[path.stem] = _entry(path)
        return sorted(found.values(), key=lambda e: (e.card.task if e.card else "~", e.name))

    def find(
        self,
        wanted: str | Path | None = None,
        *,
        task: str,
        scale: int | None = None,
        domain: str | None = None,
    ) -> ModelEntry:
        """The model for `task` that `wanted` names, or a file; by default the first that suits.

        `scale` is how many times it shall enlarge. Where no model in the library does exactly that, one with a larger scale
        suits, by default the next one, whose result is to be reduced; its card tells.
        `domain` is what a model translates to, in whatever case; it may be left out where all translate in one direction.
        Those in float go before those in int8, then those that ship before the person's own, then the names decide.

        Raises ModelError where there is none, its file cannot be used, or it has another task, scale or domain.
        """
        if wanted is not None:
            entry = self._named(wanted)
            if entry.card is None:
                raise ModelError(entry.problem or f"“{entry.name}” cannot be used; export it again.")
            if entry.card.task != task:
                raise ModelError(f"“{entry.name}” is a model for {entry.card.task}, not {task}; choose another.")
            if scale is not None and not self._makes(scale, entry.card.scale or 1):
                raise ModelError(
                    f"“{entry.name}” enlarges {entry.card.scale} times, not {scale}; leave out the scale or choose another."
                )
            domains = entry.card.domains
            if domain is not None and domains is not None and domains[1].casefold() != domain.casefold():
                raise ModelError(
                    f"“{entry.name}” translates {domains[0]} to {domains[1]}, not to {domain}; leave out the domain or choose"
                    " another model."
                )
            return entry
        suited = [e for e in self.entries() if e.card is not None and e.card.task == task]
        if not suited:
            raise ModelError(
                f"There is no model for {task} in the library; add one with “duskroom models import FILE”."
            )
        scales = _scales(suited)
        if scale is not None:
            suited = [e for e in suited if e.card and e.card.scale == scale_for(scale, scales)]
        elif scales:
            suited = [e for e in suited if e.card and e.card.scale == scales[0]]
        if task == "image-translation":
            suited = _in_one_direction(suited, domain)
        return min(suited, key=lambda e: (e.card is not None and e.card.precision == "int8", not e.ships, e.name))

    def add(self, file: Path, *, progress: Progress | None = None) -> list[ModelEntry]:
        """Copy the model `file`, and its companion if there is one, into the person's own folder: all of it or nothing.

        Both directions of a translation are one where they lie side by side. Returns what was added, `file` first, and
        `progress.notice` says what a translation lacks to be trained on. What the library has already, to the last byte, is
        left as it is, so that the rest can be added later. Raises ModelError where it is not a model that can be used or
        its name is taken, TargetError where the folder cannot be written.
        """
        card = read_card(file)
        from engines.models.model import open_model  # an import of onnxruntime, which a mere listing does without

        models, companions = _together(file, card)
        for model in models:
            open_model(model, device="cpu", int8=True).close()  # this very file, whatever the processor
        folder = self.folders[-1]
        targets = {source: folder / name for source, name in _names_for(file, card, models, companions).items()}
        names = {entry.name for entry in self.entries()}
        try:
            missing = {source: target for source, target in targets.items() if not is_copy(source, target)}
            taken = [targets[model].stem for model in models if model in missing and targets[model].stem in names]
            # A companion whose model was deleted by hand is nobody's; that of a model that is there is not replaced.
            if not missing.keys() >= set(models) and any(target.exists() for target in missing.values()):
                taken.append(targets[file].stem)
            if taken or not missing:
                name = taken[0] if taken else targets[file].stem
                raise ModelError(
                    f"The library already has a model “{name}”; rename the file, or remove that one first."
                )
            folder.mkdir(parents=True, exist_ok=True)
            copy_all(missing)
        except OSError as error:
            raise TargetError(
                f"The model cannot be copied to “{folder}” ({error.strerror}); make room or check the rights."
            ) from error
        if progress is not None and (sentence := _why_not_trained_on(targets[file], card)):
            progress.notice(sentence)
        return [_entry(targets[model]) for model in models]

    def remove(self, name: str) -> None:
        """Delete the person's own model `name` and its companion, of a translation both directions: all of it or nothing.

        Raises ModelError where there is none such, or a file cannot be deleted.
        """
        target = self.folders[-1] / f"{name}.onnx"
        if target not in _onnx_files(self.folders[-1]):
            raise ModelError(f"You have no model of your own called “{name}”; those that ship cannot be removed.")
        models, companions = [target], [companion_of(target)]
        with contextlib.suppress(ModelError):  # what is damaged can be removed all the same
            models, companions = _together(target, read_card(target))
        try:
            delete_all([*models, *companions])
        except OSError as error:
            raise ModelError(f"“{target}” cannot be deleted ({error.strerror}); check its permissions.") from error

    def _makes(self, scale: int, own: int) -> bool:
        """Whether a model that enlarges `own` times may make ×`scale`: the library has none that does so itself."""
        return own == scale or (2 <= scale < own and scale not in _scales(self.entries()))

    def _named(self, wanted: str | Path) -> ModelEntry:
        text = str(wanted)
        if os.sep in text or "/" in text or text.lower().endswith((".onnx", ".pth", ".pt", ".ckpt", ".safetensors")):
            return _entry_or_raise(Path(text))
        entries = self.entries()
        for entry in entries:
            if text in (entry.name, entry.card.name if entry.card else None):
                return entry
        if Path(text).exists():
            return _entry_or_raise(Path(text))
        names = ", ".join(entry.name for entry in entries) or "none"
        raise ModelError(f"There is no model “{text}” in the library; the models there are: {names}.")


def _scales(entries: Iterable[ModelEntry]) -> list[int]:
    """The scales that `entries` have, the smallest first."""
    return sorted({entry.card.scale for entry in entries if entry.card is not None and entry.card.scale})


def _in_one_direction(entries: list[ModelEntry], domain: str | None) -> list[ModelEntry]:
    """Those of `entries` that translate to `domain`, or all where there is but one direction. Raises ModelError."""
    cards = [(entry, entry.card.domains) for entry in entries if entry.card is not None and entry.card.domains]
    there = sorted({domains[1] for _, domains in cards}, key=str.casefold)
    if domain is not None:
        suited = [entry for entry, domains in cards if domains[1].casefold() == domain.casefold()]
        if not suited:
            raise ModelError(
                f"No model in the library translates to “{domain}”; the domains there are: {', '.join(there)}."
            )
        return suited
    if len(directions := sorted({f"{domains[0]} to {domains[1]}" for _, domains in cards})) > 1:
        raise ModelError(f"The models in the library translate {', '.join(directions)}; say which domain to go to.")
    return entries


def _name_for(file: Path, card: ModelCard) -> str:
    """What the model in `file` is called in the library: as its file, or as its recipe where that is a run's own model.

    A run's model is “model.onnx”, and of a translation “model.back.onnx” the other way.
    """
    stem, dot, further = file.stem.partition(".")
    if stem != "model" or further not in ("", "back"):
        return file.stem
    try:
        name = json.loads(card.recipe)["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return file.stem
    is_plain = isinstance(name, str) and re.fullmatch(r"\w[\w .×+-]{0,79}", name)
    return f"{name}{dot}{further}" if is_plain else file.stem


def _together(model: Path, card: ModelCard) -> tuple[list[Path], list[Path]]:
    """The model files that are one with `model`, which is the first of them, and such companions of theirs as there are.

    Raises ModelError where the other direction of a translation cannot be read.
    """
    models, named = [model], [model]
    if card.task == "image-translation":
        there, back = named = [*pair_of(model)]
        if are_one(there, back):
            models.append(back if model == there else there)
        elif there.exists():  # a model by itself, as is whatever has the name of its other direction
            named = [model]
    return models, [companion_of(path) for path in named if companion_of(path).exists()]


def _names_for(file: Path, card: ModelCard, models: list[Path], companions: list[Path]) -> dict[Path, str]:
    """The name in the library of each of the files, the companions first: that of `file` decides about the others."""
    old, new = (name.removesuffix(BACK) for name in (file.stem, _name_for(file, card)))
    names = {path: new + path.name.removeprefix(old) for path in companions}
    return names | {path: new + path.stem.removeprefix(old) + ".onnx" for path in models}


def _why_not_trained_on(model: Path, card: ModelCard) -> str:
    """A sentence about the translation `model` that cannot be trained on; empty where nothing is missing for that."""
    if card.task != "image-translation" or not (files := lacking(model)) or _holds_networks(companion_of(model)):
        return ""
    names = ", ".join(f"“{path.name}”" for path in files)
    return f"“{model.name}” cannot be trained on without {names}; import it again with that beside it."


def _holds_networks(companion: Path) -> bool:
    """Whether `companion` is one from before both directions shared one: with all that its model's file lacks."""
    try:
        with open(companion, "rb") as file:  # https://huggingface.co/docs/safetensors: a length, and so much JSON
            length = int.from_bytes(file.read(8), "little")
            names: dict[str, object] = json.loads(file.read(min(length, MOST_NAMES)))
        return any(not str(name).startswith(("discriminator.", "__")) for name in names)
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _onnx_files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix.lower() == ".onnx" and not p.name.startswith("."))
    except OSError:
        return []


def _entry(path: Path) -> ModelEntry:
    try:
        return _entry_or_raise(path)
    except ModelError as error:
        return ModelEntry(path, path.stem, None, str(error), _ships(path))


def _entry_or_raise(path: Path) -> ModelEntry:
    return ModelEntry(path, path.stem, read_card(path), None, _ships(path))


def _ships(path: Path) -> bool:
    return path.resolve().parent == shipped_folder().resolve()
