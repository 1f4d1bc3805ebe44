"""What the processor can do: read from what systems say of processors that are well known."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from engines.models.processor import has_int8_dot_product, linux_has_it, numpy_says_vnni

ZEN_4 = "processor\t: {}\nmodel name\t: AMD EPYC 9R14\nflags\t\t: fpu sse4_2 avx2 avx512f avx512_vnni avx512_bf16\n\n"
ALDER_LAKE = (
    "processor\t: {}\nmodel name\t: 12th Gen Intel(R) Core(TM) i7-12700\nflags\t\t: fpu avx2 avx_vnni sha_ni\n\n"
)
HASWELL = "processor\t: {}\nmodel name\t: Intel(R) Core(TM) i7-4770\nflags\t\t: fpu sse4_2 avx avx2 fma\nbugs\t\t: avx_vnni\n\n"
RASPBERRY_5 = (
    "processor\t: {}\nFeatures\t: fp asimd evtstrm aes asimdhp asimdrdm lrcpc dcpop asimddp\nCPU part\t: 0xd0b\n\n"
)
RASPBERRY_4 = "processor\t: {}\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU part\t: 0xd08\n\n"


@pytest.mark.parametrize(
    ("machine", "cores", "has_it"),
    [
        ("x86_64", [ZEN_4] * 2, True),
        ("x86_64", [ALDER_LAKE] * 2, True),
        ("x86_64", [HASWELL] * 4, False),
        ("aarch64", [RASPBERRY_5] * 4, True),
        ("aarch64", [RASPBERRY_4] * 4, False),
        ("aarch64", [RASPBERRY_5, RASPBERRY_4], False),  # big and little: a thread may run on either
        ("riscv64", [ZEN_4], False),
        ("x86_64", [], False),
        ("x86_64", ["processor : {}\nno list of flags\n"], False),
        ("aarch64", [ZEN_4], False),
    ],
)
def test_what_linux_says_is_understood(machine: str, cores: list[str], has_it: bool) -> None:
    text = "".join(core.format(index) for index, core in enumerate(cores))
    assert linux_has_it(machine, text) is has_it


@pytest.mark.parametrize(
    ("features", "has_it"),
    [
        ({"AVX512VNNI": True, "AVX2": True}, True),
        ({"AVX512_ICL": True}, True),
        ({"AVX512VNNI": False, "AVX2": True}, False),
        ({"AVX2": True}, False),
        ({}, False),
    ],
)
def test_what_numpy_says_is_understood(features: dict[str, bool], has_it: bool) -> None:
    assert numpy_says_vnni(features) is has_it


def test_it_answers_here_and_once() -> None:
    has_int8_dot_product.cache_clear()
    answer = has_int8_dot_product()
    assert answer is has_int8_dot_product()
    assert has_int8_dot_product.cache_info().misses == 1
    if sys.platform == "linux":
        assert answer is linux_has_it(platform.machine().lower(), Path("/proc/cpuinfo").read_text(errors="replace"))
