"""The roster of the demo is one that a coordinator could have sent."""

import csv
from collections import Counter
from io import StringIO

import pytest

from mentorcycle.domain.people import Person, Profile
from mentorcycle.domain.vocabulary import TeachingArea
from mentorcycle.engine.roster import COLUMNS
from mentorcycle.engine.roster.csv_roster import looks_like_email
from mentorcycle.engine.simulation import roster_csv
from mentorcycle.engine.simulation.pairs import is_novice, takes_mentees
from mentorcycle.engine.simulation.roster import LEADERSHIP, ascii_of, roster


def test_it_is_our_own_csv_form_and_reads_without_a_problem() -> None:
    assert roster_csv(1).splitlines()[0].split(",") == [column.name for column in COLUMNS]
    assert roster(1).problems == ()
    assert len(roster(1).people) == 200


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    assert roster_csv(3) == roster_csv(3)
    assert roster_csv(3) != roster_csv(4)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_addresses_are_plain_unique_and_nobodys(seed: int) -> None:
    addresses = [person.email for person in roster(seed).people]
    assert all(looks_like_email(a) and a.isascii() and a.endswith("@example.org") for a in addresses)
    assert len(set(addresses)) == len(addresses)


def test_six_schools_have_one_head_each_and_enough_mentors_for_their_novices() -> None:
    people = roster(1).people
    heads = [person.school for person in people if LEADERSHIP in person.subjects]
    assert len(heads) == len(set(heads)) == 6 == len({person.school for person in people})
    known = [
        Person(
            profile=Profile(
                "x", subjects=p.subjects, areas=tuple(map(TeachingArea, p.areas)), capacity=p.capacity
            )
        )
        for p in people
    ]
    novices = sum(map(is_novice, known))
    assert novices < sum(p.profile.capacity or 0 for p in known if takes_mentees(p))


def test_one_person_is_in_it_twice_under_two_ids() -> None:
    last = roster(1).people[-1]
    same = [
        p
        for p in roster(1).people
        if (p.given_name, p.family_name, p.school) == (last.given_name, last.family_name, last.school)
    ]
    assert len({person.external_id for person in same}) >= 2


def test_leading_zeros_stay_text() -> None:
    rows = list(csv.DictReader(StringIO(roster_csv(1))))
    assert all(row["external_id"].startswith(("0", "S-0")) for row in rows)


def test_names_are_of_several_origins_and_keep_their_letters() -> None:
    letters = Counter("".join(p.given_name + p.family_name for p in roster(1).people))
    assert sum(not letter.isascii() for letter in letters) >= 15


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Åsa", "asa"),
        ("Đorđević", "dordevic"),
        ("Łucja", "lucja"),
        ("Yıldız", "yildiz"),
        ("O'Brien", "obrien"),
        ("Nguyễn", "nguyen"),
    ],
)
def test_addresses_spell_names_in_ascii(name: str, address: str) -> None:
    assert ascii_of(name) == address
