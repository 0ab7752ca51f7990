"""Every measure runs, at a size at which no figure means anything: so that the benchmarks cannot rot."""

from __future__ import annotations

from typing import Any

import pytest

from mentorcycle.domain.vocabulary import Status
from mentorcycle.engine.audit import verify

from .lives import COORDINATOR
from .measures import MEASURES
from .report import Row, table
from .site import TINY, Bench, Site
from .stock import durability, uuid_of


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.at(tmp_path_factory.mktemp("bench"), 500, 1_000, TINY)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_gives_rows_that_can_be_printed(name: str, bench: Bench) -> None:
    rows = MEASURES[name](bench)
    assert all(isinstance(row, Row) and row.ours.typical > 0 for row in rows)
    assert table(rows).count("\n") == 1 + len(rows)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A history that no measure has touched."""
    return Site(tmp_path_factory.mktemp("site"), 600, TINY, long=2)


def test_the_history_that_is_measured_is_one_that_the_audit_accepts(site: Site) -> None:
    with site.corpus.engine() as engine:
        report = verify(engine.store)
        long = [engine.cycle(pair.cycle, COORDINATOR) for pair in site.corpus.long]
    assert report.findings == []
    assert {(cycle.version, cycle.stage) for cycle in long} == {(40, "observe")}


def test_the_stock_library_holds_the_same_cycles_as_durably(site: Site) -> None:
    with site.corpus.engine() as engine, site.stock() as app:
        assert durability(app) == ("wal", 2)
        for pair in site.corpus.active:
            ours = engine.cycle(pair.cycle, COORDINATOR)
            stock: Any = app.repository.get(uuid_of(pair.cycle))
            assert (ours.version, ours.stage) == (stock.version, stock.stage)
            assert ours.status is Status.ACTIVE
