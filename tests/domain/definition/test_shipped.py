"""peer-cycle version 1 is what docs promise, and another arrangement is as good."""

import subprocess
import sys
from pathlib import Path

import pytest

from mentorcycle.domain.definition import (
    COMPLETED,
    Activity,
    Capacity,
    Trigger,
    load,
    parse,
    shipped,
)
from mentorcycle.domain.errors import NotFound

LESSON_STUDY = Path(__file__).parent / "data" / "lesson-study.toml"


def test_peer_cycle_has_five_stages_with_their_budgets_in_school_days() -> None:
    assert [(stage.name, stage.budget, stage.stalled_after) for stage in shipped().stages] == [
        ("goal-set", 10, 10),
        ("observe", 15, 10),
        ("debrief", 2, 10),
        ("reflect", 10, 10),
        ("celebrate", 10, 10),
    ]
    assert (shipped().initial, shipped().debrief_within, shipped().mentor_capacity) == ("goal-set", 2, 3)


def test_peer_cycle_advances_when_its_requirements_are_met() -> None:
    found, stage = [], shipped().initial
    while edge := shipped().forward(stage):
        found.append((stage, [(use.name, dict(use.parameters)) for use in edge.requires]))
        stage = edge.target
    assert stage == COMPLETED
    assert found == [
        ("goal-set", [("goals-set", {"minimum": 1}), ("goals-agreed", {}), ("baseline-present", {})]),
        ("observe", [("observations-completed", {"minimum": 1})]),
        ("debrief", [("observations-debriefed", {})]),
        ("reflect", [("reflections-written", {"by": "mentees"}), ("goals-assessed", {})]),
        ("celebrate", [("celebrations-recorded", {"minimum": 1, "in_stage": True})]),
    ]


def test_peer_cycle_returns_to_another_observation() -> None:
    back = [(e.source, e.target) for e in shipped().edges if e.trigger is Trigger.RETURN]
    assert back == [("debrief", "observe"), ("reflect", "observe")]


def test_peer_cycle_takes_contacts_celebrations_and_consent_in_every_stage() -> None:
    everywhere = tuple(stage.name for stage in shipped().stages)
    for activity in (Activity.CONTACT, Activity.CELEBRATION, Activity.CONSENT):
        assert shipped().stages_accepting(activity) == everywhere


def test_peer_cycle_takes_a_debrief_between_two_observations() -> None:
    assert shipped().stages_accepting(Activity.DEBRIEF) == ("observe", "debrief")


def test_peer_cycle_uses_every_activity() -> None:
    assert {a for a in Activity if shipped().stages_accepting(a)} == set(Activity)
    assert set(shipped().permissions) == set(Activity)


def test_peer_cycle_leaves_agreements_reflections_and_consent_to_those_concerned() -> None:
    for activity in (Activity.AGREEMENT, Activity.REFLECTION, Activity.CONSENT):
        assert shipped().permitted(activity) == (Capacity.MENTEE, Capacity.MENTOR)
    assert shipped().permitted(Activity.WAIVER) == (Capacity.COORDINATOR,)


def test_the_digest_of_peer_cycle_version_1_is_for_ever() -> None:
    """Cycles pin it. When this fails, the content changed: raise the version instead."""
    assert str(shipped().ref) == "peer-cycle v1"
    assert shipped().ref.digest == "075273ed9db599912a676afb97ea34258f8befc98617564b7192d79e6af6000e"


def test_a_shipped_definition_is_read_once() -> None:
    assert shipped("peer-cycle") is shipped("peer-cycle")


@pytest.mark.parametrize("name", ["peer-cylce", "../definition/model", ""])
def test_an_unknown_shipped_definition_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="no shipped definition is called"):
        shipped(name)


def test_another_arrangement_is_read_as_it_is_written() -> None:
    study = load(LESSON_STUDY)
    assert [stage.name for stage in study.stages] == ["plan", "goal-set", "observe", "reflect", "debrief"]
    assert (study.version, study.initial, study.debrief_within, study.mentor_capacity) == (3, "plan", 5, 8)
    edge = study.edge("plan", "goal-set")
    assert edge is not None
    assert edge.by == (Capacity.COORDINATOR,)
    assert dict(edge.requires[1].parameters) == {"minimum": 2, "minutes": 180}


def test_defaults_of_requirements_are_filled_in() -> None:
    edge = load(LESSON_STUDY).forward("debrief")
    assert edge is not None
    assert dict(edge.requires[2].parameters) == {"minimum": 1, "in_stage": False}


def test_the_text_of_a_definition_makes_the_same_definition_again() -> None:
    for definition in (shipped(), load(LESSON_STUDY)):
        assert parse(definition.source, "the log") == definition


def test_comments_and_layout_do_not_change_the_digest_and_content_does() -> None:
    text = LESSON_STUDY.read_text(encoding="utf-8")
    digest = parse(text, "a").digest
    other = "\n".join(line.split(" # ")[0] for line in text.splitlines() if not line.startswith("#"))
    assert parse(other.replace(" = ", "  =  "), "b").digest == digest
    assert (
        parse(
            text.replace(
                "debrief_within = 5\nmentor_capacity = 8", "mentor_capacity = 8\ndebrief_within = 5"
            ),
            "c",
        ).digest
        == digest
    )
    assert parse(text.replace("budget = 20", "budget = 21"), "d").digest != digest


def test_a_file_saved_with_a_byte_order_mark_and_crlf_is_read(tmp_path: Path) -> None:
    file = tmp_path / "copy.toml"
    file.write_bytes(b"\xef\xbb\xbf" + shipped().source.replace("\n", "\r\n").encode())
    assert load(file).digest == shipped().digest


def test_reading_a_definition_does_not_load_transitions() -> None:
    code = (
        "import sys; from mentorcycle.domain.definition import shipped; shipped(); "
        "sys.exit('transitions' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
