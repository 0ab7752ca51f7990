"""Read models in PostgreSQL: the same rows, in the same order, with the same digest as on SQLite."""

from __future__ import annotations

import pytest

from mentorcycle.domain.vocabulary import Status
from mentorcycle.projections import CYCLES, MODELS
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.trail import TrailQueries

from .histories import long_history
from .test_laws import FILTERS, built, streams
from .test_partitions import parts_of

HISTORY = long_history(900, seed=3)


def rows_of(model, connection):
    return [
        connection.execute(f"SELECT * FROM {table.name}_1 ORDER BY {table.key}").fetchall()
        for table in model.tables
    ]


def folded(connection, model, *batches):
    model.empty(connection, 1)
    for batch in batches:
        model.apply(connection, 1, batch)
    return model.digest(connection, 1)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_rows_and_digests_are_those_of_sqlite_however_the_log_is_cut(postgres, model):
    sqlite = built(model, HISTORY)
    digest = model.digest(sqlite, 1)
    assert folded(postgres, model, HISTORY) == digest
    assert rows_of(model, postgres) == rows_of(model, sqlite)
    assert all(rows_of(model, postgres))
    pieces = [HISTORY[n : n + 70] for n in range(0, 560, 70)]
    assert folded(postgres, model, *pieces, *([r] for r in HISTORY[560:600]), HISTORY[600:]) == digest


def test_texts_are_ordered_by_their_bytes_whatever_the_locale_of_the_database(postgres):
    found = postgres.execute(
        "SELECT DISTINCT c.collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation"
        " WHERE a.attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)"
    )
    assert found.fetchall() == [("C",)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_rows_are_the_same_when_mended_streams_come_late(postgres, model):
    late = [events for _, _, events in streams(HISTORY)][::9]
    others = [r for r in HISTORY if not any(r in events for events in late)]
    assert folded(postgres, model, others, *late) == model.digest(built(model, HISTORY), 1)


def test_rows_are_the_same_part_by_part(postgres):
    parts = parts_of(HISTORY)
    halves = [half for part in parts for half in (part[: len(part) // 2], part[len(part) // 2 :])]
    split = [*halves[::2], *reversed(halves[1::2])]
    assert folded(postgres, CYCLES, *split) == CYCLES.digest(built(CYCLES, HISTORY), 1)


def test_lists_and_counts_of_any_position_are_those_of_sqlite(postgres):
    folded(postgres, CYCLES, HISTORY)
    there, here = CycleQueries(postgres, 1), CycleQueries(built(CYCLES, HISTORY), 1)
    for position in (None, 0, 1, 150, 450, 899, 900):
        for tenant in ("north", "south"):
            assert there.counts(tenant, position=position) == here.counts(tenant, position=position)
            for filters in FILTERS:
                found = there.page(tenant, position=position, **filters)
                assert found == here.page(tenant, position=position, **filters)
    assert there.page("north", statuses=[Status.ACTIVE])


def test_pages_of_the_trail_are_those_of_sqlite(postgres):
    trail = next(model for model in MODELS if model.name == "trail")
    folded(postgres, trail, HISTORY)
    there, here = TrailQueries(postgres, 1), TrailQueries(built(trail, HISTORY), 1)
    for filters in (
        {},
        {"limit": 3, "newest_first": False},
        {"actor": "eva1", "before": 500},
        {"names": ["CycleOpened", "ContactLogged"], "limit": 7},
        {"actor": "eva0", "names": ["PersonAdded"]},
        {"batch": "b-5"},
        {"since": HISTORY[100].recorded_at, "until": HISTORY[300].recorded_at, "limit": 1000},
        {"positions": [3, 1, 700]},
    ):
        page = there.page("north", **filters)
        assert page == here.page("north", **filters)
        assert page


def test_generations_stand_side_by_side_and_are_emptied_and_dropped_alone(postgres):
    CYCLES.apply(postgres, 1, HISTORY)
    CYCLES.apply(postgres, 2, HISTORY)
    CYCLES.empty(postgres, 2)
    digest = CYCLES.digest(built(CYCLES, HISTORY), 1)
    assert CYCLES.digest(postgres, 1) == digest
    assert CYCLES.digest(postgres, 2) == CYCLES.digest(built(CYCLES), 1)
    CYCLES.drop(postgres, 2)
    assert CYCLES.digest(postgres, 1) == digest
    CYCLES.create(postgres, 2)
    CYCLES.apply(postgres, 2, HISTORY)
    assert CYCLES.digest(postgres, 2) == digest
