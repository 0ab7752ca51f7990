"""Commands to paste, by the code of a refusal: what would help, with the facts of the case filled in.

A template names facts in braces; values are quoted for the shell. Where there is none, or a fact is
missing, the refusal's own words stand.
"""

from __future__ import annotations

from collections.abc import Mapping

from mentorcycle.domain.refusal import Fact, Refusal

PASTE: dict[str, str] = {}
"""Code to template, e.g. `"goals-set": 'mentorcycle cycle goal {cycle} --measure "…" --target 80 --unit percent'`."""


def remedy(refusal: Refusal, templates: Mapping[str, str] = PASTE) -> str:
    """A command for the shell, or the refusal's own fix."""
    template = templates.get(refusal.code)
    if template is None:
        return refusal.fix
    try:
        return template.format_map({name: _quoted(fact) for name, fact in refusal.facts.items()})
    except KeyError:
        return refusal.fix


def _quoted(fact: Fact) -> str:
    from shlex import quote

    return quote(str(fact))
