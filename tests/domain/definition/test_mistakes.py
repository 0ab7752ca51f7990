"""Every mistake in a definition, provoked on a copy of peer-cycle, and the words its author reads."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.domain.definition import (
    CATALOGUE,
    PERSONAL,
    Definition,
    DefinitionInvalid,
    load,
    parse,
    shipped,
)
from mentorcycle.domain.errors import InvalidInput, MentorcycleError, NotFound

TEXT = shipped().source
FIRST_EDGE = (
    'from = "goal-set"\nto = "observe"\ntrigger = "advance"\nby = ["mentee", "mentor", "coordinator"]'
)
LAST_EDGE = 'from = "celebrate"\nto = "completed"\ntrigger = "advance"'
RETURN = 'from = "debrief"\nto = "observe"\ntrigger = "return"'
CELEBRATE = 'activities = ["celebration", "action-step", "consent", "contact"]'
PERMITTED = 'by = ["mentee", "mentor", "coordinator"]'


def problems(text: str) -> list[str]:
    try:
        parse(text, "my.toml")
    except DefinitionInvalid as invalid:
        return [str(problem) for problem in invalid.problems]
    return []


MISTAKES = {
    "syntax": (
        "version = 1 ",
        "version = ",
        ["my.toml: line 8, column 24: this is not TOML: Invalid value; correct the syntax there"],
    ),
    "a key twice": (
        "version = 1 ",
        "version = 1\nversion = 2 ",
        ["my.toml: line 9, column 12: this is not TOML: Cannot overwrite a value; correct the syntax there"],
    ),
    "a missing key": (
        "mentor_capacity = 3",
        "",
        ["my.toml: the key 'mentor_capacity' is missing; add mentor_capacity = …"],
    ),
    "an unknown key": (
        "mentor_capacity = 3",
        "mentor_capacity = 3\nmentor_capacty = 4",
        ["my.toml: the key 'mentor_capacty' is unknown; did you mean 'mentor_capacity'?"],
    ),
    "an unknown key of a stage": (
        "budget = 15",
        "budget = 15\ncolour = 'red'",
        [
            "my.toml: stage 'observe': the key 'colour' is unknown; "
            "use 'activities' or 'budget' or 'name' or 'stalled_after' or 'title'"
        ],
    ),
    "an unknown key of an edge": (
        FIRST_EDGE,
        FIRST_EDGE + "\nrequire = {}",
        ["my.toml: edge 1 (goal-set → observe): the key 'require' is unknown; did you mean 'requires'?"],
    ),
    "a number in words": (
        "budget = 15",
        'budget = "three weeks"',
        ["my.toml: stage 'observe': 'budget' is 'three weeks'; use a whole number from 1 to 1000"],
    ),
    "a truth for a number": (
        "budget = 15",
        "budget = true",
        ["my.toml: stage 'observe': 'budget' is true; use a whole number from 1 to 1000"],
    ),
    "a negative budget": (
        "budget = 15",
        "budget = -15",
        ["my.toml: stage 'observe': 'budget' is -15; use a whole number from 1 to 1000"],
    ),
    "a negative allowance before a debrief is late": (
        "debrief_within = 2",
        "debrief_within = -1",
        ["my.toml: 'debrief_within' is -1; use a whole number from 0 to 1000"],
    ),
    "a title in two lines": (
        'title = "Debrief"',
        'title = "De\\nbrief"',
        [
            "my.toml: stage 'debrief': 'title' is 'De\\nbrief'; "
            "use a text in one line of at most 80 characters"
        ],
    ),
    "a title of spaces": (
        'title = "Debrief"',
        'title = "  "',
        ["my.toml: stage 'debrief': 'title' is '  '; use a text in one line of at most 80 characters"],
    ),
    "a name too long to show": (
        'name = "peer-cycle"',
        f'name = "{"x" * 81}"',
        [
            f"my.toml: 'name' is '{'x' * 79}…; "
            "use a name of lower-case letters, digits and single dashes, of at most 80 characters"
        ],
    ),
    "a name that is no name": (
        'name = "peer-cycle"',
        'name = "Peer Cycle"',
        [
            "my.toml: 'name' is 'Peer Cycle'; use a name of lower-case letters, digits and single dashes, "
            "of at most 80 characters"
        ],
    ),
    "a table for a list": (
        CELEBRATE,
        "activities = { celebration = true }",
        ["my.toml: stage 'celebrate': 'activities' is a table; use a list of words"],
    ),
    "a list for a table": (
        RETURN,
        RETURN + "\nrequires = []",
        ["my.toml: edge 6 (debrief → observe): 'requires' is an empty list; use a table"],
    ),
    "an activity listed twice": (
        CELEBRATE,
        'activities = ["celebration", "contact", "contact"]',
        ["my.toml: stage 'celebrate': 'activities' lists 'contact' twice; list it once"],
    ),
    "an unknown stage in an edge": (
        LAST_EDGE,
        LAST_EDGE.replace('"celebrate"', '"celebrat"'),
        ["my.toml: edge 5 (celebrat → completed): there is no stage 'celebrat'; did you mean 'celebrate'?"],
    ),
    "an unknown target": (
        LAST_EDGE,
        LAST_EDGE.replace('"completed"', '"complete"'),
        ["my.toml: edge 5 (celebrate → complete): there is no stage 'complete'; did you mean 'completed'?"],
    ),
    "an edge out of completion": (
        RETURN,
        'from = "completed"\nto = "observe"\ntrigger = "return"',
        [
            "my.toml: edge 6 (completed → observe): nothing leaves a completed cycle; "
            "remove the edge; reopening needs none"
        ],
    ),
    "a return to completion": (
        RETURN,
        'from = "debrief"\nto = "completed"\ntrigger = "return"',
        [
            "my.toml: edge 6 (debrief → completed): a cycle does not return to its completion; "
            "use the trigger 'advance'"
        ],
    ),
    "an edge back to where it starts": (
        RETURN,
        'from = "debrief"\nto = "debrief"\ntrigger = "return"',
        ["my.toml: edge 6 (debrief → debrief): it leads back to where it starts; name another stage in 'to'"],
    ),
    "an unknown initial stage": (
        'initial = "goal-set"',
        'initial = "goals"',
        ["my.toml: initial: there is no stage 'goals'; did you mean 'goal-set'?"],
    ),
    "an unreachable stage": (
        'initial = "goal-set"',
        'initial = "observe"',
        [
            "my.toml: stage 'goal-set': it cannot be reached from 'observe'; "
            "add an edge to it, or remove the stage"
        ],
    ),
    "a dead end": (
        LAST_EDGE,
        'from = "celebrate"\nto = "reflect"\ntrigger = "advance"',
        [
            f"my.toml: stage '{stage}': 'completed' cannot be reached from it; add an edge that leads on"
            for stage in ("goal-set", "observe", "debrief", "reflect", "celebrate")
        ],
    ),
    "an edge twice": (
        'from = "reflect"\nto = "observe"',
        'from = "debrief"\nto = "observe"',
        ["my.toml: edge 7 (debrief → observe): there is already an edge between the two; keep one"],
    ),
    "two ways forward": (
        RETURN,
        RETURN.replace("return", "advance"),
        [
            "my.toml: edge 6 (debrief → observe): 'debrief' already advances to 'reflect'; "
            "keep one, or give the other the trigger 'return'"
        ],
    ),
    "an unknown trigger": (
        RETURN,
        RETURN.replace("return", "retrun"),
        [
            "my.toml: edge 6 (debrief → observe): 'trigger' has the unknown word 'retrun'; "
            "did you mean 'return'?"
        ],
    ),
    "a stage twice": (
        'name = "celebrate"',
        'name = "reflect"',
        [
            "my.toml: stage 'reflect': 2 stages have this name; keep one",
            "my.toml: edge 4 (reflect → celebrate): there is no stage 'celebrate'; "
            "use 'completed' or 'debrief' or 'goal-set' or 'observe' or 'reflect'",
            "my.toml: edge 5 (celebrate → completed): there is no stage 'celebrate'; "
            "use 'debrief' or 'goal-set' or 'observe' or 'reflect'",
        ],
    ),
    "an unknown requirement": (
        "goals-agreed = {}",
        "goals-agred = {}",
        [
            "my.toml: edge 1 (goal-set → observe): requires: the requirement 'goals-agred' is unknown; "
            "did you mean 'goals-agreed'?"
        ],
    ),
    "an unknown parameter": (
        "goals-set = { minimum = 1 }\ngoals",
        "goals-set = { minmum = 2 }\ngoals",
        [
            "my.toml: edge 1 (goal-set → observe): requires: goals-set: the key 'minmum' is unknown; "
            "did you mean 'minimum'?"
        ],
    ),
    "a parameter out of bounds": (
        "goals-set = { minimum = 1 }\ngoals",
        "goals-set = { minimum = 0 }\ngoals",
        [
            "my.toml: edge 1 (goal-set → observe): requires: goals-set: 'minimum' is 0; "
            "use a whole number from 1 to 100000: how many goals at least"
        ],
    ),
    "a parameter of another type": (
        "minimum = 1, in_stage = true }\n",
        "minimum = 1, in_stage = 'yes' }\n",
        [
            "my.toml: edge 5 (celebrate → completed): requires: celebrations-recorded: 'in_stage' is 'yes'; "
            "use true or false: count only those recorded in the stage that is left"
        ],
    ),
    "a parameter outside its choices": (
        'reflections-written = { by = "mentees" }\n',
        'reflections-written = { by = "mentors" }\n',
        [
            "my.toml: edge 4 (reflect → celebrate): requires: reflections-written: 'by' is 'mentors'; "
            'use "mentees" or "everyone": whose reflections'
        ],
    ),
    "a requirement that is no table": (
        "goals-agreed = {}",
        "goals-agreed = true",
        ["my.toml: edge 1 (goal-set → observe): requires: 'goals-agreed' is true; use a table"],
    ),
    "an unknown activity in a stage": (
        CELEBRATE,
        CELEBRATE.replace("action-step", "action-steps"),
        [
            "my.toml: stage 'celebrate': 'activities' has the unknown word 'action-steps'; "
            "did you mean 'action-step'?"
        ],
    ),
    "an unknown activity with roles": (
        "[activity]",
        "[activity]\ngoals = { by = ['mentee'] }",
        ["my.toml: activity: the activity 'goals' is unknown; did you mean 'goal'?"],
    ),
    "an activity nobody may record": (
        'consent      = { by = ["mentee", "mentor"] }',
        "",
        [
            "my.toml: activity: 'consent' is accepted, but nobody may record it; "
            'add under [activity]: consent = { by = ["mentee", "mentor"] }'
        ],
    ),
    "an activity with an empty list of roles": (
        'consent      = { by = ["mentee", "mentor"] }',
        "consent = { by = [] }",
        [
            "my.toml: activity: consent: nobody may do this; "
            'name who, by = ["mentee", "mentor", "coordinator", "system"]'
        ],
    ),
    "an activity without roles": (
        'consent      = { by = ["mentee", "mentor"] }',
        "consent = {}",
        ["my.toml: activity: consent: the key 'by' is missing; add by = …"],
    ),
    "an edge without roles": (
        RETURN + "\n" + PERMITTED,
        RETURN,
        ["my.toml: edge 6 (debrief → observe): the key 'by' is missing; add by = …"],
    ),
    "an unknown role": (
        'waiver       = { by = ["coordinator"] }',
        'waiver       = { by = ["coordinater"] }',
        ["my.toml: activity: waiver: 'by' has the unknown word 'coordinater'; did you mean 'coordinator'?"],
    ),
    "a reflection by the coordinator": (
        'reflection   = { by = ["mentee", "mentor"] }',
        'reflection   = { by = ["mentee", "coordinator"] }',
        [
            "my.toml: activity: reflection: it is permitted to the coordinator; "
            "only mentees and mentors do this themselves"
        ],
    ),
    "an agreement by the system": (
        'agreement    = { by = ["mentee", "mentor"] }',
        'agreement    = { by = ["mentee", "mentor", "system"] }',
        [
            "my.toml: activity: agreement: it is permitted to the system; "
            "only mentees and mentors do this themselves"
        ],
    ),
    "the focus of a lesson by the coordinator": (
        'focus        = { by = ["mentee", "mentor"] }',
        'focus        = { by = ["mentor", "coordinator"] }',
        [
            "my.toml: activity: focus: it is permitted to the coordinator; "
            "only mentees and mentors do this themselves"
        ],
    ),
    "the focus of a lesson by the system": (
        'focus        = { by = ["mentee", "mentor"] }',
        'focus        = { by = ["system"] }',
        [
            "my.toml: activity: focus: it is permitted to the system; "
            "only mentees and mentors do this themselves",
            "my.toml: activity: focus: edge 2 (observe → debrief) requires 'observations-completed', "
            "and no mentee or mentor may record 'focus'; "
            'add "mentee" or "mentor" to its \'by\', or drop the requirement',
        ],
    ),
    "an agreement of everybody that only mentors may give": (
        'agreement    = { by = ["mentee", "mentor"] }',
        'agreement    = { by = ["mentor"] }',
        [
            "my.toml: activity: agreement: edge 1 (goal-set → observe) requires 'goals-agreed', "
            "and no mentee may record 'agreement'; add \"mentee\" to its 'by', or drop the requirement"
        ],
    ),
    "a reflection of mentees that only mentors may write": (
        'reflection   = { by = ["mentee", "mentor"] }',
        'reflection   = { by = ["mentor"] }',
        [
            "my.toml: activity: reflection: edge 4 (reflect → celebrate) requires 'reflections-written', "
            "and no mentee may record 'reflection'; add \"mentee\" to its 'by', or drop the requirement"
        ],
    ),
    "a goal that is left to the system": (
        'goal         = { by = ["mentee", "mentor", "coordinator"] }',
        'goal         = { by = ["system"] }',
        [
            "my.toml: activity: goal: edge 1 (goal-set → observe) requires 'goals-set', "
            "and no mentee or mentor or coordinator may record 'goal'; "
            'add "mentee", "mentor" or "coordinator" to its \'by\', or drop the requirement'
        ],
    ),
    "a way forward that is left to the system": (
        FIRST_EDGE,
        FIRST_EDGE.replace(PERMITTED, 'by = ["system"]'),
        [
            "my.toml: edge 1 (goal-set → observe): only the system may take it, which advances nothing; "
            'add "mentee", "mentor" or "coordinator" to its \'by\''
        ],
    ),
    "a misspelt role beside one that will not do alone": (
        'agreement    = { by = ["mentee", "mentor"] }',
        'agreement    = { by = ["mentee", "mentr"] }',
        ["my.toml: activity: agreement: 'by' has the unknown word 'mentr'; did you mean 'mentor'?"],
    ),
    "a misspelt role beside the system": (
        FIRST_EDGE,
        FIRST_EDGE.replace(PERMITTED, 'by = ["system", "mentr"]'),
        ["my.toml: edge 1 (goal-set → observe): 'by' has the unknown word 'mentr'; did you mean 'mentor'?"],
    ),
    "a requirement that no earlier stage lets anybody meet": (
        '  "reflection", "assessment",',
        '  "reflection",',
        [
            "my.toml: edge 4 (reflect → celebrate): requires 'goals-assessed': nobody could meet it: "
            "no stage before it accepts 'assessment'; accept 'assessment' in 'reflect', "
            "or drop the requirement"
        ],
    ),
    "a requirement that is met too late": (
        "observations-completed = { minimum = 1 }\n\n",
        "observations-completed = { minimum = 1 }\ngoals-assessed = {}\n\n",
        [
            "my.toml: edge 2 (observe → debrief): requires 'goals-assessed': nobody could meet it: "
            "no stage before it accepts 'assessment'; accept 'assessment' in 'observe', "
            "or drop the requirement"
        ],
    ),
    "an activity that a requirement needs, misspelt": (
        '  "reflection", "assessment",',
        '  "reflection", "asessment",',
        [
            "my.toml: stage 'reflect': 'activities' has the unknown word 'asessment'; "
            "did you mean 'assessment'?"
        ],
    ),
    "an unknown key beside the roles": (
        'consent      = { by = ["mentee", "mentor"] }',
        'consent = { by = ["mentee", "mentor"], to = 3 }',
        ["my.toml: activity: consent: the key 'to' is unknown; use 'by'"],
    ),
    "an edge without an end": (
        FIRST_EDGE,
        FIRST_EDGE.replace('to = "observe"\n', ""),
        ["my.toml: edge 1: the key 'to' is missing; add to = …"],
    ),
    "an edge without a start": (
        RETURN,
        'to = "observe"\ntrigger = "return"',
        ["my.toml: edge 6: the key 'from' is missing; add from = …"],
    ),
    "a celebration wanted in a stage that takes none": (
        CELEBRATE,
        CELEBRATE.replace('"celebration", ', ""),
        [
            "my.toml: edge 5 (celebrate → completed): requires 'celebrations-recorded': "
            "nobody could meet it: the stage it leaves does not accept 'celebration'; "
            "accept 'celebration' in 'celebrate', or drop the requirement"
        ],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_definition_is_refused_for(mistake: str) -> None:
    old, new, expected = MISTAKES[mistake]
    assert TEXT.count(old) == 1
    assert problems(TEXT.replace(old, new)) == expected


NEEDED = sorted({need.activity for spec in CATALOGUE.values() for need in spec.needs} - PERSONAL)
EVERY_REQUIREMENT = TEXT.replace(
    "baseline-present = {}\n", "baseline-present = {}\nexpectations-recorded = {}\ncontacts-logged = {}\n"
)


def permitted(text: str, activity: str, *by: str) -> str:
    """The definition with an activity that only these may record."""
    roles = ", ".join(f'"{role}"' for role in by)
    changed, count = re.subn(
        rf"^{activity} *= {{ by = .*?}}", f"{activity} = {{ by = [{roles}] }}", text, flags=re.M
    )
    assert count == 1
    return changed


@pytest.mark.parametrize("activity", NEEDED)
def test_work_that_a_requirement_needs_is_not_left_to_the_system(activity: str) -> None:
    assert problems(EVERY_REQUIREMENT) == []
    (problem,) = problems(permitted(EVERY_REQUIREMENT, activity, "system"))
    assert problem.startswith(f"my.toml: activity: {activity}: edge ")
    assert f"no mentee or mentor or coordinator may record '{activity}'" in problem


@pytest.mark.parametrize("activity", NEEDED)
def test_any_one_of_the_people_will_do_for_work_that_is_not_everybodys_own(activity: str) -> None:
    for role in ("mentee", "mentor"):
        assert problems(permitted(EVERY_REQUIREMENT, activity, role)) == []


def test_reflections_of_everyone_need_mentees_and_mentors() -> None:
    everyone = TEXT.replace(
        'reflections-written = { by = "mentees" }\ngoals', 'reflections-written = { by = "everyone" }\ngoals'
    )
    assert everyone != TEXT
    assert problems(everyone) == []
    assert problems(permitted(TEXT, "reflection", "mentee")) == []
    (problem,) = problems(permitted(everyone, "reflection", "mentee"))
    assert "and no mentor may record 'reflection'; add \"mentor\" to its 'by'" in problem


def test_a_published_text_is_read_although_it_would_not_be_published_any_more() -> None:
    """As peer-cycle was before the focus became the participants' own; and where nobody could leave a stage."""
    for old in (permitted(TEXT, "focus", "mentee", "coordinator"), permitted(TEXT, "goal", "system")):
        assert problems(old)
        assert parse(old, "log", published=True).digest


