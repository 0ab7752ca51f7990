"""A definition drawn: Mermaid for pages that render it, DOT for Graphviz. Text only, nothing is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .catalogue import CATALOGUE
from .model import COMPLETED, Definition, Edge, RequirementUse, Trigger

_MERMAID_WORDS = frozenset({
    "acctitle", "accdescr", "as", "choice", "class", "classdef", "click", "default", "direction", "end", "fork",
    "hide", "href", "join", "note", "root", "root_end", "root_start", "scale", "state", "style",
})  # fmt: skip


def to_mermaid(definition: Definition, present: str | None = None) -> str:
    """A `stateDiagram-v2`; stages with their budgets, edges with what they require, the `present` stage marked."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _mermaid(definition, present))]) + "\n"


def to_dot(definition: Definition, present: str | None = None) -> str:
    """A directed graph; return edges are dashed, the `present` stage is filled."""
    head = f"digraph {_quoted(str(definition.ref))} {{"
    return "\n".join([head, *(f"  {line};" for line in _dot(definition, present)), "}"]) + "\n"


def _mermaid(definition: Definition, present: str | None) -> Iterator[str]:
    for stage in definition.stages:
        yield f'state "{_entities(_caption(stage.title, stage.budget))}" as {_id(stage.name)}'
    yield f"[*] --> {_id(definition.initial)}"
    for edge in definition.edges:
        label = _label(edge)
        yield f"{_id(edge.source)} --> {_id(edge.target)}" + (f" : {label}" if label else "")
    yield f"{COMPLETED} --> [*]"
    if present is not None:
        yield "classDef present fill:#ffd54f,stroke-width:3px"
        yield f"class {_id(present)} present"


def _dot(definition: Definition, present: str | None) -> Iterator[str]:
    yield "rankdir=LR"
    yield "node [shape=box, style=rounded]"
    for stage in definition.stages:
        bold = ", penwidth=2" if stage.name == definition.initial else ""
        yield f"{_quoted(stage.name)} [label={_quoted(_caption(stage.title, stage.budget))}{bold}]"
    yield f"{_quoted(COMPLETED)} [shape=doublecircle]"
    if present is not None:
        yield f'{_quoted(present)} [style="rounded,filled", fillcolor="#ffd54f"]'
    for edge in definition.edges:
        dashed = ", style=dashed" if edge.trigger is Trigger.RETURN else ""
        yield f"{_quoted(edge.source)} -> {_quoted(edge.target)} [label={_quoted(_label(edge))}{dashed}]"


def _caption(title: str, budget: int) -> str:
    return f"{title} ({budget} school day{'' if budget == 1 else 's'})"


def _label(edge: Edge) -> str:
    back = ["return"] if edge.trigger is Trigger.RETURN else []
    return ", ".join([*back, *map(_requirement, edge.requires)])


def _requirement(use: RequirementUse) -> str:
    """The name, with the parameters that say something beyond their defaults."""
    defaults = CATALOGUE[use.name].parameters
    said = [
        f"{key}={value}".lower() for key, value in use.parameters.items() if value != defaults[key].default
    ]
    return " ".join([use.name, *said])


def _id(name: str) -> str:
    """A Mermaid id: no dashes and no word of its grammar; names have no underscores, so ids stay distinct."""
    word = name.replace("-", "_")
    return f"{word}_" if word in _MERMAID_WORDS else word


def _entities(text: str) -> str:
    """Text without characters that Mermaid, or the page around it, could read as its own."""
    return re.sub(r"[^\w .,()'!?+-]", lambda found: f"#{ord(found[0])};", text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
