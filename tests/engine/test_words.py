"""The words reach the pair and nobody else: every role, every command that carries words, every question."""

from __future__ import annotations

import inspect
import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.errors import CommandReused, MentorcycleError, StoreUnavailable
from mentorcycle.domain.refusal import Refused, RefusedError
from mentorcycle.domain.vocabulary import TeachingArea, Unit
from mentorcycle.engine import Failed, Receipt
from mentorcycle.engine.audit import verify
from mentorcycle.engine.queries import Queries

MARK = "Zmarkerz"
"""In every text that only the pair may read, and nowhere else."""


# Everything that comes out


def strings(value: Any, seen: set[int] | None = None) -> Iterator[str]:
    """Every text and every byte string in an object, also in fields that its repr leaves out."""
    seen = set() if seen is None else seen
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    elif id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, BaseException):
            yield from (str(value), repr(value))
            yield from strings([*value.args, vars(value), value.__cause__, value.__context__], seen)
            frames = traceback.TracebackException.from_exception(value, capture_locals=True)
            yield from frames.format()
        elif is_dataclass(value) and not isinstance(value, type):
            yield repr(value)
            yield from strings([getattr(value, f.name) for f in fields(value)], seen)
        elif isinstance(value, Mapping):
            yield from strings([*value.keys(), *value.values()], seen)
        elif isinstance(value, Iterable):
            for item in value:
                yield from strings(item, seen)


def asked(story, actor: Actor) -> Iterator[Any]:
    """The answers to every question that there is, for one actor: results and errors."""
    engine, head = story.engine, story.engine.store.head()
    questions = [
        lambda: engine.can(story.cycle, actor),
        lambda: engine.cycle(story.cycle, actor),
        lambda: engine.person(story.ada.id, actor),
        lambda: engine.programme(),
        lambda: engine.definition(story.cycle, actor),
    ]
    for ref in (story.cycle, story.ada.id, story.bo.id, "main"):
        questions.append(lambda ref=ref: engine.history(ref, actor))
        questions.append(lambda ref=ref: engine.history(ref, actor, words=True))
        questions.extend(lambda ref=ref, at=at: engine.as_of(ref, at, actor) for at in range(0, head + 1, 7))
    questions.append(lambda: list(zip(range(head), engine.subscribe(), strict=False)))
    questions.append(lambda: verify(engine.store).findings)
    questions.extend(of_read_models(story, actor).values())
    for question in questions:
        try:
            yield question()
        except MentorcycleError as error:
            yield error


WALKED = {
    *(
        "acts",
        "as_of",
        "batch",
        "batches",
        "clock",
        "concerns",
        "counts",
        "course",
        "cycle",
        "cycles",
        "definition",
    ),
    *("external_ids", "find_batches", "find_cycles", "find_definition", "find_people", "head", "history"),
    *("minutes", "names", "people", "person_row", "position", "programme", "published", "recorded_at"),
    *("schools", "short", "stalled", "total", "trail", "verify", "with_all_ids", "workload"),
}
NOT_WALKED = {"open": "it opens a store", "close": "it closes the store"}


def of_read_models(story, actor: Actor) -> dict[str, Callable[[], Any]]:
    """Every public question of the read models, by name, asked about everything that a test knows."""
    queries, day = story.engine.queries, story.clock.now.date() + timedelta(days=200)
    batch = story.engine.execute_many([c.LogContact(story.cycle, 5)], story.coordinator).id
    story.engine.execute(c.AddPerson("Eve", external_id="7", source="csv"), story.coordinator).or_raise()
    known = {
        "actor": actor,
        "cycle": story.cycle,
        "ref": story.cycle,
        "row": queries.cycle(story.cycle, story.coordinator),
        "day": day,
        "person": story.ada.id,
        "people": [story.ada.id],
        "ids": [story.ada.id],
        "batch": batch,
        "name": "peer-cycle",
        "source": "csv",
        "at": story.engine.store.head(),
        "position": 3,
        "words": True,
        "programme": "main",
        "stream": f"cycle:{story.cycle}",
    }

    def question(name: str) -> Callable[[], Any]:
        programme = queries.programme()
        there = known | {"text": batch if name == "find_batches" else "Ada"}
        given = {
            p.name: programme if p.annotation == "Programme" else there[p.name]
            for p in inspect.signature(getattr(queries, name)).parameters.values()
            if p.annotation == "Programme" or p.name in there
        }
        return lambda: answered(getattr(queries, name)(**given))

    return {name: question(name) for name in public(queries) if name not in NOT_WALKED}


def public(queries: Queries) -> list[str]:
    return [name for name, _ in inspect.getmembers(queries, inspect.ismethod) if not name.startswith("_")]


def answered(answer: Any) -> Any:
    """An answer that is given piece by piece is taken whole: its questions are asked when it is."""
    return list(answer) if isinstance(answer, Iterator) else answer


