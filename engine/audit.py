"""Verification: what the log itself can prove, checked event by event, with every finding named.

It reads the log once, in order, and trusts no read model; what it keeps meanwhile does not grow with the log.
Signatures and outside checkpoints are not checked here, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

from mentorcycle.domain import events as e
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.definition import Definition, DefinitionInvalid, DefinitionRef, parse
from mentorcycle.domain.errors import HistoryUnreadable, StoreUnavailable
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import Status

from .audit_report import A_PART, NOT_PROVED, Finding, Verification
from .audit_states import RecentStates
from .audit_words import WordsChecker
from .codec import decode
from .readers import Readers
from .states import State, refolded
from .stores.port import Log, Restricted, StoredRow
from .undisturbed import undisturbed
from .vault import commitments_of

__all__ = ["NOT_PROVED", "Finding", "Inspectable", "Verification", "verify", "verify_all"]

BATCH = 1000
PART = 50 * BATCH
"""Events between two looks at the words."""
MOST_STATES = 20_000
CLOSED = (Status.CANCELLED, Status.COMPLETED)
WORK = (
    e.GoalSet,
    e.BaselineRecorded,
    e.GoalAgreed,
    e.ExpectationsRecorded,
    e.FocusAgreed,
    e.ObservationScheduled,
    e.ObservationRescheduled,
    e.ObservationCancelled,
    e.ObservationCompleted,
    e.DebriefHeld,
    e.ActionStepChecked,
    e.ReflectionWritten,
    e.GoalAssessed,
    e.ConsentGiven,
    e.CelebrationHeld,
    e.ContactLogged,
    e.RequirementWaived,
)


@runtime_checkable
class Inspectable(Protocol):
    """A store that can say what is wrong with the file it keeps its log in."""

    def findings(self, *, quick: bool = False) -> list[str]:
        """What is wrong, a sentence each."""


def verify(
    store: Log,
    *,
    progress: Callable[[int, int], None] | None = None,
    part: int = PART,
    most_states: int = MOST_STATES,
) -> Verification:
    """Check the whole log: dense positions, honest times, unbroken streams, moves along edges, words that match.

    Not who was permitted to do what, nor requirements: an altered event that could have been recorded so is not found.

    `progress` is told how many events of how many are done. `part` (in events) and `most_states` bound what is kept
    meanwhile, and change nothing of what is found.
    """
    report = Verification(head=store.head())
    if isinstance(store, Restricted) and not store.shows_all():
        report.whole, report.not_proved = False, (*NOT_PROVED, A_PART)
    words = WordsChecker(store, report)
    checker = _Checker(report, RecentStates(store, most_states), words)
    settled = 0
    for rows in _batches(store, report.head):
        with undisturbed():
            for row in rows:
                checker.check(row)
        if progress is not None:
            progress(report.events, report.head)
        if report.events - settled >= part:
            words.settle()
            settled = report.events
    words.settle()
    if report.whole and checker.position < report.head:
        report.find("positions", checker.position + 1, f"events up to {report.head} are missing")
    return report


def verify_all(readers: Readers, *, progress: Callable[[int, int], None] | None = None) -> Verification:
    """`verify` the log, look at the file it lies in, and compare every read model, row by row, with a replay.

    A read model that cannot be asked is a finding, and so is every event that one leaves out: whoever can write its
    tables can say so, and what it shows is not what the log says. `progress` counts the log once for itself and once
    a model.
    """
    head, rounds = readers.store.head(), 1 + len(readers.models)

    def told(done: int, _of: int) -> None:
        if progress is not None:
            progress(done, rounds * head)

    report = verify(readers.store, progress=told)
    if isinstance(readers.store, Inspectable):
        for what in readers.store.findings(quick=True):
            report.find("file", 0, what)
    beyond = readers.beyond()
    for one in beyond:
        what = f"{one.name} has read up to event {one.position}, and the log ends with event {readers.store.head()}"
        report.find("read models", 0, what)
    for number, model in enumerate(() if beyond else readers.models, 1):
        try:
            compared = readers.compare(
                model.name,
                lambda done, _of, before=number * head: told(before + done, head),  # type: ignore[misc]
            )
        except StoreUnavailable as error:
            report.find("read models", 0, f"{model.name}: {error.what}: {error.why}")
            continue
        report.models.append(compared)
        for difference in compared.differences:
            key = ", ".join(map(str, difference.key))
            report.find("read models", 0, f"{difference.table} ({key}) is {difference.kind}")
        if not compared.equal and not compared.differences:
            report.find("read models", 0, f"{compared.name} is not what the log says")
    for letter in readers.dead_letters():
        what = f"{letter.model} set {letter.stream} aside ({letter.error})"
        report.find("read models", letter.position, what)
    report.left_out = readers.left_out()
    for left in report.left_out:
        what = f"{left.model} leaves it out, of {left.stream} ({left.error})"
        report.find("events left out", left.position, what)
    return report


def _batches(store: Log, head: int) -> Iterator[list[StoredRow]]:
    after = 0
    while rows := store.read_log(after, BATCH, upto=head):
        yield rows
        after = rows[-1].position


class _Checker:
    """Checks one event after another."""

    def __init__(self, report: Verification, states: RecentStates, words: WordsChecker) -> None:
        self.position = 0
        self._report = report
        self._states = states
        self._words = words
        self._recorded_at = 0
        self._broken: set[tuple[str, str]] = set()
        self._definitions: dict[tuple[str, DefinitionRef], Definition] = {}

    def check(self, row: StoredRow) -> None:
        self._report.events += 1
        self._order(row)
        key = (row.tenant, row.stream)
        try:
            state = self._states.before(row)
            recorded = decode(row)
            self._continues(row, state, key)
            self._words.take(key, row.version, commitments_of(recorded.event, row.version))
            if isinstance(state, Cycle):
                self._move(row, state, recorded)
            self._remember_definition(row, recorded)
            after = refolded(state, recorded, row)
            self._report.cycles += isinstance(after, Cycle) and not state.exists and after.exists
            self._states.keep(row, after)
        except Exception as error:  # bytes made by an attacker may raise anything: named, and gone on from
            why = str(error) if isinstance(error, HistoryUnreadable) else f"{row.topic}: {error!r}"
            self._report.find("readable", row.position, why)
            self._broken.add(key)

    def _continues(self, row: StoredRow, state: State, key: tuple[str, str]) -> None:
        if row.version != state.version + 1 and key not in self._broken:
            expected = state.version + 1
            what = f"{row.stream} goes on with version {row.version} where {expected} was due"
            self._report.find("streams", row.position, what)
            self._broken.add(key)

    def _order(self, row: StoredRow) -> None:
        if row.position != self.position + 1 if self._report.whole else row.position <= self.position:
            what = f"after position {self.position} comes {row.position}"
            self._report.find("positions", row.position, what)
        if row.recorded_at < self._recorded_at:
            self._report.find("times", row.position, "it is recorded earlier than the event before it")
        self.position = row.position
        self._recorded_at = max(self._recorded_at, row.recorded_at)

    def _remember_definition(self, row: StoredRow, recorded: Recorded[Any]) -> None:
        event = recorded.event
        if not isinstance(event, e.DefinitionPublished):
            return
        try:
            definition = parse(event.source, f"event {row.position}", published=True)
        except DefinitionInvalid as error:
            self._report.find("definitions", row.position, str(error))
            return
        if definition.digest != event.digest:
            self._report.find("definitions", row.position, "the published text does not have its digest")
        self._definitions[row.tenant, DefinitionRef(event.definition, event.version, event.digest)] = (
            definition
        )

    def _move(self, row: StoredRow, cycle: Cycle, recorded: Recorded[Any]) -> None:
        """Every stage change is an edge of the definition that the cycle names, taken from where it stood."""
        event = recorded.event
        if isinstance(event, e.CycleOpened):
            ref = DefinitionRef(event.definition, event.definition_version, event.definition_digest)
            definition = self._definitions.get((row.tenant, ref))
            if definition is None:
                self._report.find("definitions", row.position, f"{ref} was not published before")
            elif event.stage != definition.initial:
                self._report.find(
                    "moves", row.position, f"it opens in {event.stage}, not {definition.initial}"
                )
            return
        named = recorded.definition_version
        if named is not None and named != cycle.definition.version:
            what = f"it is recorded under version {named} in a cycle that pins {cycle.definition}"
            self._report.find("definitions", row.position, what)
        problem = self._problem(row.tenant, cycle, event)
        if problem is not None:
            self._report.find("moves", row.position, f"{cycle.id}: {problem}")

    def _problem(self, tenant: str, cycle: Cycle, event: e.Event) -> str | None:
        definition = self._definitions.get((tenant, cycle.definition))
        match event:
            case e.CycleAdvanced(source=source, target=target):
                if (source, Status.ACTIVE) != (cycle.stage, cycle.status):
                    return f"it leaves {source} while it is {cycle.status.value} in {cycle.stage}"
                if definition is not None and definition.edge(source, target) is None:
                    return f"{cycle.definition} has no move from {source} to {target}"
            case e.AdvanceUndone(advance=advance, target=target):
                last = cycle.advances[-1] if cycle.advances else None
                if last is None or (last.version, last.source) != (advance, target):
                    return f"it takes back an advance to {target} that is not its last"
            case e.CyclePaused() if cycle.status is not Status.ACTIVE:
                return f"it is paused while {cycle.status.value}"
            case e.CycleResumed() if cycle.status is not Status.PAUSED:
                return f"it is resumed while {cycle.status.value}"
            case e.CycleCancelled() if cycle.status in CLOSED:
                return f"it is cancelled while {cycle.status.value}"
            case e.CycleReopened(stage=stage):
                if cycle.status not in CLOSED:
                    return f"it is reopened while {cycle.status.value}"
                if definition is not None and definition.stage(stage) is None:
                    return f"{cycle.definition} has no stage {stage}"
            case _ if isinstance(event, WORK) and cycle.status is not Status.ACTIVE:
                return f"{event.event_name} is recorded while it is {cycle.status.value}"
        return None