def test_what_no_requirement_asks_for_may_be_anybodys() -> None:
    unasked = TEXT.replace("goals-agreed = {}\n", "")
    assert problems(permitted(unasked, "agreement", "mentor")) == []
    assert problems(permitted(TEXT, "contact", "system")) == []


@pytest.mark.parametrize("status", ["active", "paused", "cancelled", "completed"])
def test_a_stage_is_not_called_like_a_status(status: str) -> None:
    found = problems(TEXT.replace('"reflect"', f'"{status}"'))
    assert (
        found[0] == f"my.toml: stage '{status}': '{status}' is the name of a status; call the stage otherwise"
    )


def test_all_mistakes_are_told_at_once() -> None:
    text = TEXT.replace("budget = 15", "budget = 0").replace("goals-agreed = {}", "goals-agred = {}")
    text = text.replace('to = "completed"', 'to = "complete"').replace('["coordinator"]', '["principal"]')
    with pytest.raises(DefinitionInvalid) as raised:
        parse(text, "my.toml")
    assert len(raised.value.problems) == 4
    assert raised.value.what == "the definition my.toml cannot be used"
    assert raised.value.why.startswith("it has 4 problems:\n  my.toml: stage 'observe': 'budget' is 0;")
    assert all(str(problem) in str(raised.value) for problem in raised.value.problems)


