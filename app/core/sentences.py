"""What engines say, in the person's language: a sentence is recognised, and its translation filled in the same way.

Engines know no Qt, and the command line prints their English, so they raise and notice sentences that are already put
together. The templates are gathered from their source by scripts/translations.py; here a sentence is matched with them.

What is recognised by none stays as it is: what the system or a library says of a failure, which is quoted within a sentence;
the names and descriptions on a model's card, which are its author's words; and what only the command line can cause.
"Copy details" stays English too, for whoever is sent it.
"""

from __future__ import annotations

import re
from functools import cache

from app.core.language import ENGINES, PROGRESS, SOURCE_LANGUAGE, Rewriting, Translation


def told(text: str) -> str:
    """A sentence of an engine, or several, as the person reads it; any other text unchanged. For any thread."""
    if Translation.spoken == SOURCE_LANGUAGE:
        return text
    known = _known(Translation.spoken, ENGINES)
    whole = known.text(text, [ENGINES])
    if whole != text:
        return whole
    return " ".join(known.text(one, [ENGINES]) for one in re.split(r"(?<=\.) ", text))


def doing(text: str) -> str:
    """What a job says it is at, such as "pass 1 of 2, tile 3 of 8", as the person reads it."""
    if Translation.spoken == SOURCE_LANGUAGE:
        return text
    known = _known(Translation.spoken, PROGRESS)
    return ", ".join(known.text(one, [PROGRESS]) for one in text.split(", "))


@cache
def _known(language: str, context: str) -> Rewriting:
    return Rewriting(SOURCE_LANGUAGE, language, context)
