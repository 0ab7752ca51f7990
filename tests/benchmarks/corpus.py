"""The history that is measured: real lives of pairs, cast into as many as are wanted and played in order of time.

Deterministic. What is stored is what the engine stores: same bytes but for ids, instants and salts, real commitments,
one slice a command. Only the digests of commands are not those of their content: nobody repeats a command here.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgpack

from mentorcycle.domain.ids import (
    cycle_after,
    cycle_of_pairing,
    cycle_stream,
    person_stream,
    short_id,
    subject_of,
)
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.codec import to_micros
from mentorcycle.engine.ledger import new_command_id
from mentorcycle.engine.stores.port import NewEvent, NewWords, Slice, Store
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.vault import commitment

from .lives import COORDINATOR, MONDAY, TENANT, Commanded, Life, lives, long_life
from .moulds import Mould

WEEKS = 7
"""Pairs start over this many weeks: at the end some are done, most are on their way."""

LONG = 40
"""Events of a long cycle, the kind on which single commands are timed."""

EVENTS_A_PAIR = 9.5
"""On average at the end, people included: a million events are a hundred thousand cycles."""

SHARED_MENTOR = 3
WEEK = timedelta(weeks=1)
COMMIT_AT = 2_000
AN_INSTANT = 10**14  # microseconds since 1970: no other number of an event is as large
Append = Callable[[datetime, list[Slice]], None]
ID = re.compile(rb"\b[cpq]-[0-9a-z]{16}\b")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
FIRST = (
    "Ann",
    "Bea",
    "Cem",
    "Dora",
    "Emil",
    "Fay",
    "Goran",
    "Hana",
    "Ines",
    "Jon",
    "Kira",
    "Lars",
    "Mina",
    "Nils",
)
LAST = (
    "Ünal",
    "Okoro",
    "Lind",
    "Karlsson",
    "Novak",
    "Berg",
    "Diaz",
    "Ito",
    "Shah",
    "Moreau",
    "Haddad",
    "Weiss",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Ids of a cycle that runs and of the two people in it."""

    cycle: str
    mentee: str
    mentor: str


@dataclass(slots=True)
class Corpus:
    """A log at a URL and what a measure needs to know of it.

    `long` are cycles of 40 events in stage observe, `active` the other cycles that run at the end; `now` is an
    instant after everything.
    """

    url: str
    now: datetime
    events: int = 0
    cycles: int = 0
    long: list[Pair] = field(default_factory=list)
    active: list[Pair] = field(default_factory=list)
    _long_used: int = 0

    @property
    def path(self) -> Path:
        """The file of a log that is in one."""
        return Path(self.url.removeprefix("sqlite:///"))

    def engine(self, **more: int) -> Engine:
        """An engine on this log; its clock stands still."""
        settings = Settings(clock=lambda: self.now, **more)  # type: ignore[arg-type]
        return Engine.open(self.url, settings=settings)

    def take_long(self, count: int) -> list[Pair]:
        """Long cycles that no measure has touched yet."""
        self._long_used += count
        taken = self.long[self._long_used - count : self._long_used]
        if len(taken) < count:
            raise ValueError(f"the corpus has only {len(self.long)} long cycles")
        return taken


class CastEvent(NamedTuple):
    """`stream` and `version` as the life knows them."""

    stream: str
    version: int
    topic: str
    mould: Mould


class CastCommand(NamedTuple):
    """One command of a life, ready to be cast: `token` is its id, `after` its seconds since the beginning."""

    step: int
    token: bytes
    after: int
    events: tuple[CastEvent, ...]
    words: tuple[NewWords, ...]
    running: str | None


