"""`python -m tests.benchmarks`: ours beside the raw driver and the stock library, in one run on one file system.

With `--postgres` the measures of a PostgreSQL store, on one server of its own that keeps its defaults, fsync included.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from .measures import MEASURES
from .report import Row, facts, table
from .site import FULL, QUICK, Bench, Effort, tell

B = TypeVar("B")


def run(measures: Mapping[str, Callable[[B], list[Row]]], bench: B, names: Sequence[str]) -> list[Row]:
    """The rows of the measures called so, or of all."""
    rows = []
    for name in names or list(measures):
        start = time.perf_counter()
        rows += measures[name](bench)
        tell(f"{name}: {time.perf_counter() - start:.1f} s")
    return rows


def main() -> None:
    given = _parser().parse_args()
    if given.dir is not None:
        given.dir.mkdir(parents=True, exist_ok=True)
    command = shlex.join(["python", "-m", "tests.benchmarks", *sys.argv[1:]])
    if given.postgres:
        _postgres(given, command)
    else:
        _sqlite(given, command)


def _sqlite(given: Any, command: str) -> None:
    effort: Effort = QUICK if given.quick else FULL
    large = given.events or (100_000 if given.quick else 1_000_000)
    with TemporaryDirectory(prefix="mentorcycle-bench-", dir=given.dir) as name:
        directory = Path(name)
        about = facts(directory, command, effort.rounds)
        rows = run(MEASURES, Bench.at(directory, 10_000, large, effort), given.only)
        print(about, table(rows), sep="\n\n")


def _postgres(given: Any, command: str) -> None:
    from ..conftest import running
    from .postgres import site
    from .postgres.measures import MEASURES as POSTGRES_MEASURES

    effort = site.QUICK if given.quick else site.FULL
    if given.events:
        effort = replace(effort, large=given.events)
    with running("", given.dir) as server:
        bench = site.Bench.on(server, effort)
        about = facts(
            server.directory,
            command,
            effort.rounds,
            database=bench.version(),
            durability=bench.durability(),
        )
        rows = run(POSTGRES_MEASURES, bench, given.only)
        print(about, table(rows, driver="psycopg"), sep="\n\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="the measures of a PostgreSQL store")
    parser.add_argument("--quick", action="store_true", help="100 k events instead of 1 M, fewer rounds")
    parser.add_argument("--events", type=int, help="events of the large log")
    parser.add_argument("--only", action="append", default=[], help="one measure; repeatable")
    parser.add_argument("--dir", type=Path, help="where to put the files, on the file system to measure")
    return parser


if __name__ == "__main__":
    main()
