"""CPU and memory of processes, read from /proc (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks._table import NotHere

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")  # a second of CPU in /proc's unit; 100 on Linux, so a figure is exact to 10 ms


def require_proc() -> None:
    """Raises NotHere where there is no Linux /proc."""
    if not (PROC / "self" / "smaps_rollup").exists():
        raise NotHere("needs Linux: CPU and memory of processes are read from /proc")


def cpu_seconds(pid: int) -> float:
    """User and system CPU of a process so far, all its threads, its children left out."""
    after_name = (PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS  # utime, stime: fields 14 and 15 of proc(5)


def children(pid: int) -> list[int]:
    """Direct children of all threads of a process."""
    found: list[int] = []
    for task in _tasks(pid):
        try:
            found += [int(child) for child in (task / "children").read_text("ascii").split()]
        except (FileNotFoundError, ProcessLookupError):  # the thread ended meanwhile
            continue
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list((PROC / str(pid) / "task").iterdir())
    except (FileNotFoundError, ProcessLookupError):  # the process ended meanwhile
        return []


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for child in children(pid):
        found += tree(child)
    return found


def pss_mb(pid: int) -> float:
    """Proportional set size in MB (2**20 bytes): a page shared by n processes counts 1/n. 0 when it has ended."""
    return _kilobytes(pid, "smaps_rollup", "Pss:") / 1024


def peak_mb(pid: int) -> float:
    """Largest resident set so far in MB (2**20 bytes). 0 when the process has ended."""
    return _kilobytes(pid, "status", "VmHWM:") / 1024


def resident_mb(pid: int) -> float:
    """Resident set now in MB (2**20 bytes). 0 when the process has ended."""
    return _kilobytes(pid, "status", "VmRSS:") / 1024


def _kilobytes(pid: int, file: str, key: str) -> int:
    try:
        lines = (PROC / str(pid) / file).read_text("ascii", "replace").splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # ended meanwhile
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)
