"""The program that started a trainer: the system ends the trainer with it, unless the run is detached."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int) -> bool:
    """Ask the system to end this process with SIGTERM when the process `parent` ends; where it already has, do so now.

    Linux does this for a parent. Elsewhere the end of standard input tells, and on Windows the job object that the parent
    puts this process in. Returns whether the system has been asked.
    """
    if not sys.platform.startswith("linux"):
        return False
    asked = _prctl(int(signal.SIGTERM))
    if asked and os.getppid() != parent:  # it ended before the request
        os.kill(os.getpid(), signal.SIGTERM)
    return asked


def outlive() -> None:
    """Take `end_with` back: the process no longer ends with its parent."""
    if sys.platform.startswith("linux"):
        _prctl(0)


def _prctl(number: int) -> bool:
    try:
        return ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False
