"""A job object of Windows: the system ends the processes in it when the program that holds it ends, however it ends."""

from __future__ import annotations

import ctypes
import sys

KILL_ON_JOB_CLOSE = 0x2000  # winnt.h: JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class JobObject:
    """One job object. `add` puts a process in it, `loosen` lets its processes outlive this one.

    Where the system refuses, a process simply is not in it: the end of its standard input still tells it to stop.
    """

    def __init__(self) -> None:
        self._kernel = self._job = None
        if sys.platform != "win32":
            return
        from ctypes import wintypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
        kernel.SetInformationJobObject.restype = wintypes.BOOL
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        kernel.AssignProcessToJobObject.restype = wintypes.BOOL
        kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
        kernel.CloseHandle.restype = wintypes.BOOL
        self._kernel = kernel
        self._job = kernel.CreateJobObjectW(None, None)  # without security attributes no child inherits the handle
        self._limit(KILL_ON_JOB_CLOSE)

    def add(self, process_handle: int) -> bool:
        """Put the process in the job. Returns whether the system did."""
        if self._kernel is None or not self._job:
            return False
        return bool(self._kernel.AssignProcessToJobObject(self._job, process_handle))

    def loosen(self) -> None:
        """From now on closing the job ends nothing."""
        self._limit(0)

    def close(self) -> None:
        """Let go of the job, which ends what is still in it unless it was loosened."""
        if self._kernel is not None and self._job:
            self._kernel.CloseHandle(self._job)
        self._job = None

    def _limit(self, flags: int) -> None:
        if self._kernel is not None and self._job:
            limits = _ExtendedLimits()
            limits.BasicLimitInformation.LimitFlags = flags
            self._kernel.SetInformationJobObject(
                self._job, EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
            )
