"""The definition's edges as a table, compiled once by `transitions` and then only asked.

For whoever wants every move of a stage by its trigger. The machine is never driven: it has no model, no
callbacks and no guards, so loading a history cannot run anything. `transitions` is imported here alone and
only when a table is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from .model import COMPLETED, Definition, Edge, Trigger

EdgeTable = Mapping[tuple[str, Trigger], tuple[Edge, ...]]
"""The edges of each stage and trigger in the definition's order; a pair without edges is absent."""


@lru_cache(maxsize=64)
def compile_edges(definition: Definition) -> EdgeTable:
    """The table of a definition; one per digest, whoever asks."""
    edges = {(edge.source, edge.target): edge for edge in definition.edges}
    table = {
        (source, Trigger(trigger)): tuple(edges[source, move.dest] for move in moves)
        for trigger, event in build_machine(definition).events.items()
        for source, moves in event.transitions.items()
    }
    return MappingProxyType(table)


def build_machine(definition: Definition) -> Any:
    """A `transitions.Machine` without a model: what the table is read from and tested on."""
    from transitions import Machine, State

    return Machine(
        model=None,
        states=[*(State(stage.name) for stage in definition.stages), State(COMPLETED, final=True)],
        initial=definition.initial,
        transitions=[[edge.trigger.value, edge.source, edge.target] for edge in definition.edges],
        auto_transitions=False,
    )
