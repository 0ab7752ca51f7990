"""`python -m tests.benchmarks.scale [--measure]`: the table, and with it what it is reckoned from."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace

from . import costs
from .load import lived
from .table import asked, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--measure", action="store_true", help="weigh events in a PostgreSQL server of its own"
    )
    parser.add_argument("--schools", type=int, default=6, help="simulated years that the load is taken from")
    given = parser.parse_args()
    known = costs.known()
    if given.measure:
        from ...conftest import running

        with running("") as server:
            known = replace(known, bytes=costs.measured(server.url))
        print(
            "[bytes]", *(f"{name} = {value:.0f}" for name, value in asdict(known.bytes).items()), "", sep="\n"
        )
    load = lived(given.schools)
    print(asked(load), table(load, known), sep="\n\n")


if __name__ == "__main__":
    main()