def attempts(story, commands: Mapping[str, Command], actor: Actor) -> Iterator[Any]:
    """What comes of every command that carries words, sent by this actor; and of one that is repeated."""
    for name, command in commands.items():
        if not command.pair_fields:
            continue
        for dry_run in (True, False):
            try:
                result = story.engine.execute(command, actor, command_id=f"{actor.id}{name}", dry_run=dry_run)
                yield result
                if isinstance(result, Refused):
                    result.or_raise()
            except (MentorcycleError, RefusedError) as error:
                yield error
        batch = story.engine.execute_many([command], actor)
        yield batch
        yield [result.error for result in batch.results if isinstance(result, Failed)]


WORK = {
    "goal-set": ("SetGoal", "RecordBaseline", "RecordExpectations", "AgreeGoals"),
    "observe": ("AgreeFocus", "CompleteObservation"),
    "debrief": ("HoldDebrief",),
    "reflect": ("WriteReflection", "AssessGoal"),
    "celebrate": ("Celebrate", "LogContact"),
}


def speak(story, every_command) -> list[Any]:
    """Ada lives through every stage and leaves marked words wherever words go; then Bo leaves and Cy comes."""
    said: list[Any] = []
    engine = story.engine
    for stage, names in WORK.items():
        for name in names:
            command = every_command(story, MARK)[name]
            said.append(engine.execute(command, story.ada, command_id=name, dry_run=True).or_raise())
            said.append(engine.execute(command, story.ada, command_id=name).or_raise())
            said.append(engine.execute(command, story.ada, command_id=name))
        said.append(engine.execute(c.AgreeGoals(story.cycle), story.bo))
        if stage != "celebrate":
            story.clock.move(days=1)
            engine.execute(c.Advance(story.cycle), story.ada).or_raise()
    said.extend(attempts(story, every_command(story, MARK), story.ada))
    for name, command in every_command(story, f"{MARK}2").items():
        if command.pair_fields:
            said.extend(refused_repeats(story, name, command))
    engine.execute(c.Rematch(story.cycle, story.bo.id, story.cy.id), story.coordinator).or_raise()
    return said


def refused_repeats(story, name: str, command: Command) -> Iterator[Any]:
    """The same id with other words: an error of every way to send it."""
    with pytest.raises(CommandReused) as caught:
        story.engine.execute(command, story.ada, command_id=name)
    yield caught.value
    yield story.engine.execute_many([command], story.ada, command_ids=[name])


@pytest.fixture
def spoken(story, every_command):
    return story, speak(story, every_command)


def test_words_of_every_kind_have_been_spoken(spoken, every_command):
    story, _ = spoken
    texts = {
        words.text
        for words in story.engine.store.read_words("default", f"cycle:{story.cycle}")
        if words.text.startswith(MARK)
    }
    commands = every_command(story, MARK)
    marked = {text for command in commands.values() for text in strings(command) if text.startswith(MARK)}
    assert marked <= texts


def test_no_receipt_refusal_or_error_repeats_the_words_even_to_the_pair(spoken):
    _, said = spoken
    assert said
    for result in said:
        assert not [text for text in strings(result) if MARK in text]


def test_the_words_reach_nobody_but_the_pair(spoken, every_command, everyone, caplog):
    story, _ = spoken
    caplog.set_level(logging.DEBUG)
    outsiders = {hat: actor for hat, actor in everyone(story).items() if hat not in ("mentee", "stranger")}
    outsiders["the mentor who left"] = outsiders.pop("mentor")
    outsiders["merged into nobody"] = Actor.participant("p-x")
    for hat, actor in outsiders.items():
        for answer in (*attempts(story, every_command(story, MARK), actor), *asked(story, actor)):
            assert not [text for text in strings(answer) if MARK in text], hat
    assert MARK not in caplog.text


def test_every_public_question_to_read_models_is_asked_and_answered(spoken):
    story, _ = spoken
    assert set(public(story.engine.queries)) == WALKED | NOT_WALKED.keys()
    questions = of_read_models(story, story.coordinator)
    assert questions.keys() == WALKED
    assert [name for name, ask in questions.items() if not ask()] == []


