"""The coordinator's own year: rounds every week, seminars, newcomers in January, a day of snow, records put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from mentorcycle.domain import commands as c
from mentorcycle.domain.events import Participant
from mentorcycle.domain.people import Person
from mentorcycle.domain.vocabulary import ContactKind, Formality
from mentorcycle.engine import Receipt

from . import term
from .agenda import Agenda, Later, Story
from .desk import OFFICE, Desk
from .pair import Pair
from .pairs import Together
from .roster import LEADERSHIP
from .stages import contacts, cycles

MONDAY, FRIDAY = 0, 4
SEMINARS = (date(2025, 9, 24), date(2025, 11, 19), date(2026, 2, 11), date(2026, 4, 22))
WRONG_LIST = date(2025, 12, 5)


class Office:
    """What the coordinator keeps in mind: everybody's ids and all pairs; `cycles` are all that were opened."""

    def __init__(self, desk: Desk, agenda: Agenda, people: Sequence[str]) -> None:
        self.desk = desk
        self.agenda = agenda
        self.people = people
        self.pairs: list[Pair] = []
        self.cycles: list[str] = []
        self.pairings = 0

    def name_evaluators(self) -> None:
        """Heads evaluate everybody at their school."""
        everybody = self.desk.people(self.people)
        heads = {p.profile.school: p.id for p in everybody if LEADERSHIP in p.profile.subjects}
        evaluated = (p for p in everybody if p.id not in heads.values())
        self.desk.many([c.NameEvaluator(p.id, heads[p.profile.school]) for p in evaluated])

    def publish(self, pairings: Sequence[Together]) -> None:
        """Publish pairings in one commit; what breaks a rule is refused and left out."""
        batch = self.desk.many([c.PublishPairing(participants) for participants in pairings])
        self.pairings += len(batch.receipts)

    def tempted(self) -> None:
        """Pairings that look right and are not allowed: a head as mentor, a mentor twice, oneself."""
        everybody = self.desk.people(self.people)
        free = next(p for p in everybody if _is_free(p) and p.active)
        head = next(p for p in everybody if p.id in free.evaluators)
        paired = next(p for p in everybody if p.pairing_as_mentee)
        busy = next(p for p in everybody if p.load and p.load == p.profile.capacity)
        for mentee, mentor in ((free, head), (paired, busy), (free, free)):
            both = (Participant(mentee.id, mentee=True), Participant(mentor.id, mentor=True))
            self.desk.attempt(c.PublishPairing(both))

    def open(self, pairs: Sequence[Pair]) -> None:
        """Open the cycles of these pairs in one commit, and let each pair begin."""
        batch = self.desk.many([c.OpenCycle(pair.mentee) for pair in pairs])
        for pair, result in zip(pairs, batch.results, strict=True):
            if isinstance(result, Receipt):
                self._opened(pair, result.subject)
                self.pairs.append(pair)
                self.agenda.add(cycles(pair), Later(0), pair)
                self.agenda.add(contacts(pair), Later(3), pair)

    def rounds(self) -> Story:
        """Next cycles on Mondays; on Fridays contacts from paper, and whatever is ready (or not) is advanced."""
        while True:
            yield Later(1, 8 * 60 + 15)
            if self.agenda.today.weekday() == MONDAY:
                self._next_cycles()
            if self.agenda.today.weekday() == FRIDAY:
                yield Later(0, 16 * 60 + 30)
                self._collect()
                self._advance()

    def seminars(self) -> Story:
        """The whole cohort meets, and the coordinator records the hours of everybody."""
        for day in SEMINARS:
            yield Later(self.agenda.days_until(day), 17 * 60)
            live = [pair.id for pair in self.pairs if not pair.over and (pair.held or pair.is_in())]
            self.desk.many(
                [c.LogContact(id, 90, ContactKind.OTHER, formality=Formality.FORMAL) for id in live]
            )

    def snow(self) -> Story:
        """School is closed at half past five in the morning for two days; the second is opened again."""
        yield Later(self.agenda.days_until(term.SNOW), 5 * 60 + 30)
        after = self.agenda.day_in(1)
        self.desk.do(c.CloseSchool((term.SNOW, after)))
        yield Later(1, 5 * 60 + 45)
        self.desk.do(c.OpenSchool((after,)))

    def merges(self) -> Story:
        """Somebody is in the roster twice; in September it is noticed."""
        yield Later(self.agenda.days_until(date(2025, 9, 17)))
        double = self.desk.engine.person(self.people[-1], OFFICE)
        same = (p for p in self.desk.people(self.people[:-1]) if p.name == double.name)
        first = next(p for p in same if p.profile.school == double.profile.school)
        self.desk.do(c.MergePeople(first.id, double.id))
        self.desk.attempt(c.MarkReturned(double.id))

    def moves(self) -> Story:
        """In January somebody changes to another school, and so does the person who evaluates them."""
        yield Later(self.agenda.days_until(date(2026, 1, 15)))
        everybody = self.desk.people(self.people)
        heads = {p.profile.school: p for p in everybody if LEADERSHIP in p.profile.subjects}
        person = next(p for p in everybody if _is_free(p))
        old = heads[person.profile.school]
        new = next(head for head in heads.values() if head != old)
        profile = replace(person.profile, school=new.profile.school)
        fields = {name: getattr(profile, name) for name in profile.__slots__}
        self.desk.do(c.ChangePerson(person.id, **fields))
        self.desk.do(c.RemoveEvaluator(person.id, old.id))
        self.desk.do(c.NameEvaluator(person.id, new.id))

    def _next_cycles(self) -> None:
        done = [pair for pair in self.pairs if pair.wants_next and not pair.held]
        hoped = [pair for pair in self.pairs if pair.is_in() and pair.chance(0.01)]
        batch = self.desk.many([c.OpenNextCycle(pair.id) for pair in [*done, *hoped]])
        for pair, result in zip(done, batch.results, strict=False):
            if isinstance(result, Receipt):  # else somebody is on leave, and next Monday it is tried again
                self._opened(pair, result.subject)
                pair.wants_next = False

    def _collect(self) -> None:
        """The sheets of the week; for some the cycle has been completed or paused since."""
        self.desk.many([contact for pair in self.pairs for contact in pair.sheet])
        self.desk.clock.on(20)
        for pair in self.pairs:
            pair.sheet.clear()

    def _advance(self) -> None:
        """The round of a Friday; once it is the wrong list, and the whole batch is taken back."""
        ready = [pair for pair in self.pairs if pair.ready and pair.is_in()]
        hoped = [p for p in self.pairs if not p.ready and p.is_in() and p.chance(0.05) and self._not_yet(p)]
        batch = self.desk.many([c.Advance(pair.id) for pair in [*ready, *hoped]])
        if self.agenda.today == WRONG_LIST:
            self.desk.clock.on(25)
            moved = [r.subject for r in batch.receipts]
            self.desk.many([c.UndoAdvance(id, batch.id) for id in moved])
            return
        for pair, result in zip(ready, batch.results, strict=False):
            if isinstance(result, Receipt):
                pair.ready = False

    def _not_yet(self, pair: Pair) -> bool:
        """Whether the way forward is barred; a pair that could go on does so when it is ready to."""
        return bool(self.desk.engine.can(pair.id, OFFICE)[0].refusals)

    def _opened(self, pair: Pair, cycle: str) -> None:
        pair.id = cycle
        self.cycles.append(cycle)


def _is_free(person: Person) -> bool:
    """Neither paired nor leading a school, and still here."""
    return not person.pairings and LEADERSHIP not in person.profile.subjects and person.active
