"""The roster of the simulated year: about 200 people in six schools, as the CSV text that a coordinator would import.

Reading it is `engine.roster`'s part, and what an import does with it `engine.enrolment`'s.
"""

from __future__ import annotations

import csv
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO, StringIO
from random import Random
from typing import Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.vocabulary import TeachingArea
from mentorcycle.engine import Engine

from ..enrolment import enrolment
from ..roster import COLUMNS, Roster
from ..roster.csv_roster import read_csv_stream

FILE = "north-cohort.csv"
LEADERSHIP = "School leadership"
NOVICES, MENTORS, OTHERS = 78, 76, 39

Row = dict[str, str]


def roster_csv(seed: int) -> str:
    """The roster as CSV text; the same for the same seed. One person is in it twice, under two ids."""
    rng = Random(f"{seed}:roster")
    rows = list(_rows(rng))
    rows.append(_twice(rng.choice([row for row in rows if row["capacity"] == "0" and row["areas"]])))
    text = StringIO()
    writer = csv.DictWriter(text, [column.name for column in COLUMNS], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def roster(seed: int) -> Roster:
    """The same roster, read back as every roster is."""
    return read_csv_stream(BytesIO(roster_csv(seed).encode()), FILE, [area.value for area in TeachingArea])


def enrol(engine: Engine, people: Roster, actor: Actor) -> tuple[str, ...]:
    """Take everybody in, in one commit, as an import into an empty programme does; their ids, in order."""
    entries = enrolment(people, engine.tenant, {})
    batch = engine.execute_many([command for entry in entries for command in entry.commands], actor)
    for result in batch.results:
        result.or_raise()
    return tuple(entry.person for entry in entries)


def _rows(rng: Random) -> Iterator[Row]:
    """Heads first, then everybody else as they come: novices offer no area, mentors take one to three mentees."""
    schools = _names()["school"]
    kinds = ["novice"] * NOVICES + ["mentor"] * MENTORS + ["other"] * OTHERS
    rng.shuffle(kinds)
    numbers = iter(rng.sample(range(100, 9900), len(kinds) + len(schools)))
    people = _people(rng)
    for school in schools:
        yield _row(next(people), school, next(numbers), [LEADERSHIP], grades=[], areas=[], capacity=0)
    for number, kind in zip(numbers, kinds, strict=True):
        school = rng.choice(schools)
        subjects, grades = _teaches(school, rng)
        areas = [] if kind == "novice" else rng.sample([a.value for a in TeachingArea], rng.randint(2, 4))
        capacity = rng.choice([1, 1, 2, 2, 3]) if kind == "mentor" else 0
        yield _row(next(people), school, number, subjects, grades, areas, capacity)


def _row(
    person: tuple[str, str, str],
    school: dict[str, Any],
    number: int,
    subjects: list[str],
    grades: list[str],
    areas: list[str],
    capacity: int,
) -> Row:
    given, family, address = person
    values = (
        f"{number:06}",
        given,
        family,
        f"{address}@example.org",
        f"{school['code'].lower()}{number:04}",
        school["name"],
        ";".join(subjects),
        ";".join(grades),
        ";".join(areas),
        str(capacity),
    )
    return dict(zip((column.name for column in COLUMNS), values, strict=True))


def _twice(row: Row) -> Row:
    """The same person as another office wrote them down."""
    local = row["email"].partition("@")[0].partition(".")
    return {
        **row,
        "external_id": f"S-{row['external_id']}",
        "email": f"{local[0][0]}.{local[2]}@example.org",
        "username": "",
    }


def _people(rng: Random) -> Iterator[tuple[str, str, str]]:
    """Given name, family name and the local part of an address, no address twice."""
    origins = _names()["origin"]
    shares = [origin["share"] for origin in origins]
    taken: dict[str, int] = {}
    while True:
        first, second = rng.choices(origins, shares, k=2)
        given = rng.choice(first["given"])
        family = rng.choice((second if rng.random() < 0.15 else first)["family"])
        if rng.random() < 0.04:
            family = f"{family}-{rng.choice(origins[0]['family'])}"
        address = f"{ascii_of(given)}.{ascii_of(family)}"
        taken[address] = taken.get(address, 0) + 1
        if taken[address] < 3:
            yield given, family, address if taken[address] == 1 else f"{address}{taken[address]}"


def _teaches(school: dict[str, Any], rng: Random) -> tuple[list[str], list[str]]:
    grades: list[str] = school["grades"]
    first = rng.randrange(len(grades) - 2)
    taught = grades[first : first + 3]
    level = "lower" if int(taught[0]) <= 4 else "upper"
    subjects: list[str] = rng.choice(_names()["subjects"][level])
    return subjects, taught


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "'": "", " ": ""})


def ascii_of(name: str) -> str:
    """A name as it stands in an address: `Đorđević` becomes `dordevic`."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    return "".join(letter for letter in plain if letter.isascii())


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "names.toml").read_text("utf-8"))
