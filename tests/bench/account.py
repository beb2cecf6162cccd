"""What a process and its children cost: CPU time and memory, from /proc."""

from __future__ import annotations

from pathlib import Path

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
    """Return the time all threads of `pids` have run, as the scheduler counts it.

    utime and stime are sampled at the clock tick in many kernels, which misjudges
    processes that run for microseconds at a time; this is exact to the nanosecond.
    """
    return sum(_nanoseconds(task) for pid in pids for task in _tasks(pid)) / 1e9


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _nanoseconds(task: Path) -> int:
    try:
        return int((task / "schedstat").read_text().split()[0])
    except (OSError, IndexError):
        return 0


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
