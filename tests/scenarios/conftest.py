"""The story that most scenarios begin in: Ada Ünal is mentored by Bo Karlsson, from stage to stage.

Every fixture is a scenario that has come so far; the facts are literal.
"""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import (
    BaselineRecorded,
    CelebrationHeld,
    CycleAdvanced,
    CycleOpened,
    DebriefHeld,
    FocusAgreed,
    GoalAgreed,
    GoalAssessed,
    GoalSet,
    ObservationCompleted,
    PairingPublished,
    Participant,
    ReflectionWritten,
)
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    Direction,
    MeasureSource,
    Mode,
    PairingKind,
    Size,
    TeachingArea,
    Unit,
)
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

PEOPLE = {"ada": "Ada Ünal", "bo": "Bo Karlsson", "cy": "Cy Lind", "di": "Di Okoro"}
ADA_AND_BO = (Participant("ada", mentee=True), Participant("bo", mentor=True))


@pytest.fixture
def people() -> Scenario:
    return Scenario.of(PEOPLE)


@pytest.fixture
def paired(people: Scenario) -> Scenario:
    return people.given(PairingPublished(pairing="q-ada-bo", kind=PairingKind.PAIR, participants=ADA_AND_BO))


@pytest.fixture
def opened(paired: Scenario) -> Scenario:
    """In goal-set since Monday 2 March 2026; due on Monday 16 March."""
    return paired.given(
        CycleOpened(
            programme="main",
            pairing="q-ada-bo",
            kind=PairingKind.PAIR,
            participants=ADA_AND_BO,
            definition="peer-cycle",
            definition_version=1,
            definition_digest=shipped().digest,
            stage="goal-set",
        )
    )


@pytest.fixture
def agreed(opened: Scenario) -> Scenario:
    """A goal with measure, target and baseline, agreed by both on Thursday 5 March: ready to advance."""
    return (
        opened.given(
            GoalSet(
                goal="g1",
                area=TeachingArea.ENGAGEMENT,
                measured=True,
                unit=Unit.PERCENT,
                target=80.0,
                direction=Direction.INCREASE,
                statement=Words(text="More pupils speak."),
                measure=Words(text="Pupils who speak at least once."),
            ),
            by="ada",
            on="2026-03-03",
        )
        .given(
            BaselineRecorded(goal="g1", value=45.0, on=date(2026, 3, 4), source=MeasureSource.OBSERVATION),
            by="ada",
            on="2026-03-04",
        )
        .given(GoalAgreed(goal="g1", person="ada"), by="ada", on="2026-03-05")
        .given(GoalAgreed(goal="g1", person="bo"), by="bo", on="2026-03-05")
    )


@pytest.fixture
def observing(agreed: Scenario) -> Scenario:
    """In observe since Monday 9 March; due on Monday 30 March."""
    advanced = CycleAdvanced(source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16))
    return agreed.given(advanced, by="ada", on="2026-03-09")


@pytest.fixture
def planned(observing: Scenario) -> Scenario:
    """The focus of observation o1 was agreed on Tuesday 10 March: Bo will observe Ada."""
    focus = FocusAgreed(
        observation="o1",
        observer="bo",
        observed="ada",
        focus=Words(text="Who answers?"),
        method=Words(text="verbal-flow"),
    )
    return observing.given(focus, by="ada", on="2026-03-10")


@pytest.fixture
def observed(planned: Scenario) -> Scenario:
    """Bo observed Ada on Wednesday 11 March, 9:00 to 9:45."""
    seen = ObservationCompleted(
        observation="o1",
        observer="bo",
        observed="ada",
        start=datetime(2026, 3, 11, 9, tzinfo=UTC),
        minutes=45,
        mode=Mode.IN_PERSON,
        evidence=(Words(text="12 of 24 pupils spoke."),),
    )
    return planned.given(seen, by="bo", on="2026-03-11")


@pytest.fixture
def debriefing(observed: Scenario) -> Scenario:
    """In debrief since Wednesday 11 March; due on Friday 13 March."""
    advanced = CycleAdvanced(source="observe", target="debrief", definition_version=1, due=date(2026, 3, 30))
    return observed.given(advanced, by="bo", on="2026-03-11")


@pytest.fixture
def debriefed(debriefing: Scenario) -> Scenario:
    """The debrief was held on Thursday 12 March; Ada has an action step, s1."""
    held = DebriefHeld(
        observation="o1",
        held=datetime(2026, 3, 12, 15, tzinfo=UTC),
        minutes=30,
        mode=Mode.IN_PERSON,
        first_speaker="ada",
        step="s1",
        step_owner="ada",
        check_back=date(2026, 3, 26),
        strengths=(Words(text="Wait time."),),
        action_step=Words(text="Ask each row."),
    )
    return debriefing.given(held, by="bo", on="2026-03-12")


@pytest.fixture
def reflecting(debriefed: Scenario) -> Scenario:
    """In reflect since Friday 13 March; due on Friday 27 March."""
    advanced = CycleAdvanced(source="debrief", target="reflect", definition_version=1, due=date(2026, 3, 13))
    return debriefed.given(advanced, by="bo", on="2026-03-13")


@pytest.fixture
def celebrating(reflecting: Scenario) -> Scenario:
    """In celebrate since Friday 20 March: Ada has reflected, her goal is partly met."""
    return (
        reflecting.given(
            ReflectionWritten(person="ada", reflection=Words(text="I wait longer.")),
            by="ada",
            on="2026-03-18",
        )
        .given(GoalAssessed(goal="g1", assessment=Assessment.PARTLY, value=65.0), by="ada", on="2026-03-19")
        .given(
            CycleAdvanced(source="reflect", target="celebrate", definition_version=1, due=date(2026, 3, 27)),
            by="ada",
            on="2026-03-20",
        )
    )


@pytest.fixture
def completed(celebrating: Scenario) -> Scenario:
    """Completed on Tuesday 24 March."""
    celebration = CelebrationHeld(
        celebration="b1", stage="celebrate", size=Size.SMALL, audience=Audience.PAIR
    )
    advanced = CycleAdvanced(
        source="celebrate", target="completed", definition_version=1, due=date(2026, 4, 3)
    )
    return celebrating.given(celebration, advanced, by="ada", on="2026-03-24")
