"""How long the brush takes from input to screen, on 24 MP: `python -m tests.benchmarks.brush`."""

from __future__ import annotations

import os
import time

import numpy as np

MUST, AIM = 33, 16  # milliseconds
MOVES = 120


def main() -> None:
    """Move the brush over a picture as large as a camera's, and print how long each move takes until it is painted."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from app.canvas.compare import CompareView
    from app.core.jobs import JobQueue
    from app.mask.brush import BrushOverlay, BrushSettings
    from app.mask.masks import Masks
    from app.photos import pyramid
    from engines.progress import Progress

    application = QApplication([])
    picture = np.random.default_rng(0).integers(0, 256, (4000, 6000, 3), np.uint8)
    canvas = CompareView()
    canvas.resize(1136, 800)
    canvas.show_pyramids(pyramid.build(picture, None, progress=Progress()))
    queue = JobQueue()
    masks, settings = Masks(queue, queue), BrushSettings()
    masks.fit(4000, 6000)
    painted = 0

    class CountingBrush(BrushOverlay):
        def paint(self, painter, view) -> None:
            nonlocal painted
            super().paint(painter, view)
            painted += 1

    overlay = CountingBrush(masks, settings)
    masks.changed.connect(lambda box: overlay.refresh(canvas, box))
    canvas.set_overlay(overlay)
    canvas.show()
    for size in (100, 400, 1000):
        settings.set_size(size)
        took: list[float] = []
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 400))
        application.processEvents()
        for number in range(MOVES):
            angle = number / MOVES * 6.28
            place = QPointF(568 + 350 * np.cos(angle), 400 + 250 * np.sin(angle)).toPoint()
            before, start = painted, time.perf_counter()
            QTest.mouseMove(canvas, place)
            while painted == before:  # Qt may put painting off, and an input that is not painted is not on the screen
                application.processEvents()
            took.append((time.perf_counter() - start) * 1000)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 400))
        middle, late = np.percentile(took, [50, 95])
        print(f"brush of {size} px: median {middle:.1f} ms, 95th percentile {late:.1f} ms (must {MUST}, aim {AIM})")
    queue.close()


if __name__ == "__main__":
    main()
