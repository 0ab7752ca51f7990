"""Plain values and typed ones: what is written is read back, and what cannot be read is told in words."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.domain import vocabulary
from mentorcycle.domain.typed import plain, typed
from mentorcycle.domain.vocabulary import Mode

ENUMS = [
    kind
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, Enum) and kind is not Enum
]
MEMBERS = [(kind, member) for kind in ENUMS for member in kind]
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))])),
    str | None: st.none() | st.text(),
    float | None: st.none() | st.floats(allow_nan=False, allow_infinity=False),
    date | None: st.none() | st.dates(),
    datetime | None: st.none() | st.datetimes(timezones=st.just(UTC)),
}


@given(st.data())
def test_what_was_made_plain_is_read_back(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(VALUES)))
    value = data.draw(VALUES[kind])
    if isinstance(value, datetime) and not 2 <= value.year <= 9998:
        return
    assert typed(kind, plain(value)) == value


@pytest.mark.parametrize(("kind", "member"), MEMBERS, ids=[f"{k.__name__}.{m.name}" for k, m in MEMBERS])
def test_every_word_of_every_closed_list_is_read_back(kind: type[Enum], member: Enum) -> None:
    assert typed(kind, plain(member)) is member
    assert typed(kind | None, plain(member)) is member


@given(st.sampled_from(list(VALUES)), st.none() | st.text() | st.integers() | st.floats() | st.booleans())
def test_whatever_is_typed_is_read_or_told_in_words(kind: Any, value: object) -> None:
    try:
        found = typed(kind, value)
    except ValueError:
        return
    assert found == found  # not even NaN


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int, "ten", "'ten' is not a number"),
        (int, 1.5, "1.5 is not a whole number"),
        (int, True, "True is not a number"),
        (float, "nan", "'nan' is not a number"),
        (float, float("inf"), "inf is not a number"),
        (bool, "maybe", "'maybe' is neither yes nor no"),
        (date, "2/3/2026", "'2/3/2026' is no date; for example 2026-03-02"),
        (datetime, "noon", "'noon' is no instant; for example 2026-03-02T09:00+01:00"),
        (datetime, "0001-01-01T00+09", "'0001-01-01T00+09' is no instant; for example 2026-03-02T09:00+01:00"),
        (Mode, "zoom", "'zoom' is none of: in-person, live-video, recording, phone, written"),
        (int, None, "a value is needed"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_is_expected(kind: Any, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        typed(kind, value)


def test_large_numbers_are_read_exactly() -> None:
    assert typed(int, 2**63 + 1) == 2**63 + 1


def test_an_instant_is_a_date_nowhere() -> None:
    with pytest.raises(ValueError, match="is no date"):
        typed(date, datetime(2026, 3, 2, tzinfo=UTC))


def test_an_instant_without_a_zone_is_in_utc() -> None:
    assert typed(datetime, "2026-03-02T09:00") == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_what_has_no_plain_form_says_so() -> None:
    with pytest.raises(ValueError, match="tuple has no plain form"):
        plain(())
