"""What the processor can do that decides between two files of one model."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

X86 = ("x86_64", "amd64", "i386", "i686", "x86")
ARM = ("arm64", "aarch64")
PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE = 43  # https://learn.microsoft.com/windows/win32/api/processthreadsapi


@cache
def has_int8_dot_product() -> bool:
    """Whether the processor multiplies and sums int8 in one instruction: VNNI on x86, the dot products of Armv8.2.

    Only with it is int8 faster than float, and on x86 without it ONNX Runtime's sums of int8 also overflow. False where
    it cannot be known.
    """
    machine = platform.machine().lower()
    match platform.system():
        case "Linux":
            return linux_has_it(machine, _read_cpuinfo())
        case "Darwin":
            return machine in ARM  # every Apple silicon; a Mac with an Intel processor is not asked
        case "Windows":
            return _windows_arm_has_it() if machine in ARM else numpy_says_vnni(_numpy_features())
        case _:
            return False


def linux_has_it(machine: str, cpuinfo: str) -> bool:
    """What the text of /proc/cpuinfo says on a `machine` such as "x86_64"; the least capable of all cores counts."""
    if machine in X86:
        key, wanted = "flags", {"avx512_vnni", "avx_vnni"}
    elif machine in ARM:
        key, wanted = "features", {"asimddp"}
    else:
        return False
    lists = [
        set(values.split())
        for name, _, values in (line.partition(":") for line in cpuinfo.splitlines())
        if name.strip().lower() == key
    ]
    return bool(lists) and all(flags & wanted for flags in lists)


def numpy_says_vnni(features: Mapping[str, bool]) -> bool:
    """What the features that numpy found say; it knows VNNI with AVX-512 but not without."""
    return bool(features.get("AVX512VNNI", False) or features.get("AVX512_ICL", False))


def _read_cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _numpy_features() -> Mapping[str, bool]:
    """Windows itself tells of no VNNI; numpy asks the processor at its import."""
    try:
        return importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):
        return {}


def _windows_arm_has_it() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE))