def test_an_empty_file_is_told_every_key_it_lacks() -> None:
    keys = ["name", "version", "title", "initial", "debrief_within", "mentor_capacity", "stage", "edge"]
    assert problems("") == [f"my.toml: the key {key!r} is missing; add {key} = …" for key in keys]


def test_stages_and_edges_are_tables_and_not_none() -> None:
    head, stages = TEXT[: TEXT.index("# Stages.")], TEXT[TEXT.index("# Stages.") : TEXT.index("# Edges")]
    assert "my.toml: 'stage' is a list; use tables, each under [[stage]]" in problems(head + "stage = [1]\n")
    assert "my.toml: 'edge' is an empty list; use tables, each under [[edge]]" in problems(
        head + "edge = []\n" + stages
    )


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000, "a = 2026-13-45", "\x00"])
def test_hostile_text_is_a_problem_and_not_a_crash(text: str) -> None:
    assert problems(text)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "none.toml")


def test_a_folder_is_no_definition(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(tmp_path)


def test_more_stages_than_anybody_could_follow_are_refused() -> None:
    found = problems(TEXT + "[[stage]]\n" * 200)
    assert "my.toml: there are 205 tables [[stage]]; use at most 100" in found
    assert len(found) < 1000


def test_a_file_in_another_encoding_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes('title = "Präzise"'.encode("latin-1"))
    with pytest.raises(DefinitionInvalid) as raised:
        load(file)
    assert [str(p) for p in raised.value.problems] == [
        "latin.toml: the file is not UTF-8 text; save it as UTF-8"
    ]


def test_an_invalid_definition_is_an_error_of_ours() -> None:
    assert issubclass(DefinitionInvalid, MentorcycleError)


LEAVES = st.sampled_from(["goal-set", "completed", "mentor", "goal", "advance", "", "x", 0, 1, -1, True, 0.5])
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "by", "from", "to", "goals-set", "minimum", "goal"]), inner
        )
    ),
    max_leaves=6,
)


def toml(value: Any) -> str:
    """A value as inline TOML; JSON's way of writing texts is TOML's too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )


@given(st.data())
def test_any_damage_is_told_as_problems(data: st.DataObject) -> None:
    """Parts of a good definition, however deep, are replaced: nothing but problems may come of it."""
    content: Any = tomllib.loads(TEXT)
    for _ in range(data.draw(st.integers(1, 3))):
        place = content
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.booleans()):
                place = place[key]
                continue
            place[key] = data.draw(VALUES)
            break
    text = "\n".join(f'"{key}" = {toml(value)}' for key, value in content.items())
    try:
        assert isinstance(parse(text, "my.toml"), Definition)
    except DefinitionInvalid as invalid:
        assert invalid.problems  # noqa: PT017 -- either outcome is fine