class Cast:
    """A life with holes for ids, names, instants, days, commitments and command ids."""

    def __init__(self, life: Life) -> None:
        self.life = life
        rows = [row for commanded in life.commands for row in commanded.rows]
        plain = [msgpack.unpackb(row.state) for row in rows]
        found = dict.fromkeys(match for row in rows for match in ID.findall(row.state))
        self.cycles = list(dict.fromkeys(row.stream for row in rows if row.stream.startswith("cycle:")))
        cycles = [subject_of(stream).encode() for stream in self.cycles]
        people = {subject_of(row.stream).encode() for row in rows if row.stream.startswith("person:")}
        self.pairing = next(id for id in found if id.startswith(b"q-"))
        self.others = [id for id in found if id in people and id not in self.pair_ids]
        known = {*self.pair_ids, self.pairing, *cycles, *self.others}
        if strange := [id for id in found if id not in known]:
            raise ValueError(f"ids of no known kind: {strange}")
        self.instants = {
            _instant(value): value
            for value in _values(plain)
            if isinstance(value, int) and value > AN_INSTANT
        }
        self.days = {
            value.encode(): date.fromisoformat(value)
            for value in _values(plain)
            if isinstance(value, str) and DAY.fullmatch(value)
        }
        digests = [words.commitment for commanded in life.commands for words in commanded.words]
        names = [msgpack.packb(name) for name in _names(plain)]
        commands = [envelope[4].encode() for envelope in plain]
        self.id_tokens = known
        tokens = {*known, *self.instants, *self.days, *digests, *names, *commands}
        self.names = list(dict.fromkeys(names))
        self.commands = [self._command(*one, tokens) for one in enumerate(life.commands)]
        self.events = [len(command.events) for command in self.commands]

    @property
    def pair_ids(self) -> tuple[bytes, bytes]:
        return self.life.mentee.encode(), self.life.mentor.encode()

    def _command(self, step: int, commanded: Commanded, tokens: set[bytes]) -> CastCommand:
        return CastCommand(
            step,
            msgpack.unpackb(commanded.rows[0].state)[4].encode(),
            int((commanded.at - MONDAY).total_seconds()),
            tuple(
                CastEvent(row.stream, row.version, row.topic, Mould(row.state, tokens))
                for row in commanded.rows
            ),
            commanded.words,
            commanded.running,
        )


class Playing:
    """One pair: the ids and instants that fill the holes of its life."""

    def __init__(self, cast: Cast, number: int, week: int, mentor: str, random: Random) -> None:
        self.cast = cast
        self.mentor = mentor
        self.mentee = short_id("p", random.randbytes(10))
        pairing = short_id("q", random.randbytes(10))
        ids = {cast.life.mentee: self.mentee, cast.life.mentor: mentor, cast.pairing.decode(): pairing}
        cycle = cycle_of_pairing(pairing)
        for stream in cast.cycles:
            ids[subject_of(stream)] = cycle
            cycle = cycle_after(cycle)
        for other in cast.others:
            ids[other.decode()] = short_id("p", random.randbytes(10))
        self.ids = ids
        self.streams = {stream: cycle_stream(ids[subject_of(stream)]) for stream in cast.cycles} | {
            person_stream(id): person_stream(ids[id]) for id in ids if id.startswith("p-")
        }
        shift, days = int(week * WEEK.total_seconds()) * 1_000_000, week * 7
        values = {old.encode(): new.encode() for old, new in ids.items()}
        values.update((token, _instant(micros + shift)) for token, micros in cast.instants.items())
        values.update((token, str(day + timedelta(days)).encode()) for token, day in cast.days.items())
        for place, name in enumerate(cast.names):
            values[name] = msgpack.packb(_name(number * 7 + place * 3))
        self.values = values

    def slice(self, command: CastCommand, id: str, versions: dict[str, int], random: Random) -> Slice:
        """What the command appends for this pair; `versions` has those of mentors' streams."""
        values, streams = self.values, self.streams
        values[command.token] = id.encode()
        words: list[NewWords] = []
        if command.words:
            salt = random.randbytes(16)
            for kept in command.words:
                stream = streams[kept.stream]
                digest = commitment(salt, stream, kept.version, kept.field, kept.text)
                values[kept.commitment] = digest
                words.append(NewWords(stream, kept.version, kept.field, digest, salt, kept.text))
        events = []
        for event in command.events:
            stream, version = streams[event.stream], event.version
            if stream in versions:
                version = versions[stream] = versions[stream] + 1
            events.append(NewEvent(stream, version, event.topic, event.mould.cast(values)))
        return Slice(TENANT, id, sha256(values[command.token]).digest(), {}, events, words)


@dataclass(frozen=True, slots=True)
class Played:
    """One command of one pair, in its turn; `number` tells pairs apart."""

    number: int
    pair: Playing
    command: CastCommand
    at: datetime


