"""What the window can do, a module each: its actions' slots and its signals, connected to the window's other parts."""

from __future__ import annotations

from types import ModuleType

from app.parts import canvas, documents, first_look, history, saving, shell, tools, upscale, work

PARTS: tuple[ModuleType, ...] = (canvas, documents, history, saving, upscale, tools, work, shell, first_look)
"""Each has `slots(window)`, the slots of its actions by id, and `connect(window)`, which makes its widgets and signals.

In order: those further on may count on what those before have put into the window.
"""
