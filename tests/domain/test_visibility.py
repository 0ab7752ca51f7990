"""Who may see which field: the starred fields of DOMAIN.md, and every text a person types, are for the pair."""

from dataclasses import fields
from typing import Any

import pytest

from mentorcycle.domain.commands import COMMANDS
from mentorcycle.domain.events import EVENTS
from mentorcycle.domain.typed import hints_of
from mentorcycle.domain.vocabulary import CollectionMethod, Mode, Visibility
from mentorcycle.domain.words import Words, visibility_of, words_of, words_or_none

WORDS_OF_EVENTS = {
    "GoalSet": {"statement", "measure"},
    "ExpectationsRecorded": {"expectations"},
    "FocusAgreed": {"focus", "method"},
    "ObservationCompleted": {"context", "evidence", "numbers"},
    "DebriefHeld": {"strengths", "growth_point", "action_step", "goal_candidates"},
    "ReflectionWritten": {"reflection", "comments"},
    "CelebrationHeld": {"achievement", "practice"},
    "ContactLogged": {"notes"},
}
WORDS_OF_COMMANDS = {
    "SetGoal": {"statement", "measure"},
    "RecordExpectations": {"expectations"},
    "AgreeFocus": {"focus", "method"},
    "CompleteObservation": {"context", "evidence", "numbers"},
    "HoldDebrief": {"strengths", "growth_point", "action_step", "goal_candidates"},
    "WriteReflection": {"reflection", "comments"},
    "Celebrate": {"achievement", "practice"},
    "LogContact": {"notes"},
}
PUBLIC = {
    "PersonAdded": {"name"},
    "PersonChanged": {"name"},
    "ProgrammeCreated": {"name"},
    "ProgrammeChanged": {"name"},
    "DefinitionPublished": {"definition", "version", "digest", "source"},
}
NAMES_AND_IDS = {
    "goal", "observation", "step", "celebration", "contact", "person", "observer", "observed",
    "first_speaker", "step_owner", "programme", "pairing", "definition", "definition_digest", "stage",
    "follows", "source", "target", "batch", "old_pairing", "new_pairing", "left", "joined", "event",
    "requirement", "subject", "next_cycle", "cycle", "evaluator", "into", "duplicate", "other", "zone",
    "name", "digest", "external_id", "username", "email", "school", "people", "subjects", "grades",
}  # fmt: skip
"""Fields of type text that are no words: ids, names of things, and what is known of a person outside."""


def seen_as(kind: type[Any], visibility: Visibility) -> set[str]:
    return {field.name for field in fields(kind) if visibility_of(field) is visibility}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_words_of_an_event_are_for_the_pair(name: str) -> None:
    kind = EVENTS[name]
    assert seen_as(kind, Visibility.PAIR) == set(kind.pair_fields) == WORDS_OF_EVENTS.get(name, set())
    assert seen_as(kind, Visibility.PUBLIC) == PUBLIC.get(name, set())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_words_of_a_command_are_for_the_pair(name: str) -> None:
    kind = COMMANDS[name]
    assert set(kind.pair_fields) == WORDS_OF_COMMANDS.get(name, set())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_other_text_in_an_event_is_a_name_or_an_id(name: str) -> None:
    kind = EVENTS[name]
    hints = hints_of(kind)
    texts = {f.name for f in fields(kind) if "str" in str(hints[f.name])}  # type: ignore[arg-type]
    assert texts - NAMES_AND_IDS - {"fields"} == set()
    words = {f.name for f in fields(kind) if "Words" in str(hints[f.name])}  # type: ignore[arg-type]
    assert words == WORDS_OF_EVENTS.get(name, set())


def test_words_are_never_printed() -> None:
    words = Words(text="secret")
    assert "secret" not in repr(words)
    event = EVENTS["ObservationCompleted"](
        observation="o1", observer="bo", observed="ada", start=None, minutes=45, mode=Mode.IN_PERSON,
        context=words, evidence=(words,), numbers=words,
    )  # type: ignore[call-arg]  # fmt: skip
    assert "secret" not in repr(event)
    assert "evidence" not in repr(event)
    command = COMMANDS["AgreeFocus"]("c-1", "ada", "bo", "", "secret", CollectionMethod.TALLY)  # type: ignore[call-arg]
    assert "secret" not in repr(command)
    assert "tally" not in repr(command).lower()


def test_blank_texts_are_no_words() -> None:
    assert words_or_none(None) is None
    assert words_or_none(" \n") is None
    assert words_of(("", "Seen.", "  ")) == (Words(text="Seen."),)


def test_sealed_words_are_equal_when_their_commitments_are() -> None:
    assert Words(b"one", "text") == Words(b"one")
    assert Words(b"one") != Words(b"two")
