"""`python -m tests.benchmarks`: ours beside the raw driver and the stock library, in one run on one file system."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .measures import MEASURES
from .report import Row, facts, table
from .site import FULL, QUICK, Bench, Effort, tell


def run(bench: Bench, names: Sequence[str]) -> list[Row]:
    """The rows of the measures called so, or of all."""
    rows = []
    for name in names or list(MEASURES):
        start = time.perf_counter()
        rows += MEASURES[name](bench)
        tell(f"{name}: {time.perf_counter() - start:.1f} s")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 k events instead of 1 M, fewer rounds")
    parser.add_argument("--events", type=int, help="events of the large log")
    parser.add_argument(
        "--only", action="append", default=[], choices=list(MEASURES), help="one measure; repeatable"
    )
    parser.add_argument("--dir", type=Path, help="where to put the files, on the file system to measure")
    given = parser.parse_args()
    if given.dir is not None:
        given.dir.mkdir(parents=True, exist_ok=True)
    effort: Effort = QUICK if given.quick else FULL
    large = given.events or (100_000 if given.quick else 1_000_000)
    with TemporaryDirectory(prefix="mentorcycle-bench-", dir=given.dir) as name:
        directory = Path(name)
        command = shlex.join(["python", "-m", "tests.benchmarks", *sys.argv[1:]])
        about = facts(directory, command, effort.rounds)
        rows = run(Bench.at(directory, 10_000, large, effort), given.only)
        print(about, table(rows), sep="\n\n")


if __name__ == "__main__":
    main()
