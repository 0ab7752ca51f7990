"""What a name means to whoever acts: participants mean their own cycles and the people in them, and learn no others."""

from __future__ import annotations

import pytest

from .conftest import Desk

OTHERS = ("Karlsson", "Bo ", "Okoro", "Lind", "Ünal")


@pytest.fixture
def two_anns(desk: Desk) -> Desk:
    """Two pairs whose mentees are called alike, each with a cycle."""
    for name, mentor in (("Ann Berg", "karlsson"), ("Ann Ek", "lind")):
        desk.done("person", "add", name)
        desk.done("pair", "publish", name, mentor)
    desk.opened("Ann Berg", "Ann Ek")
    return desk


@pytest.mark.parametrize(
    "words",
    [
        ("show", "ann"),
        ("next", "ann"),
        ("person", "show", "a"),
        ("audit", "log", "ann"),
        ("cycle", "pause", "ann", "--reason", "leave"),
    ],
)
def test_an_ambiguous_name_tells_a_stranger_nobodys_name(two_anns: Desk, words: tuple[str, ...]) -> None:
    result = two_anns(*words, by="nasser")
    assert result.exit_code == 4
    assert not [name for name in (*OTHERS, "Ann Berg", "Ann Ek") if name in result.output]


def test_what_is_ambiguous_to_a_coordinator_is_clear_to_a_participant(two_anns: Desk) -> None:
    told = two_anns.refused(4, "show", "ann")
    assert "Ann Berg / Bo Karlsson" in told
    assert "Ann Ek / Sara Lind" in told
    assert "Ann Ek / Sara Lind" in two_anns.done("show", "ann", by="lind")
    assert "Ann Berg / Bo Karlsson" in two_anns.done("next", "ann", by="karlsson")


def test_a_slip_is_answered_with_names_of_their_own(two_anns: Desk) -> None:
    told = two_anns.refused(4, "person", "show", "lind", by="Ann Berg")
    assert "no person of yours is called 'lind'" in told
    assert "Sara" not in told
    assert "no person is called 'linde'" in two_anns.refused(4, "person", "show", "linde")


def test_participants_name_those_who_were_in_their_cycle_too(two_anns: Desk) -> None:
    two_anns.done("cycle", "rematch", "Ann Ek", "--leaves", "lind", "--joins", "nasser")
    for person in ("Ann Ek", "nasser"):
        assert two_anns("person", "show", "lind", by=person).exit_code == 7
    assert "Mira Nasser" in two_anns.done("show", "ann", by="lind")
    assert two_anns("person", "show", "karlsson", by="Ann Ek").exit_code == 4
