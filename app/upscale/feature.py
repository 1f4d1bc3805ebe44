"""Upscaling's part of the window: the panel's estimates, the model's card, the contact sheet, and the part in sight first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.jobs import Job
from app.library import model_words
from app.library.card_view import CardView
from app.upscale import sheet_work
from app.upscale.contact_sheet import ContactSheet
from app.upscale.part_overlay import PartOverlay
from app.upscale.sheet_work import Sample
from app.upscale.speeds import Speeds
from app.upscale.work import Mask
from engines.superres.estimate import plan, seconds_for

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from engines.models.library import ModelEntry

translate = QCoreApplication.translate


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """What actions of these names do."""
    return {
        "compare_models": lambda: show_sheet(window),
        "about_model": lambda: show_card(window, window.panel.entry),
    }


def connect(window: MainWindow) -> None:
    """Join the panel, the canvas and the work."""
    speeds = Speeds(window.queue, window.settings, window)
    overlay = PartOverlay(window.canvas)
    window.panel.estimate_from(speeds)
    window.panel.card_asked.connect(lambda entry: show_card(window, entry))
    window.panel.sheet_asked.connect(lambda: show_sheet(window))
    window.upscaling.visible = lambda: window.canvas.visible_box()
    window.upscaling.mask = lambda: mask_of(window)
    window.upscaling.speed_of = speeds.of
    window.upscaling.measured.connect(speeds.learn)
    window.upscaling.part_made.connect(overlay.show_part)
    window.document.changed.connect(overlay.clear)

    def started(job: Job) -> None:  # on what is shown
        assert window.document.current is not None
        window.document.current.await_result(job)
        speeds.stop()
        job.ended.connect(overlay.clear)

    window.upscaling.started.connect(started)


def mask_of(window: MainWindow) -> Mask | None:
    """The window's mask, uint8 (H, W) of the photo, 255 = apply; None where there is none for this photo."""
    mask, photo = window.tools.mask_in_use, window.document.photo
    if mask is None or photo is None or mask.shape != photo.picture.pixels.shape[:2]:
        return None
    return mask


def show_card(window: MainWindow, entry: ModelEntry | None) -> CardView | None:
    """Show what the model of `entry` says about itself."""
    if entry is None or entry.card is None:
        return None
    every = window.panel.entries
    view = CardView(entry.card, model_words.title(entry, every), model_words.good_for(entry, every), window)
    view.finished.connect(view.deleteLater)
    view.open()
    return view


def show_sheet(window: MainWindow) -> ContactSheet | None:
    """Show a part of the photo through each model; the one that is clicked becomes the panel's."""
    photo, entries = window.document.photo, window.panel.usable
    if photo is None or not entries or window.queue.is_busy:
        return None
    picture, speeds = photo.picture, window.panel.speeds
    assert speeds is not None
    speeds.stop()

    def words(entry: ModelEntry, sample: Sample) -> str:
        assert entry.card is not None
        speed = speeds.of(entry) or sample.speed
        seconds = seconds_for(plan(picture.width, picture.height, entry.card.scale or 1), speed)
        return translate("models", "this part {time:.2f} s, the whole about {whole}").format(
            time=sample.seconds, whole=window.panel.progress.duration(seconds)
        )

    current = window.panel.entry.name if window.panel.entry is not None else ""
    box = sheet_work.crop_box(picture, window.canvas.visible_box())
    sheet = ContactSheet(window.queue, photo, box, entries, current, words, window.settings.threads, window)
    sheet.chosen.connect(window.panel.choose)
    sheet.finished.connect(sheet.deleteLater)
    sheet.open()
    return sheet
