"""The machine of the measurements, and its other load."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def cpu_fields(text: str) -> dict[str, str]:
    """Return the fields of the first processor in the text of ``/proc/cpuinfo``."""
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _fields() -> dict[str, str]:
    return cpu_fields(CPUINFO.read_text()) if CPUINFO.exists() else {}


def cpu() -> str:
    """Return the processor's name and how many of them this process may use."""
    name = _fields().get("model name") or platform.processor() or platform.machine()
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {count} CPUs"


def widest() -> str:
    """Return the widest instructions for these networks that the processor has, in words."""
    flags = _flags()
    for flag, words in (("amx_bf16", "AMX"), ("avx512f", "AVX-512"), ("avx2", "AVX2")):
        if flag in flags:
            return words + (" with bfloat16" if has_bfloat16() else "")
    return platform.machine()


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself."""
    return bool({"amx_bf16", "avx512_bf16"} & _flags())


def has_avx512() -> bool:
    """Whether the processor has more than an AVX2 one."""
    return "avx512f" in _flags()


def _flags() -> set[str]:
    return set(_fields().get("flags", "").split())


@dataclass(frozen=True)
class Clock:
    """Seconds of CPU since some moment, of all CPUs together: all there were, those that the host
    kept for itself, those in which this machine computed, and those that this program used, with
    the processes that it started and that have ended."""

    total: float = 0.0
    stolen: float = 0.0
    busy: float = 0.0
    own: float = 0.0

    def since(self, before: Clock) -> Clock:
        """Return what was used since an earlier look."""
        return Clock(*(getattr(self, k) - getattr(before, k) for k in vars(self)))

    def share(self, seconds: float) -> float:
        """Return seconds as a share of all; 0 if the system does not say."""
        return max(0.0, seconds / self.total) if self.total else 0.0


def clock() -> Clock:
    """Look at the CPUs' time."""
    try:
        fields = Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    except OSError:
        return Clock()
    seconds = [int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields]
    user, nice, system, _idle, _waiting, hard, soft, stolen = seconds
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    return Clock(sum(seconds), stolen, user + nice + system + hard + soft, own)
