"""Models in words for artists: what one is called in a list, and what it is good for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core import sentences
from engines.models import processor

if TYPE_CHECKING:
    from engines.models.library import ModelEntry

translate = QCoreApplication.translate


def title(entry: ModelEntry, entries: Sequence[ModelEntry]) -> str:
    """What the model of `entry` is called among `entries`: by its card; one in int8 after the model it was made from."""
    if entry.card is None:
        return translate("models", "{name} (cannot be used)").format(name=entry.name)
    made_from = _float_model(entry, entries)
    if made_from is not None and made_from.card is not None:
        return translate("models", "{name}, quicker").format(name=made_from.card.name)
    return entry.card.name


def good_for(entry: ModelEntry, entries: Sequence[ModelEntry]) -> str:
    """What the model of `entry` is good for, as its card says it; of one in int8, what it gains over its exact self."""
    if entry.card is None:
        return sentences.told(entry.problem or "")
    made_from = _float_model(entry, entries)
    if made_from is None or made_from.card is None:
        return entry.card.description
    if not processor.has_int8_dot_product():
        gain = translate("models", "This processor has no fast way for it, so the exact model does the work.")
    elif (ratio := entry.card.metrics.get("speed ratio")) is not None:
        gain = translate("models", "About {ratio:.1f} times as fast, with differences that can hardly be seen.").format(
            ratio=ratio
        )
    else:
        gain = translate("models", "Faster, with differences that can hardly be seen.")
    return f"{made_from.card.description} {gain}".strip()


def _float_model(entry: ModelEntry, entries: Sequence[ModelEntry]) -> ModelEntry | None:
    """The model in float that the one in int8 was made from, where it is among `entries`."""
    card = entry.card
    if card is None or card.precision != "int8" or not card.float_model:
        return None
    beside = entry.path.with_name(card.float_model)
    return next((other for other in entries if other.path == beside and other.card is not None), None)
