"""How pairs live: a few dozen histories, each really commanded through the engine on a memory store.

The corpus casts each of them into thousands of pairs. Variations are drawn from a seed, so that every run has the
same histories: goals and waivers, second observations, pauses, extensions, corrections, rematches, cancellations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.events import Participant, Peers
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    CollectionMethod,
    ContactKind,
    CorrectionReason,
    Direction,
    EvidenceKind,
    ExtendGround,
    Formality,
    MeasureSource,
    Mode,
    PauseReason,
    Size,
    Status,
    StepOutcome,
    TeachingArea,
    Unit,
    WaiverReason,
)
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.receipt import Receipt
from mentorcycle.engine.stores.port import NewWords, StoredRow

MONDAY = datetime(2024, 9, 2, 8, tzinfo=UTC)
COORDINATOR = Actor.coordinator()
TENANT = "default"


@dataclass(frozen=True, slots=True)
class Commanded:
    """What one command appended; `running` is the cycle that is active after it, if one is."""

    at: datetime
    rows: tuple[StoredRow, ...]
    words: tuple[NewWords, ...]
    running: str | None


@dataclass(frozen=True, slots=True)
class Life:
    """One pair from enrolment on, as the engine stored it, without the programme's own events."""

    mentee: str
    mentor: str
    commands: tuple[Commanded, ...]

    @property
    def events(self) -> int:
        return sum(len(commanded.rows) for commanded in self.commands)


def lives(count: int = 48, seed: int = 1) -> list[Life]:
    """Typical pairs: most go round once, some twice, some are cancelled, some stall."""
    return [_Pair(Random(seed * 1000 + number)).lived(_usual) for number in range(count)]


def long_life(events: int = 40) -> Life:
    """A pair whose only cycle stands in `observe` after exactly this many events of its stream."""
    return _Pair(Random(7)).lived(lambda pair: pair.long_observation(events))


def _usual(pair: _Pair) -> None:
    pair.go_round()
    if pair.chance(0.2) and pair.completed:
        pair.by_coordinator(c.OpenNextCycle(pair.cycle))
        pair.go_round()


