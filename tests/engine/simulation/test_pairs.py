"""Pairs are made as a careful coordinator makes them by hand."""

from collections import Counter

import pytest

from mentorcycle.domain.people import Person
from mentorcycle.engine.simulation import open_demo, pairs
from mentorcycle.engine.simulation.desk import OFFICE
from mentorcycle.engine.simulation.roster import enrol, roster


@pytest.fixture(scope="module")
def people() -> list[Person]:
    engine, _ = open_demo(seed=5)
    with engine:
        return [engine.person(id, OFFICE) for id in enrol(engine, roster(5), OFFICE)]


def test_nobody_takes_more_mentees_than_they_offer(people: list[Person]) -> None:
    load = Counter[str]()
    for together in pairs.in_august(people):
        for mentor in (p.person for p in together if p.mentor):
            load[mentor] += sum(p.mentee and p.person != mentor for p in together)
    assert all(load[person.id] <= (person.profile.capacity or 0) for person in people)


def test_every_novice_of_august_has_one_mentor(people: list[Person]) -> None:
    mentees = Counter(p.person for together in pairs.in_august(people) for p in together if p.mentee)
    waiting = {person.id for person in pairs.newcomers(people)}
    novices = {person.id for person in people if pairs.is_novice(person)} - waiting
    assert novices <= set(mentees)
    assert set(mentees.values()) == {1}


def test_there_are_groups_and_reciprocal_pairs(people: list[Person]) -> None:
    made = pairs.in_august(people)
    assert sum(len(together) > 2 for together in made) == len(pairs.GROUPS)
    assert sum(all(p.mentee and p.mentor for p in together) for together in made) == pairs.RECIPROCAL


def test_most_pairs_share_a_subject(people: list[Person]) -> None:
    known = {person.id: set(person.profile.subjects) for person in people}
    two = [together for together in pairs.in_august(people) if len(together) == 2]
    assert sum(bool(known[a.person] & known[b.person]) for a, b in two) > 0.8 * len(two)


def test_newcomers_wait_until_january(people: list[Person]) -> None:
    early = {p.person for together in pairs.in_august(people) for p in together}
    later = [p.person for together in pairs.in_january(people) for p in together if p.mentee]
    assert len(later) == pairs.NEWCOMERS
    assert not early & set(later)
