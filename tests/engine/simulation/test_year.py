"""What a simulated year holds, so that whoever looks at it meets everything that can happen."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from mentorcycle.domain import events as e
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.events import EVENTS
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import PairingKind, Role, Status
from mentorcycle.engine import Engine
from mentorcycle.engine.audit import verify
from mentorcycle.engine.codec import decode
from mentorcycle.engine.simulation import SimulatedClock, Year, open_demo, run, term
from mentorcycle.engine.simulation.desk import OFFICE
from mentorcycle.engine.stores.port import tail

STAGES = {"goal-set", "observe", "debrief", "reflect", "celebrate"}


@dataclass
class Lived:
    """A year that is over, and what can be asked of it."""

    engine: Engine
    clock: SimulatedClock
    year: Year
    told: list[tuple[date, int, int]]
    log: list[Recorded[Any]] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)

    def of(self, kind: type[e.Event]) -> list[Recorded[Any]]:
        """Every event of a kind, in order."""
        return [recorded for recorded in self.log if isinstance(recorded.event, kind)]


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    engine, clock = open_demo(seed=11)
    told: list[tuple[date, int, int]] = []
    with engine:
        year = run(engine, clock, 11, lambda day, done, total: told.append((day, done, total)))
        life = Lived(engine, clock, year, told)
        life.log = [decode(row) for row in tail(engine.store, 0)]
        opened = [r.stream.removeprefix("cycle:") for r in life.of(e.CycleOpened)]
        life.cycles = [engine.cycle(id, OFFICE) for id in opened]
        yield life


def test_the_numbers_told_are_those_of_the_log(lived: Lived) -> None:
    year = lived.year
    assert year.events == len(lived.log)
    assert year.cycles == len(lived.cycles)
    assert year.people == len(lived.of(e.PersonAdded)) == 200
    assert year.pairings == len({r.event.pairing for r in lived.of(e.PairingPublished) if not r.event.cycle})
    assert sum(year.statuses.values()) == year.cycles
    assert sum(year.stages.values()) == year.cycles - year.statuses["completed"]


def test_it_has_the_size_of_a_district(lived: Lived) -> None:
    year = lived.year
    assert 3_000 <= year.events <= 7_000
    assert 60 <= year.pairings <= 90
    assert year.cycles > year.pairings


def test_the_log_verifies(lived: Lived) -> None:
    report = verify(lived.engine.store)
    assert report.holds, report.findings[:3]
    assert (report.events, report.cycles) == (lived.year.events, lived.year.cycles)


def test_all_stages_and_statuses_occur_at_the_end(lived: Lived) -> None:
    assert set(lived.year.stages) == STAGES
    assert set(lived.year.statuses) == {status.value for status in Status}


def test_every_kind_of_event_occurs_but_a_change_of_the_programme(lived: Lived) -> None:
    assert set(EVENTS) - {type(r.event).event_name for r in lived.log} == {"ProgrammeChanged"}


def test_every_kind_of_pairing_has_cycles(lived: Lived) -> None:
    assert {cycle.kind for cycle in lived.cycles} == set(PairingKind)


def test_no_cycle_is_without_mentee_and_mentor(lived: Lived) -> None:
    assert all(cycle.mentees and cycle.mentors for cycle in lived.cycles)


def test_debriefs_are_held_in_time_and_late(lived: Lived) -> None:
    late = Counter(r.event.late_by > 0 for r in lived.of(e.DebriefHeld))
    assert late[True] >= 20
    assert late[False] >= 50


def test_side_paths_are_taken_in_the_midst_of_cycles_that_are_completed(lived: Lived) -> None:
    done = [cycle for cycle in lived.cycles if cycle.status is Status.COMPLETED]
    assert any(cycle.pauses for cycle in done)
    assert any(member.until for cycle in done for member in cycle.members)
    assert any(cycle.waived for cycle in done)
    assert any(cycle.next_cycle for cycle in done)
    assert any(len(cycle.completed_observations) > 1 for cycle in done)


def test_a_wrong_list_is_taken_back_as_a_batch(lived: Lived) -> None:
    undone = [r.event for r in lived.of(e.AdvanceUndone)]
    assert any(event.batch for event in undone)
    assert any(event.batch is None for event in undone)


def test_nothing_but_the_office_happens_on_a_day_without_school(lived: Lived) -> None:
    programme = lived.engine.programme()
    for recorded in lived.log:
        if not programme.calendar.is_school_day(programme.day(recorded.recorded_at)):
            assert isinstance(recorded.event, e.SchoolClosed), recorded


def test_when_it_snows_nothing_is_observed_and_the_day_after_is_opened_again(lived: Lived) -> None:
    programme = lived.engine.programme()
    observed = {programme.day(r.event.start) for r in lived.of(e.ObservationCompleted)}
    assert term.SNOW not in observed
    assert not programme.calendar.is_school_day(term.SNOW)
    assert programme.calendar.is_school_day(term.SNOW + timedelta(days=1))


def test_only_the_pair_writes_words(lived: Lived) -> None:
    for recorded in lived.log:
        if any(getattr(recorded.event, name) for name in recorded.event.pair_fields):
            assert recorded.actor.role is Role.PARTICIPANT, recorded


def test_refusals_are_counted_by_many_codes(lived: Lived) -> None:
    refusals = lived.year.refusals
    asked_of_edges = {"goals-set", "goals-agreed", "observations-completed", "reflections-written"}
    asked_of_people = {"not-permitted", "words-of-others", "focus-of-observed", "no-consent", "judgement"}
    asked_of_pairs = {"over-capacity", "mentor-is-evaluator", "already-paired", "not-to-be-paired"}
    assert asked_of_edges | asked_of_people | asked_of_pairs <= set(refusals)
    assert sum(refusals.values()) >= lived.year.refused > 100


def test_the_example_of_a_refusal_names_several_reasons_and_remedies(lived: Lived) -> None:
    reasons = lived.year.example.refusals
    assert len({reason.code for reason in reasons}) >= 3
    assert all(reason.fix for reason in reasons)


def test_the_cycle_to_show_was_paused_handed_on_and_debriefed_late(lived: Lived) -> None:
    cycle = lived.engine.cycle(lived.year.cycle, OFFICE)
    assert cycle.status is Status.COMPLETED
    assert cycle.pauses
    assert any(member.until for member in cycle.members)
    assert any(o.debrief and o.debrief.late_by for o in cycle.observations)


def test_the_cycle_to_show_stood_differently_at_each_of_three_moments(lived: Lived) -> None:
    engine, year = lived.engine, lived.year
    states = [engine.as_of(year.cycle, moment.at, OFFICE) for moment in year.moments]
    seen = {(s.stage, s.status, s.people) for s in states if isinstance(s, Cycle)}
    assert len(seen) == 3
    assert [m.at for m in year.moments] == sorted(m.at for m in year.moments)


def test_progress_is_told_on_every_planned_school_day(lived: Lived) -> None:
    days = term.school_days()
    assert lived.told == [(day, number, len(days)) for number, day in enumerate(days, 1)]
    assert lived.engine.programme().day(lived.clock()) == term.END


def test_the_year_is_not_written_to_a_store_that_holds_another(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'demo.db'}"
    open_demo(url)[0].close()
    with pytest.raises(InvalidInput, match="holds 3 events already"):
        open_demo(url)


def test_a_mentor_who_goes_on_leave_has_no_other_pair() -> None:
    engine, clock = open_demo(seed=19)  # there, the one who is to leave takes on another mentee first
    with engine:
        assert run(engine, clock, 19).cycles > 0
