"""Networks and losses by name, or by an import path that a person typed."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn

from engines.errors import RecipeError
from trainers.losses import PIXEL_LOSSES, PixelLoss
from trainers.networks.superres import NETWORKS
from trainers.recipe import Part


def make_network(part: Part, scale: int) -> nn.Module:
    """The network that `part` names, made with its options and `scale` where it takes one.

    Raises RecipeError where the name, the import path or an option is wrong.
    """
    kind = _found(part.kind, NETWORKS, "network")
    options = dict(part.options)
    try:
        takes = inspect.signature(kind).parameters
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"“{part.kind}” is not a network: it cannot be called; name a class or a function."
        ) from error
    if "scale" in takes:
        options.setdefault("scale", scale)
    any_option = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in takes.values())
    for name in options:
        if name not in takes and not any_option:
            raise RecipeError(
                f"The network “{part.kind}” has no option “{name}”; it takes {', '.join(takes) or 'none'}."
            )
    try:
        network = kind(**options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(f"The network “{part.kind}” cannot be made with {options}: {error}") from error
    if not isinstance(network, nn.Module):
        raise RecipeError(f"“{part.kind}” gives a {type(network).__name__}, not a torch.nn.Module; name a network.")
    return network


def find_loss(name: str) -> PixelLoss:
    """The pixel loss called `name`, or the function or class at the import path `name`. Raises RecipeError."""
    loss = _found(name, PIXEL_LOSSES, "loss")
    return loss() if inspect.isclass(loss) else loss


def _found(name: str, table: Mapping[str, Any], what: str) -> Any:
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
    except ImportError as error:
        raise RecipeError(
            f"The {what} “{name}” cannot be imported ({error}); check its spelling, and that its folder is on PYTHONPATH."
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise RecipeError(
            f"The module “{module_name}” has no “{attribute}”; check the spelling after the colon."
        ) from error
