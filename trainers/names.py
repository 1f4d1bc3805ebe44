"""What a name in a recipe stands for: an entry of a table, or what an import path that a person typed leads to."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from engines.errors import RecipeError


def find(name: str, table: Mapping[str, Any], what: str, kind: type | None = None) -> Any:
    """The entry of `table` called `name`, or the class or function at the import path `name`; `what` it is to be, in words.

    At an import path there may be an object of `kind` too. Raises RecipeError.
    """
    if ":" not in name:
        if name not in table:
            raise RecipeError(
                f"There is no {what} called “{name}”; choose {', '.join(sorted(table))}, "
                "or write an import path such as “package.module:Name”."
            )
        return table[name]
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever a person's own file raises when it is imported
        raise RecipeError(
            f"The {what} “{name}” cannot be imported ({error}); check its spelling, and that its folder is on PYTHONPATH."
        ) from error
    try:
        found = getattr(module, attribute)
        if callable(found) or (kind is not None and isinstance(found, kind)):
            return found
        raise RecipeError(f"“{name}” is no {what}: it cannot be called; name a class or a function.")
    except AttributeError as error:
        raise RecipeError(
            f"The module “{module_name}” has no “{attribute}”; check the spelling after the colon."
        ) from error
