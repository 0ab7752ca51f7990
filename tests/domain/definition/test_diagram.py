"""Diagrams are texts their languages can read, whatever stages and titles are called.

DOT is read by pydot. Mermaid has no parser in Python: the golden `.mmd` files are texts that mermaid 11.17.2 parsed,
and the grammar below, which is that of the lines we write and stricter than mermaid's, holds every other text.
"""

import itertools
import re
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pydot
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


def read_dot(text: str) -> tuple[dict[str, str], dict[tuple[str, str], dict[str, str]]]:
    """The captions of the nodes, and the attributes of the arrows between them, as Graphviz' language has them."""
    graphs = pydot.graph_from_dot_data(text)
    assert graphs is not None, text
    (graph,) = graphs
    assert graph.get_type() == "digraph"
    captions: dict[str, str] = {}
    for node in graph.get_nodes():
        if node.get_name() != "node":  # what holds for all nodes
            captions.setdefault(unquoted(node.get_name()), unquoted(node.get("label") or ""))
    arrows = {
        (unquoted(edge.get_source()), unquoted(edge.get_destination())): {
            name: unquoted(value) for name, value in edge.get_attributes().items()
        }
        for edge in graph.get_edges()
    }
    assert {end for arrow in arrows for end in arrow} == set(captions)
    return captions, arrows


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def every_reserved_word() -> Definition:
    """Stages called as the words of mermaid's grammar, with titles that could be read as part of it."""
    words = [word.replace("_", "-") for word in sorted(_MERMAID_WORDS)]
    titles = itertools.cycle(
        ['A "quoted" one', "a: b; c", "%% no comment", "{x} <b>", "#35;", "end note", "Ünal ✓"]
    )
    stages = tuple(Stage(word, title, 1, 1, ()) for word, title in zip(words, titles, strict=False))
    ends = itertools.pairwise([*words, COMPLETED])
    edges = tuple(Edge(source, target, Trigger.ADVANCE, ()) for source, target in ends)
    return replace(shipped(), initial=words[0], stages=stages, edges=edges)


GOLDEN = {
    "peer-cycle": (shipped(), None),
    "peer-cycle-at-goal-set": (shipped(), "goal-set"),
    "lesson-study": (LESSON_STUDY, None),
    "every-reserved-word": (every_reserved_word(), None),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_mermaid_is_word_for_word_what_its_parser_accepted(name: str) -> None:
    accepted = (Path(__file__).parent / "data" / f"{name}.mmd").read_text("utf-8")
    assert to_mermaid(*GOLDEN[name]) == accepted


def test_what_is_no_dot_is_not_read() -> None:
    with pytest.raises(AssertionError), redirect_stdout(StringIO()):  # pydot prints what it cannot read
        read_dot(to_dot(shipped()).replace(" -> ", " > ", 1))


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
    captions, arrows = read_dot(to_dot(definition))
    assert set(captions) == {COMPLETED, *(stage.name for stage in definition.stages)}
    assert list(arrows) == [(edge.source, edge.target) for edge in definition.edges]
    for edge in definition.edges:
        attributes = arrows[edge.source, edge.target]
        assert all(use.name in attributes["label"] for use in edge.requires)
        assert (attributes.get("style") == "dashed") == (edge.trigger is Trigger.RETURN)


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
    drawn = {name: f"{title} (1 school day)" for name, title in named.items()}
    assert read_dot(to_dot(definition))[0] == {COMPLETED: "", **drawn}
