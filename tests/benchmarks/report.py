"""What was measured, as a table to paste, with the facts of the machine on top."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

from .rounds import Sample

HEADER = "| measure | log | ours | raw {driver} | stock | ratio | bar | met |"
RULE = "|---|--:|--:|--:|--:|--:|--:|:-:|"


@dataclass(frozen=True, slots=True)
class Bar:
    """A ratio that was promised: at least `least`, or at most `most`. With `counted` it is a number of something."""

    value: float
    to: str
    least: float | None = None
    most: float | None = None
    counted: bool = False

    @property
    def met(self) -> bool:
        enough = self.least is None or self.value >= self.least
        return enough and (self.most is None or self.value <= self.most)

    def __str__(self) -> str:
        if self.counted:
            return f"{self.value:,.0f} {self.to}"
        return f"{_figures(self.value)} × {self.to}"

    @property
    def promise(self) -> str:
        if self.least is None and self.most is None:
            return "–"
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"

    @property
    def verdict(self) -> str:
        if self.least is None and self.most is None:
            return "–"
        return "yes" if self.met else "**no**"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a measure at one size. `unit` is `/s`, `µs`, `ms` or `B` (then samples hold bytes)."""

    measure: str
    log: int
    unit: str
    ours: Sample
    raw: Sample | None = None
    stock: Sample | None = None
    bars: Sequence[Bar] = field(default_factory=tuple)

    def __str__(self) -> str:
        cells = (
            self.measure,
            _size(self.log),
            _shown(self.ours, self.unit),
            _shown(self.raw, self.unit),
            _shown(self.stock, self.unit),
            "<br>".join(map(str, self.bars)) or "–",
            "<br>".join(bar.promise for bar in self.bars) or "–",
            "<br>".join(bar.verdict for bar in self.bars) or "–",
        )
        return f"| {' | '.join(cells)} |"


def table(rows: Iterable[Row], *, driver: str = "sqlite3") -> str:
    """The rows as a Markdown table."""
    return "\n".join([HEADER.format(driver=driver), RULE, *map(str, rows)])


SQLITE = f"SQLite {sqlite3.sqlite_version}"
FULL_SYNC = "WAL, `synchronous=FULL` for all"


def facts(
    directory: Path, command: str, rounds: int, *, database: str = SQLITE, durability: str = FULL_SYNC
) -> str:
    """The machine, the file system, the versions and the command, in lines of prose."""
    return "\n".join(_facts(directory, command, rounds, database, durability))


def _facts(directory: Path, command: str, rounds: int, database: str, durability: str) -> Iterator[str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    yield f"`{command}` at {commit.stdout.strip() or 'no commit'}, {datetime.now(UTC):%Y-%m-%d}"
    yield f"{_cpu()}, {os.cpu_count()} cores, load {load} at the start; {platform.system()} {platform.release()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("eventsourcing", "msgpack"))
    yield f"Python {platform.python_version()}, {database}, {libraries}"
    yield f"{directory} on {_file_system(directory)}; fdatasync of 4 KiB takes {_sync_micros(directory):.0f} µs"
    yield f"medians of {rounds} rounds, ± half the distance of the quartiles; {durability}"


def _cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _file_system(directory: Path) -> str:
    found = ("", "an unknown file system")
    mounts = Path("/proc/mounts")
    if mounts.exists():
        for line in mounts.read_text().splitlines():
            _, mount, kind, *_ = line.split()
            inside = directory.resolve().is_relative_to(mount)
            if inside and len(mount) >= len(found[0]):
                found = (mount, kind)
    return found[1]


def _sync_micros(directory: Path) -> float:
    path = directory / "sync.probe"
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    taken = []
    try:
        for _ in range(50):
            os.write(handle, bytes(4096))
            start = perf_counter()
            os.fdatasync(handle)
            taken.append(perf_counter() - start)
    finally:
        os.close(handle)
        path.unlink()
    return median(taken) * 1e6


def _shown(sample: Sample | None, unit: str) -> str:
    if sample is None:
        return "–"
    scale = {"/s": 1 / sample.typical, "µs": sample.typical * 1e6, "ms": sample.typical * 1e3}
    value = scale.get(unit, sample.typical)
    spread = f" ±{sample.spread:.0%}" if len(sample.seconds) > 1 else ""
    return f"{_figures(value)} {unit}{spread}"


def _figures(value: float) -> str:
    """Three figures that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _size(events: int) -> str:
    if events >= 1_000_000:
        return f"{events / 1e6:.3g} M"
    return f"{events / 1e3:.3g} k"
