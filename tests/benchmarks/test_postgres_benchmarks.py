"""Every measure of PostgreSQL runs, at a size at which no figure means anything: so that they cannot rot."""

from __future__ import annotations

from typing import Any

import pytest

from mentorcycle.domain.vocabulary import Status
from mentorcycle.engine.audit import verify

from .lives import COORDINATOR
from .postgres.measures import MEASURES
from .postgres.site import TINY, Bench, Site
from .postgres.stock import open_stock
from .report import Row, table
from .stock import uuid_of


@pytest.fixture(scope="module")
def bench(server: Any) -> Bench:
    return Bench.on(server, TINY)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_gives_rows_that_can_be_printed(name: str, bench: Bench) -> None:
    rows = MEASURES[name](bench)
    assert all(isinstance(row, Row) and row.ours.typical > 0 for row in rows)
    assert table(rows, driver="psycopg").count("\n") == 1 + len(rows)


def test_the_history_is_one_that_the_audit_accepts_and_stock_holds_the_same(server: Any) -> None:
    site = Site(server, "history", 600, 2)
    with site.corpus.engine() as engine:
        assert verify(engine.store).findings == []
        app = open_stock(site.stock)
        for pair in (*site.corpus.active, *site.corpus.long):
            ours, stock = engine.cycle(pair.cycle, COORDINATOR), app.repository.get(uuid_of(pair.cycle))
            assert (ours.version, ours.stage) == (stock.version, stock.stage)  # type: ignore[attr-defined]
            assert ours.status is Status.ACTIVE
        app.close()