class _Pair:
    """A mentee and a mentor with an engine of their own; every step waits a few school days."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = MONDAY
        self.taken: list[Receipt] = []
        self.running: list[str | None] = []
        settings = Settings(clock=lambda: self.now, entropy=random.randbytes)
        self.engine = Engine.open("memory://", settings=settings)
        self.engine.ensure_programme(COORDINATOR)
        self.cycle = ""

    def lived(self, script: Callable[[_Pair], None]) -> Life:
        """Enrol, run the script, and read what the store holds of it."""
        self.mentor = self.enrol("Bo Karlsson")
        self.mentee = self.enrol("Ann Ünal")
        self.now += timedelta(minutes=5)
        pair = (Participant(self.mentee, mentee=True), Participant(self.mentor, mentor=True))
        self.by_coordinator(c.PublishPairing(pair))
        self.now += timedelta(minutes=5)
        self.by_coordinator(c.OpenCycle(self.mentee))
        script(self)
        commands = map(self._commanded, self.taken, self.running)
        life = Life(self.mentee, self.mentor, tuple(commands))
        self.engine.close()
        return life

    def _commanded(self, receipt: Receipt, running: str | None) -> Commanded:
        store = self.engine.store
        rows = store.read_log(receipt.first - 1, len(receipt.events), upto=receipt.last)
        places = {(row.stream, row.version) for row in rows}
        words = [
            kept
            for stream in dict.fromkeys(row.stream for row in rows)
            for kept in store.read_words(TENANT, stream)
            if (kept.stream, kept.version) in places
        ]
        return Commanded(receipt.events[0].occurred_at, tuple(rows), tuple(words), running)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def wait(self, least: int = 1, most: int = 5) -> None:
        """Go on some days later, on a weekday."""
        self.now += timedelta(days=self.random.randint(least, most), minutes=self.random.randint(0, 40))
        while self.now.weekday() > 4:
            self.now += timedelta(days=1)

    def enrol(self, name: str) -> str:
        person = c.AddPerson(name, school="Lindholm School", subjects=("mathematics",), grades=("7", "8"))
        return self.by_coordinator(person).subject

    def by_coordinator(self, command: Command) -> Receipt:
        return self._take(command, COORDINATOR)

    def by_mentee(self, command: Command) -> Receipt:
        return self._take(command, Actor.participant(self.mentee))

    def by_mentor(self, command: Command) -> Receipt:
        return self._take(command, Actor.participant(self.mentor))

    def _take(self, command: Command, actor: Actor) -> Receipt:
        receipt = self.engine.execute(command, actor).or_raise()
        if not receipt.already_so:
            if isinstance(command, c.OpenCycle):
                self.cycle = receipt.subject
            if isinstance(command, c.OpenNextCycle):
                self.cycle = self.engine.cycle(self.cycle, COORDINATOR).next_cycle or ""
            self.taken.append(receipt)
            self.running.append(self.cycle if self.cycle and self._active() else None)
        return receipt

    def _active(self) -> bool:
        return self.engine.cycle(self.cycle, COORDINATOR).status is Status.ACTIVE

    @property
    def completed(self) -> bool:
        return self.engine.cycle(self.cycle, COORDINATOR).status is Status.COMPLETED

    def go_round(self) -> None:
        """One cycle, to its end or to where this pair gives up."""
        for stage in (self.goal_set, self.observe, self.debrief, self.reflect, self.celebrate):
            if self.chance(0.25):
                return  # nothing more is heard of them: such cycles make the stalled list
            stage()
            if self.chance(0.05):
                self.by_coordinator(c.Cancel(self.cycle, self.random.choice(list(CancelReason))))
                return
            self.detours()
            self.wait()
            self.by_mentee(c.Advance(self.cycle))
            if self.chance(0.03):
                self.by_coordinator(c.UndoAdvance(self.cycle))
                self.wait(1, 2)
                self.by_coordinator(c.Advance(self.cycle))
            self.wait()

    def detours(self) -> None:
        """What happens beside the way."""
        if self.chance(0.25):
            self.contact()
        if self.chance(0.06):
            self.wait()
            self.by_coordinator(c.Pause(self.cycle, self.random.choice(list(PauseReason))))
            self.wait(5, 20)
            self.by_coordinator(c.Resume(self.cycle))
        if self.chance(0.06):
            until = self.now.date() + timedelta(days=60)
            self.by_coordinator(c.Extend(self.cycle, until, ExtendGround.SCHEDULING))
        if self.chance(0.03):
            self.by_mentee(c.AskRematch(self.cycle))

    def contact(self) -> None:
        notes = "Talked about the seating plan and the start of the lesson." if self.chance(0.5) else None
        self.by_mentor(
            c.LogContact(
                self.cycle,
                self.random.randint(10, 60),
                self.random.choice(list(ContactKind)),
                self.random.choice([Mode.IN_PERSON, Mode.PHONE, Mode.LIVE_VIDEO]),
                Formality.INFORMAL,
                notes=notes,
            )
        )

    def goal_set(self) -> None:
        if not self.engine.cycle(self.cycle, COORDINATOR).goals:
            self.wait(2, 6)
            self.by_mentee(
                c.SetGoal(
                    self.cycle,
                    self.random.choice(list(TeachingArea)),
                    unit=Unit.PERCENT,
                    target=80,
                    direction=Direction.INCREASE,
                    due=self.now.date() + timedelta(days=60),
                    peers=Peers(True, True, True, True, True) if self.chance(0.5) else None,
                    statement="More students take part in the discussion after independent work.",
                    measure="Share of students who speak at least once in a lesson.",
                )
            )
            if self.chance(0.1):
                waiver = c.Waive(self.cycle, "baseline", "g1", WaiverReason.NEW_CLASS)
                self.by_coordinator(waiver)
            else:
                source = self.random.choice(list(MeasureSource))
                baseline = c.RecordBaseline(self.cycle, "g1", 40, self.now.date(), source)
                version = self.by_mentee(baseline).events[0].version
                if self.chance(0.1):
                    reason = CorrectionReason.TYPING_ERROR
                    self.by_coordinator(c.Correct(self.cycle, version, reason, {"value": 42.0}))
        else:
            for goal in self.engine.cycle(self.cycle, COORDINATOR).goals:
                self.by_coordinator(c.Waive(self.cycle, "baseline", goal.id, WaiverReason.OTHER_RECORD))
                again = c.SetGoal(
                    self.cycle,
                    goal.area,
                    goal.id,
                    Unit.PERCENT,
                    90,
                    Direction.INCREASE,
                    measured=True,
                )
                self.by_mentee(again)
        if self.chance(0.3):
            expectations = "We meet on Tuesdays in the break and keep what we see to ourselves."
            self.by_mentor(c.RecordExpectations(self.cycle, 2, expectations))
        self.wait(1, 3)
        self.by_mentee(c.AgreeGoals(self.cycle))
        self.by_mentor(c.AgreeGoals(self.cycle))

    def observe(self) -> None:
        self.by_mentee(
            c.AgreeFocus(
                self.cycle,
                self.mentee,
                self.mentor,
                focus="Who speaks in the ten minutes after the task is given?",
                method=self.random.choice(list(CollectionMethod)),
            )
        )
        if self.chance(0.5):
            self.by_mentor(c.ScheduleObservation(self.cycle, self.now + timedelta(days=2)))
        self.wait(2, 5)
        self.by_mentor(
            c.CompleteObservation(
                self.cycle,
                self.now - timedelta(hours=1),
                45,
                kinds=(EvidenceKind.DESCRIPTION,) * 2,
                context="Year 7, fractions, 24 students, seated in groups of four.",
                evidence=(
                    "09:12 seven students have raised a hand; the teacher waits four seconds.",
                    "09:20 eleven of twenty-four have spoken at least once.",
                ),
            )
        )

    def debrief(self) -> None:
        self.by_mentor(
            c.HoldDebrief(
                self.cycle,
                30,
                first_speaker=self.mentee,
                step_owner=self.mentee,
                check_back=self.now.date() + timedelta(days=14),
                strengths=("You waited, and more hands came up.",),
                growth_point="The two tables at the back were never asked.",
                action_step="Ask one student of each table in every discussion.",
            )
        )

    def reflect(self) -> None:
        if self.chance(0.5):
            step = self.engine.cycle(self.cycle, COORDINATOR).steps[-1].id
            self.by_mentee(c.CheckActionStep(self.cycle, step, StepOutcome.DONE))
        reflection = "I had not seen how few of them I ask. Waiting is harder than it looks."
        self.by_mentee(c.WriteReflection(self.cycle, reflection, 5, 7, True, (8, 9, 7)))
        for goal in self.engine.cycle(self.cycle, COORDINATOR).goals:
            outcome = self.random.choice([Assessment.MET, Assessment.PARTLY])
            self.by_mentee(c.AssessGoal(self.cycle, goal.id, outcome, 78, 19, 24))

    def celebrate(self) -> None:
        if self.chance(0.3):
            self.by_mentee(c.GiveConsent(self.cycle, Audience.SCHOOL))
        achievement = "Nineteen of twenty-four students spoke in the last lesson."
        self.by_mentor(c.Celebrate(self.cycle, Size.SMALL, Audience.PAIR, 19, achievement=achievement))

    def long_observation(self, events: int) -> None:
        """Set goals, then observe and debrief again and again, with contacts in between."""
        self.goal_set()
        self.by_mentee(c.Advance(self.cycle))
        while self.version <= events - 7:
            self.wait(1, 2)
            self.observe()
            self.debrief()
            for _ in range(3):
                self.contact()
        while self.version < events:
            self.contact()

    @property
    def version(self) -> int:
        return self.engine.cycle(self.cycle, COORDINATOR).version
