"""What a cycle is made of, as data: read, checked, asked, drawn."""

from .catalogue import CATALOGUE, ParameterSpec, RequirementSpec
from .loader import load, parse, shipped
from .model import (
    COMPLETED,
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
    "RESERVED",
    "Activity",
    "Capacity",
    "Definition",
    "DefinitionInvalid",
    "DefinitionRef",
    "Edge",
    "Parameter",
    "ParameterSpec",
    "Problem",
    "RequirementSpec",
    "RequirementUse",
    "Stage",
    "Trigger",
    "load",
    "parse",
    "shipped",
]
