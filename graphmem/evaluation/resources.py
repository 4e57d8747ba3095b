"""What a run costs and where it ran: peak memory, machine, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import threading
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PROC = Path("/proc")
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


class PeakMemory:
    """Samples the resident memory of this process and all below it while the ``with`` runs.

    `bytes` is the largest sum seen; pages that processes share count once for each. Where there is
    no ``/proc``, it is this process's peak plus that of its largest child, over their whole life.
    """

    def __init__(self, *, interval: float = 0.2) -> None:
        self.bytes = 0
        self._interval = interval
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._run, name="peak-memory", daemon=True)

    @property
    def megabytes(self) -> float:
        """`bytes` in units of 10^6 bytes."""
        return self.bytes / 1e6

    def __enter__(self) -> Self:
        self.bytes = resident_bytes()
        self._sampler.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._sampler.join()
        self.bytes = max(self.bytes, resident_bytes())

    def _run(self) -> None:
        while not self._done.wait(self._interval):
            self.bytes = max(self.bytes, resident_bytes())


def resident_bytes() -> int:
    """Resident memory of this process and of all its descendants, now."""
    if not (_PROC / "self" / "statm").exists():
        return _peak_of_life()
    page = os.sysconf("SC_PAGE_SIZE")
    return page * sum(_resident_pages(pid) for pid in _family(os.getpid(), _parents()))


def cpu_seconds() -> float | None:
    """CPU time of this process and of its descendants that run; ``None`` without ``/proc``.

    Unlike time on a clock it hardly changes with what else the machine does.
    """
    if not (_PROC / "self" / "stat").exists():
        return None
    below = [pid for pid in _family(os.getpid(), _parents()) if pid != os.getpid()]
    ticks = sum(_cpu_ticks(_PROC / str(pid)) for pid in below)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def about() -> dict[str, Any]:
    """Where a result comes from: machine, versions and commit."""
    return {"machine": about_machine(), "versions": versions(), "commit": commit()}


def about_machine() -> dict[str, str | int]:
    """Processor, cores that this process may use, memory and system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor(),
        "cores": cores or 1,
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 10**6,
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Python, graphmem and each package that it depends on, as installed."""
    required = [_REQUIREMENT.match(line) for line in metadata.requires("graphmem") or ()]
    names = sorted({match.group() for match in required if match})
    found = {name: _version(name) for name in ("graphmem", *names)}
    return {
        "python": platform.python_version(),
        **{name: version for name, version in found.items() if version},
    }


def commit() -> str | None:
    """The commit that graphmem runs from, or ``None`` for an installed package."""
    root = Path(__file__).resolve().parents[2] / ".git"
    if root.is_file():  # a linked work tree: the file names its folder
        root = Path(root.read_text().removeprefix("gitdir:").strip())
    head = _read(root / "HEAD").strip()
    if not head.startswith("ref: "):
        return head or None
    name = head.removeprefix("ref: ")
    shared = root / _read(root / "commondir").strip()
    for folder in (root, shared):
        if direct := _read(folder / name).strip():
            return direct
    packed = re.search(
        rf"^([0-9a-f]{{40}}) {re.escape(name)}$", _read(shared / "packed-refs"), re.MULTILINE
    )
    return packed.group(1) if packed else None


def _parents() -> dict[int, int]:
    """The parent of every process."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (parent := _parent_of(entry)) is not None:
            parents[int(entry.name)] = parent
    return parents


def _family(root: int, parents: Mapping[int, int]) -> list[int]:
    family = [root]
    for member in family:
        family.extend(pid for pid, parent in parents.items() if parent == member)
    return family


def _parent_of(process: Path) -> int | None:
    fields = _stat(process)
    return int(fields[1]) if len(fields) > 1 else None


def _cpu_ticks(process: Path) -> int:
    fields = _stat(process)
    return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0


def _stat(process: Path) -> list[str]:
    # The name in field 2 may hold brackets and spaces: fields are counted from its last bracket.
    return _read(process / "stat").rpartition(")")[2].split()


def _resident_pages(pid: int) -> int:
    fields = _read(_PROC / str(pid) / "statm").split()
    return int(fields[1]) if len(fields) > 1 else 0


def _read(path: Path) -> str:
    # Processes end between being listed and being read; a missing file is an empty one.
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError, PermissionError):
        return ""


def _peak_of_life() -> int:
    import resource

    unit = 1 if platform.system() == "Darwin" else 1024
    return unit * sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def _processor() -> str:
    named = re.search(r"^model name\s*:\s*(.+)$", _read(_PROC / "cpuinfo"), re.MULTILINE)
    return named.group(1) if named else platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
