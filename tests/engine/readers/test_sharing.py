"""Whoever knows the same shares in the same way: everything is fed, evenly, and little is moved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.engine.readers.sharing import Unit, shared_out

UNITS: list[Unit] = [("cycles", part) for part in range(8)] + [("people", 0), ("minutes", 0), ("trail", 0)]
NAMES = ["cycles", "people", "minutes", "trail"]
MANY = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        st.just({100 + worker: set(NAMES) for worker in range(n)}),
        st.dictionaries(st.sampled_from(UNITS), st.integers(95, 99 + n)),
    )
)


@given(MANY)
def test_everything_is_fed_and_nobody_has_two_more_than_another(case):
    willing, held = case
    wanted = shared_out(UNITS, willing, held)
    assert wanted.keys() == set(UNITS)
    load = [list(wanted.values()).count(worker) for worker in willing]
    assert max(load) - min(load) <= 1
    assert sum(load) == len(UNITS)


@given(MANY)
def test_once_it_is_shared_nothing_moves(case):
    willing, held = case
    wanted = shared_out(UNITS, willing, held)
    assert shared_out(UNITS, willing, wanted) == wanted


@given(st.dictionaries(st.integers(1, 6), st.sets(st.sampled_from(NAMES), min_size=1)))
def test_whoever_knows_their_own_read_models_alone_comes_to_the_same(willing):
    def seen_by(worker, held):
        mine = willing[worker]
        others = {other: models & mine for other, models in willing.items() if models & mine}
        return shared_out([unit for unit in UNITS if unit[0] in mine], others, held)

    held = {}
    for _ in range(2):  # first nobody holds anything
        taken = [
            unit for worker in willing for unit, taker in seen_by(worker, held).items() if taker == worker
        ]
        assert sorted(taken) == sorted(unit for unit in UNITS if any(unit[0] in m for m in willing.values()))
        held = {
            unit: min(w for w in willing if unit[0] in willing[w])  # then whoever came first holds all
            for unit in taken
        }


@given(st.dictionaries(st.integers(1, 6), st.sets(st.sampled_from(NAMES), min_size=1)))
def test_nobody_is_given_what_they_are_not_willing_to_feed_and_what_anybody_is_is_fed(willing):
    wanted = shared_out(UNITS, willing, {})
    assert all(unit[0] in willing[worker] for unit, worker in wanted.items())
    assert wanted.keys() == {unit for unit in UNITS if any(unit[0] in names for names in willing.values())}


def test_who_comes_is_given_no_more_than_is_needed():
    one = shared_out(UNITS, {1: NAMES}, {})
    two = shared_out(UNITS, {1: NAMES, 2: NAMES}, one)
    assert [list(two.values()).count(worker) for worker in (1, 2)] == [6, 5]
    assert sum(one[unit] != two[unit] for unit in UNITS) == 5


def test_without_workers_nobody_feeds_anything():
    assert shared_out(UNITS, {}, {("people", 0): 7}) == {}
