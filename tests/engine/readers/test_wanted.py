"""What is read for whom: of the log in PostgreSQL, the events of nobody's streams stay where they are."""

from __future__ import annotations

from mentorcycle.engine.readers.registry import ACTIVE, Fed, Generation, wanted_by
from mentorcycle.engine.stores.sifting import EVERYTHING, LOOKS, Wanted, read_wanted
from mentorcycle.projections import CYCLES, MINUTES, PEOPLE, TRAIL, ReadModel


def fed(model: ReadModel, *parts: int) -> list[Fed]:
    row = Generation(model.name, 1, model.version, ACTIVE, None, 0, (0,) * model.parts)
    return [Fed(model, row, part) for part in parts or range(model.parts)]


def test_those_who_stand_together_read_what_one_of_them_reads():
    cycles, people = frozenset({"cycle:"}), frozenset({"person:"})
    assert wanted_by(fed(CYCLES, 1, 4)) == Wanted(cycles, frozenset({1, 4}))
    assert wanted_by(fed(CYCLES)) == wanted_by([*fed(CYCLES, 1), *fed(MINUTES)]) == Wanted(cycles)
    assert wanted_by([*fed(CYCLES, 1), *fed(PEOPLE)]) == Wanted(cycles | people)
    assert wanted_by([*fed(CYCLES, 1), *fed(PEOPLE), *fed(TRAIL)]) == EVERYTHING


def test_where_little_is_wanted_a_reader_looks_on_for_a_while_and_notes_how_far(shared):
    shared.names(*(f"n{n}" for n in range(6 * LOOKS)))
    wanted = Wanted(frozenset({"cycle:"}))
    assert read_wanted(shared.store, 0, 6 * LOOKS, 4, wanted) == ([], 4 * LOOKS)
    assert read_wanted(shared.store, 4 * LOOKS, 6 * LOOKS, 4, wanted) == ([], 6 * LOOKS)


def test_a_batch_is_no_larger_than_it_has_to_be_where_much_is_wanted(shared):
    shared.names(*(f"n{n}" for n in range(30)))
    rows, upto = read_wanted(shared.store, 3, 30, 10, Wanted(frozenset({"person:"})))
    assert ([row.position for row in rows], upto) == ([*range(4, 14)], 13)