def test_the_words_are_stored_in_their_table_alone(on_file, every_command, file):
    speak(on_file, every_command)
    for ask in of_read_models(on_file, on_file.coordinator).values():
        with suppress(MentorcycleError):
            ask()
    with sqlite3.connect(file.removeprefix("sqlite:///")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        holding = {
            table
            for table in tables
            for row in database.execute(f'SELECT * FROM "{table}"')
            if any(MARK in text for text in strings(row))
        }
        assert (
            database.execute("SELECT count(*) FROM words WHERE text LIKE ?", (f"{MARK}%",)).fetchone()[0]
            >= 18
        )
    database.close()
    assert {"events", "commands", "words"} <= set(tables)
    assert holding == {"words"}


def test_once_the_words_are_gone_the_file_does_not_hold_them(on_file, file, tmp_path):
    on_file.engine.execute(c.LogContact(on_file.cycle, 5, notes=f"{MARK} notes"), on_file.bo).or_raise()
    on_file.engine.close()
    path = tmp_path / "north.db"
    assert MARK.encode() in path.read_bytes()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM words")
    database.execute("VACUUM")
    database.close()
    assert MARK.encode() not in path.read_bytes()


def test_a_write_that_fails_tells_no_words(on_file, file):
    """Not even in a traceback that shows local variables, as error collectors send them."""
    with sqlite3.connect(file.removeprefix("sqlite:///")) as database:
        database.execute("ALTER TABLE words RENAME TO elsewhere")
    database.close()
    command = c.LogContact(on_file.cycle, 5, notes=f"{MARK} notes")
    for send in (
        lambda: on_file.engine.execute(command, on_file.bo),
        lambda: on_file.engine.execute_many([command], on_file.bo),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            send()
        assert not [text for text in strings(caught.value) if MARK in text]


# Who reads what of the words


def texts_of(story, actor: Actor) -> list[str]:
    """Every text that history opens for an actor, in order."""
    opened = []
    for recorded in story.engine.history(story.cycle, actor, words=True):
        for name in recorded.event.pair_fields:
            value = getattr(recorded.event, name)
            for words in value if isinstance(value, tuple) else [value]:
                if words is not None and words.text is not None:
                    opened.append(words.text)
    return opened


def test_the_pair_reads_all_of_its_words_and_nobody_else_any(story):
    story.to("reflect")
    whole = ["More speak", "Hands", "Who speaks?", "tally", "12 of 24 spoke", "Wait time", "Ask rows"]
    for actor in (story.ada, story.bo):
        assert texts_of(story, actor) == whole
    for actor in (story.coordinator, Actor.auditor("state"), Actor.system()):
        assert texts_of(story, actor) == []
    with pytest.raises(RefusedError):
        texts_of(story, story.cy)


def test_words_are_opened_only_when_they_are_asked_for(story):
    story.to("observe")
    assert not [t for t in strings(story.engine.history(story.cycle, story.ada)) if t == "More speak"]


def test_a_new_mentor_reads_the_present_goals_and_what_is_written_from_then_on(story):
    story.contact()
    story.engine.execute(c.LogContact(story.cycle, 5, notes="before"), story.bo).or_raise()
    story.to("debrief")
    story.engine.execute(c.Rematch(story.cycle, story.bo.id, story.cy.id), story.coordinator).or_raise()
    story.engine.execute(c.LogContact(story.cycle, 5, notes="after"), story.cy).or_raise()
    assert texts_of(story, story.cy) == ["More speak", "Hands", "after"]
    assert texts_of(story, story.bo) == []
    assert texts_of(story, story.ada)[-1] == "after"
    assert "before" in texts_of(story, story.ada)


def test_a_change_without_words_hides_none_from_a_new_mentor(story):
    area = TeachingArea.PLANNING
    goal = c.SetGoal(story.cycle, area, statement="ask more", measure="hands up")
    story.engine.execute(goal, story.ada).or_raise()
    later = c.SetGoal(story.cycle, area, "g1", Unit.COUNT, 70, measured=True)
    story.engine.execute(later, story.coordinator).or_raise()
    story.engine.execute(c.Rematch(story.cycle, story.bo.id, story.cy.id), story.coordinator).or_raise()
    assert texts_of(story, story.cy) == ["ask more", "hands up"]


def test_a_mentor_who_comes_back_reads_their_own_times(story):
    say = lambda who, text: story.engine.execute(c.LogContact(story.cycle, 5, notes=text), who).or_raise()  # noqa: E731
    bo, cy, co = story.bo, story.cy, story.coordinator
    say(bo, "first of Bo")
    story.engine.execute(c.Rematch(story.cycle, bo.id, cy.id), co).or_raise()
    say(cy, "of Cy")
    story.engine.execute(c.Rematch(story.cycle, cy.id, bo.id), co).or_raise()
    say(bo, "second of Bo")
    assert texts_of(story, bo) == ["first of Bo", "second of Bo"]
    assert texts_of(story, cy) == []


def test_a_person_who_was_merged_reads_and_acts_under_the_old_id(story):
    story.to("observe")
    double = story.engine.execute(c.AddPerson("Bo K."), story.coordinator).or_raise().subject
    story.engine.execute(c.MergePeople(story.bo.id, double), story.coordinator).or_raise()
    old = Actor.participant(double)
    assert texts_of(story, old) == ["More speak", "Hands"]
    assert story.engine.cycle(story.cycle, old) == story.state
    assert story.engine.can(story.cycle, old) == story.engine.can(story.cycle, story.bo)
    assert story.engine.history(double, old)
    assert story.engine.queries.history(story.cycle, old) == story.engine.history(story.cycle, story.bo)
    assert isinstance(story.engine.execute(c.LogContact(story.cycle, 5, notes="x"), old), Receipt)


def test_words_that_are_gone_are_shut_and_the_rest_is_open(on_file, file):
    on_file.to("observe")
    with sqlite3.connect(file.removeprefix("sqlite:///")) as database:
        database.execute("DELETE FROM words WHERE field = 'statement'")
    database.close()
    assert texts_of(on_file, on_file.ada) == ["Hands"]
