"""What a process and its children cost: CPU time and memory, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
_PARENT = 1


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat behind the name, [] when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def family(root: int) -> list[int]:
    """Return `root` and every process under it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found: list[int] = []
    todo = [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(pids: list[int]) -> float:
    """Return user and system time of all threads of `pids`, 10 ms a tick."""
    stats = (_stat(pid) for pid in pids)
    return sum(int(s[_UTIME]) + int(s[_STIME]) for s in stats if s) / _TICKS


def rss_kilobytes(pids: list[int]) -> int:
    """Return the resident and the swapped memory of `pids`.

    What they share counts once for each.
    """
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(("VmRSS:", "VmSwap:")):
                total += int(line.split()[1])
    return total
