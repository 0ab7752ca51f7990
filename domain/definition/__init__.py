"""What a cycle is made of, as data: read, checked, asked, drawn."""

from .catalogue import CATALOGUE, ParameterSpec, RequirementSpec
from .diagram import to_dot, to_mermaid
from .loader import load, parse, shipped
from .machine import EdgeTable, compile_edges
from .model import (
    COMPLETED,
    PERSONAL,
    RESERVED,
    Activity,
    Capacity,
    Definition,
    DefinitionRef,
    Edge,
    Parameter,
    RequirementUse,
    Stage,
    Trigger,
)
from .problems import DefinitionInvalid, Problem

__all__ = [
    "CATALOGUE",
    "COMPLETED",
    "PERSONAL",
    "RESERVED",
    "Activity",
    "Capacity",
    "Definition",
    "DefinitionInvalid",
    "DefinitionRef",
    "Edge",
    "EdgeTable",
    "Parameter",
    "ParameterSpec",
    "Problem",
    "RequirementSpec",
    "RequirementUse",
    "Stage",
    "Trigger",
    "compile_edges",
    "load",
    "parse",
    "shipped",
    "to_dot",
    "to_mermaid",
]
