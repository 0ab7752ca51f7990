"""A read model in parts: each part folded for itself, in any interleaving, gives the rows that all at once give."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from mentorcycle.projections import CYCLES, MODELS
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.projection import PARTS, part_of

from .histories import histories, long_history
from .test_laws import built


def parts_of(history):
    parts = [[] for _ in range(PARTS)]
    for recorded in history:
        parts[part_of(recorded.tenant, recorded.stream)].append(recorded)
    return parts


def test_only_cycles_are_many_enough_to_be_folded_in_parts():
    assert {model.name: model.parts for model in MODELS} == {
        "cycles": PARTS, "people": 1, "minutes": 1, "trail": 1,
    }  # fmt: skip


def test_a_stream_stays_in_its_part_for_ever():
    assert [part_of("default", f"cycle:c-{n}") for n in range(10)] == [3, 3, 3, 6, 0, 4, 7, 7, 2, 3]
    assert part_of("north", "cycle:c-1") != part_of("south", "cycle:c-1")


def test_parts_are_about_equally_large():
    sizes = Counter(part_of("default", f"cycle:c-{n}") for n in range(8000))
    assert all(850 < sizes[part] < 1150 for part in range(PARTS))


@given(history=histories(), turns=st.lists(st.integers(0, PARTS - 1), max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_rows_are_the_same_whoever_folds_which_part_when(history, turns):
    parts, batches = parts_of(history), []
    for turn in turns:
        batches.append(parts[turn][:1])
        del parts[turn][:1]
    split = built(CYCLES, *batches, *reversed(parts))
    assert CYCLES.digest(split, 1) == CYCLES.digest(built(CYCLES, history), 1)


def test_counts_are_of_all_parts_together():
    history = long_history(600, seed=7)
    whole, split = built(CYCLES, history), built(CYCLES, *parts_of(history))
    rows = whole.execute("SELECT count(DISTINCT part) FROM cycles_tally_1").fetchone()
    assert rows == (PARTS,)
    for position in (None, 300, 599):
        counts = CycleQueries(split, 1).counts("north", position=position)
        assert counts == CycleQueries(whole, 1).counts("north", position=position)
        assert sum(count.cycles for count in counts) > PARTS
