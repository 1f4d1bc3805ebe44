"""A job's progress: a bar, how much is done, the time left, and a Cancel button."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core import sentences
from app.core.jobs import Job
from engines.progress import Pace

COUNT_DOWN_MS = 500  # between reports the time left goes on
STEPS = 1000  # of the bar; pixels outgrow its 32 bits


class JobProgress(QWidget):
    """Follows one job and hides when it is over. `wide` puts bar, words and button under one another, else in a row."""

    ended = Signal()

    def __init__(self, *, wide: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._pace = Pace()
        self._what = ""
        self._expected: float | None = None
        self._at = (0, 0)  # done, total, as last reported
        self._clock = QTimer(self)
        self._clock.setInterval(COUNT_DOWN_MS)
        self._clock.timeout.connect(self._say)
        self.seconds_left: float | None = None  # as it is shown
        self.held_focus = False  # whether the keyboard was here when the last job ended
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.label = QLabel()
        self.label.setObjectName("muted")
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.cancel)
        if wide:
            below = QHBoxLayout()
            below.addWidget(self.label, 1)
            below.addWidget(self.cancel_button)
            layout = QVBoxLayout(self)
            layout.addWidget(self.bar)
            layout.addLayout(below)
            layout.setSpacing(8)
        else:
            layout = QHBoxLayout(self)
            layout.addWidget(self.label)
            layout.addWidget(self.bar)
            layout.addWidget(self.cancel_button)
            layout.setSpacing(8)
            self.bar.setFixedWidth(160)
            self.cancel_button.setObjectName("flat")
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        layout.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def follow(self, job: Job, what: str = "", *, expected: float | None = None) -> None:
        """Show `job` until it is over; `what` is shown while it reports nothing of its own. `expected` is how many seconds a
        unit of its progress is thought to take, for as long as that has not been seen.
        """
        self._job, self._what, self._expected, self.seconds_left = job, what, expected, None
        self._pace = Pace(expected=expected)
        self._at = (0, 0)
        self._clock.start()
        self.bar.setRange(0, 0)  # busy: how far it is comes with its first report
        self.label.setText(what)
        self.cancel_button.setEnabled(True)
        job.progressed.connect(lambda done, total, text: self._show(job, done, total, text))
        job.ended.connect(lambda: self._end(job))
        self.show()

    def cancel(self) -> None:
        """Ask the job to stop."""
        if self._job is not None:
            self._job.cancel()
            self.cancel_button.setEnabled(False)
            self.label.setText(self.tr("Stopping…"))

    def _show(self, job: Job, done: int, total: int, text: str) -> None:
        if job is not self._job or job.is_cancelling:
            return
        text = sentences.doing(text)
        if total <= 0 or done == 0:
            self._pace, self._at = Pace(expected=self._expected), (0, total)  # opening a model is not part of the pace
            self.label.setText(text[:1].upper() + text[1:] if text else self._what)
            self._say()
            return
        self._at = (done, total)
        self.bar.setRange(0, STEPS)
        self.bar.setValue(done * STEPS // total)
        self.label.setToolTip(text)
        self._say()

    def _say(self) -> None:
        """How much is done and how long the rest will take, as far as that is known now."""
        (done, total), job = self._at, self._job
        if total <= 0 or job is None or job.is_cancelling:
            return
        self.seconds_left = left = self._pace.seconds_left(done, total)
        if done == 0 and left is None:
            return
        words = [self.tr("{percent} %").format(percent=done * 100 // total)]
        if left is not None and done < total:
            words.append(self.tr("{time} left").format(time=self.duration(left)))
        self.label.setText(" · ".join(words))
        self.bar.setAccessibleDescription(self.label.text())

    def duration(self, seconds: float) -> str:
        """Seconds as a person says them: "12 s", "3 min", "2 h 10 min"."""
        if seconds < 59.5:
            return self.tr("{count} s").format(count=max(1, round(seconds)))
        minutes = round(seconds / 60)
        if minutes < 60:
            return self.tr("{count} min").format(count=minutes)
        return self.tr("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)

    def _end(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self._clock.stop()
            self.held_focus = self.window().focusWidget() is self.cancel_button
            self.hide()
            self.ended.emit()
