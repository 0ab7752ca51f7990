"""Diagrams are texts their languages can read, whatever stages and titles are called.

The grammars below are those of the lines we write, strict; the real parsers (mermaid 11, pydot 4) were
asked once, with every reserved word as a stage, and agreed.
"""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.domain.definition import (
    COMPLETED,
    Definition,
    Edge,
    Stage,
    Trigger,
    load,
    shipped,
    to_dot,
    to_mermaid,
)
from mentorcycle.domain.definition.diagram import _MERMAID_WORDS

LESSON_STUDY = load(Path(__file__).parent / "data" / "lesson-study.toml")
both = pytest.mark.parametrize("definition", [shipped(), LESSON_STUDY], ids=lambda d: d.name)

WORD = r"[a-z][a-z0-9_]*"
NOTE = r"(?: : (?P<label>[^:;\n]+))?"  # Mermaid ends a description at a colon, a semicolon or a new line
STATE = re.compile(rf'    state "(?P<title>(?:[^"#;:%{{}}<>\n]|#\d+;)*)" as (?P<id>{WORD})')
MOVE = re.compile(rf"    (?P<source>\[\*\]|{WORD}) --> (?P<target>\[\*\]|{WORD}){NOTE}")

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
ATTRIBUTES = rf"\[(?:\w+=(?:{QUOTED}|\w+)(?:, (?=\w)|(?=\])))+\]"
NODE = re.compile(rf"  (?P<id>{QUOTED}) {ATTRIBUTES};")
ARROW = re.compile(rf"  (?P<source>{QUOTED}) -> (?P<target>{QUOTED}) (?P<attributes>{ATTRIBUTES});")


def read_mermaid(text: str) -> tuple[dict[str, str], list[tuple[str, str, str | None]]]:
    """The titles of the states by id, and the moves; every line has to be one or the other."""
    head, *lines = text.removesuffix("\n").split("\n")
    assert head == "stateDiagram-v2"
    titles: dict[str, str] = {}
    moves: list[tuple[str, str, str | None]] = []
    for line in lines:
        if state := STATE.fullmatch(line):
            assert state["id"] not in titles
            titles[state["id"]] = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), state["title"])
        else:
            move = MOVE.fullmatch(line)
            assert move, line
            moves.append((move["source"], move["target"], move["label"]))
    ends = {end for move in moves for end in move[:2]}
    assert ends == {"[*]", COMPLETED, *titles}
    assert not ends & _MERMAID_WORDS
    return titles, moves


def read_dot(text: str) -> tuple[set[str], dict[tuple[str, str], str]]:
    """The nodes, and the attributes of the arrows between them."""
    head, rank, style, *lines, tail = text.removesuffix("\n").split("\n")
    assert re.fullmatch(rf"digraph {QUOTED} {{", head)
    assert (rank, style, tail) == ("  rankdir=LR;", "  node [shape=box, style=rounded];", "}")
    nodes: set[str] = set()
    arrows: dict[tuple[str, str], str] = {}
    for line in lines:
        if arrow := ARROW.fullmatch(line):
            arrows[arrow["source"].strip('"'), arrow["target"].strip('"')] = arrow["attributes"]
        else:
            node = NODE.fullmatch(line)
            assert node, line
            nodes.add(node["id"].strip('"'))
    assert {end for arrow in arrows for end in arrow} == nodes
    return nodes, arrows


def test_peer_cycle_in_mermaid() -> None:
    assert (
        to_mermaid(shipped())
        == """\
stateDiagram-v2
    state "Set goals (10 school days)" as goal_set
    state "Observe a lesson (15 school days)" as observe
    state "Debrief (2 school days)" as debrief
    state "Reflect (10 school days)" as reflect
    state "Celebrate (10 school days)" as celebrate
    [*] --> goal_set
    goal_set --> observe : goals-set, goals-agreed, baseline-present
    observe --> debrief : observations-completed
    debrief --> reflect : observations-debriefed
    reflect --> celebrate : reflections-written, goals-assessed
    celebrate --> completed : celebrations-recorded
    debrief --> observe : return
    reflect --> observe : return
    completed --> [*]
"""
    )


@both
def test_mermaid_shows_every_edge_with_its_requirements(definition: Definition) -> None:
    _, moves = read_mermaid(to_mermaid(definition))
    assert len(moves) == len(definition.edges) + 2
    for edge in definition.edges:
        ends = (edge.source.replace("-", "_"), edge.target)
        (label,) = [
            label or "" for source, target, label in moves if (source, target.replace("_", "-")) == ends
        ]
        assert all(use.name in label for use in edge.requires)
        assert label.startswith("return") == (edge.trigger is Trigger.RETURN)


@both
def test_dot_shows_every_edge_with_its_requirements_and_dashes_returns(definition: Definition) -> None:
    nodes, arrows = read_dot(to_dot(definition))
    assert nodes == {COMPLETED, *(stage.name for stage in definition.stages)}
    assert list(arrows) == [(edge.source, edge.target) for edge in definition.edges]
    for edge in definition.edges:
        attributes = arrows[edge.source, edge.target]
        assert all(use.name in attributes for use in edge.requires)
        assert ("style=dashed" in attributes) == (edge.trigger is Trigger.RETURN)


def test_a_drawing_can_mark_the_present_stage() -> None:
    assert to_mermaid(shipped(), "goal-set").endswith(
        "    classDef present fill:#ffd54f,stroke-width:3px\n    class goal_set present\n"
    )
    assert '  "completed" [style="rounded,filled", fillcolor="#ffd54f"];' in to_dot(shipped(), COMPLETED)


def test_parameters_are_shown_where_they_differ_from_their_defaults() -> None:
    for text in (to_mermaid(LESSON_STUDY), to_dot(LESSON_STUDY)):
        assert "contacts-logged minimum=2 minutes=180" in text
        assert "celebrations-recorded in_stage=false" in text
        assert "minimum" not in to_dot(shipped())


names = st.from_regex(r"[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,4}){0,2}", fullmatch=True) | st.sampled_from(
    sorted(word.replace("_", "-") for word in _MERMAID_WORDS)
)
titles = st.text(min_size=1, max_size=20).filter(str.isprintable)


def test_dot_escapes_quotes_and_backslashes() -> None:
    stage = Stage("plan", 'a "b" \\n \\', 1, 1, ())
    definition = replace(shipped(), initial="plan", stages=(stage,), edges=())
    assert (
        '  "plan" [label="a \\"b\\" \\\\n \\\\ (1 school day)", penwidth=2];'
        in to_dot(definition).splitlines()
    )


@given(st.dictionaries(names.filter(lambda name: name != COMPLETED), titles, min_size=1, max_size=6))
def test_any_name_and_title_can_be_drawn(named: dict[str, str]) -> None:
    stages = tuple(Stage(name, title, 1, 1, ()) for name, title in named.items())
    chain = itertools.pairwise([*named, COMPLETED])
    edges = tuple(Edge(source, target, Trigger.ADVANCE, ()) for source, target in chain)
    definition = replace(shipped(), initial=next(iter(named)), stages=stages, edges=edges)
    captions, moves = read_mermaid(to_mermaid(definition))
    assert [*captions.values()] == [f"{title} (1 school day)" for title in named.values()]
    assert len(moves) == len(edges) + 2
    assert read_dot(to_dot(definition))[0] == {COMPLETED, *named}