def played(events: int, long: int, seed: int = 1) -> Iterator[Played]:
    """Commands of a whole history in order of time, until there are that many events; the long cycles come last."""
    random = Random(seed)
    casts, tail = _casts()
    wanted = events - long * sum(tail.events)
    pairs = max(1, int(wanted / EVENTS_A_PAIR))
    chosen = [random.randrange(len(casts)) for _ in range(pairs)]
    weeks = sorted(random.randrange(WEEKS) for _ in range(pairs))
    mentors = [short_id("p", random.randbytes(10)) for _ in range(pairs // SHARED_MENTOR + 1)]
    playing: dict[int, Playing] = {}
    for key in _turns(casts, chosen, weeks):
        number, step = (key & 0xFFFFFFFF) >> 7, key & 0x7F
        cast = casts[chosen[number]]
        if step == 0 and number % SHARED_MENTOR:
            continue  # the mentor is there already
        pair = playing.get(number)
        if pair is None:
            mentor = mentors[number // SHARED_MENTOR]
            pair = playing[number] = Playing(cast, number, weeks[number], mentor, random)
        command = cast.commands[step]
        yield Played(number, pair, command, MONDAY + timedelta(seconds=key >> 32))
        wanted -= cast.events[step]
        if wanted <= 0:
            break
        if step + 1 == len(cast.commands):
            del playing[number]
    for number in range(pairs, pairs + long):
        pair = Playing(tail, number, WEEKS, short_id("p", random.randbytes(10)), random)
        for command in tail.commands:
            yield Played(number, pair, command, MONDAY + WEEKS * WEEK + timedelta(seconds=command.after))


@cache
def _casts() -> tuple[list[Cast], Cast]:
    """The usual lives, and the long one."""
    return [Cast(life) for life in lives()], Cast(long_life(LONG))


def _turns(casts: Sequence[Cast], chosen: Sequence[int], weeks: Sequence[int]) -> Sequence[int]:
    """Seconds, pair and step of every command in one number each, in order."""
    keys = array("Q")
    for number, (choice, week) in enumerate(zip(chosen, weeks, strict=True)):
        start = int(week * WEEK.total_seconds())
        for step, command in enumerate(casts[choice].commands):
            keys.append((start + command.after) << 32 | number << 7 | step)
    return sorted(keys)


def write(path: Path, events: int, *, long: int, seed: int = 1) -> Corpus:
    """Write a log of that many events (and the programme's own) into a new SQLite file, through the store."""
    clock = [to_micros(MONDAY)]
    store = SQLiteStore(path, clock=lambda: clock[0])
    with store.writer() as connection:
        connection.execute("PRAGMA cache_size = -262144")  # for writing all this; measures open it anew

    def append(at: datetime, slices: list[Slice]) -> None:
        clock[0] = to_micros(at)
        for outcome in store.append_many(slices):
            if isinstance(outcome, Exception):
                raise outcome

    return lived(f"sqlite:///{path}", store, append, events, long=long, seed=seed)


def lived(url: str, store: Store, append: Append, events: int, *, long: int, seed: int = 1) -> Corpus:
    """Let a history happen in a new log at a URL; the store, which it closes, is for the programme's own events."""
    random = Random(seed + 1)
    with Engine(store, settings=Settings(clock=lambda: MONDAY, entropy=random.randbytes)) as engine:
        engine.ensure_programme(COORDINATOR)
        running: dict[int, tuple[Playing, str | None]] = {}
        versions: dict[str, int] = {}
        slices: list[Slice] = []
        at, cycles, ordinary = MONDAY, set(), 0
        for turn in played(events, long, seed):
            if len(slices) >= COMMIT_AT or (slices and turn.at - at > timedelta(days=1)):
                append(at, slices)
                slices = []
            at, pair = max(at, turn.at), turn.pair
            mentor = person_stream(pair.mentor)
            versions.setdefault(mentor, 0)
            slices.append(
                pair.slice(turn.command, new_command_id(turn.at, random.randbytes(10)), versions, random)
            )
            running[turn.number] = pair, turn.command.running
            if turn.command.running:
                cycles.add((turn.number, turn.command.running))
            ordinary = max(ordinary, turn.number)
        append(at, slices)
        corpus = Corpus(url, at + timedelta(days=1), store.head(), len(cycles))
    for number, (pair, cycle) in running.items():
        if cycle is not None:
            kept = corpus.long if number > ordinary - long else corpus.active
            kept.append(Pair(pair.ids[cycle], pair.mentee, pair.mentor))
    return corpus


def _values(value: object) -> Iterator[object]:
    """Every plain value inside lists and maps."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _values(item)
    elif isinstance(value, dict):
        yield from _values(list(value.values()))
    else:
        yield value


def _names(plain: Sequence[Sequence[object]]) -> Iterator[str]:
    for envelope in plain:
        payload = envelope[-1]
        if isinstance(payload, dict) and isinstance(payload.get("name"), str):
            yield payload["name"]


def _instant(micros: int) -> bytes:
    packed: bytes = msgpack.packb(micros)
    return packed


def _name(number: int) -> str:
    return f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"
