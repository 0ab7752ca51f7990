"""When to ask before writing, and how; never hanging where there is nobody to ask."""

from __future__ import annotations

import sys

import click

from .exits import ConfirmationNeeded, ExitCode
from .text import harmless

ALWAYS = frozenset({"cancel", "migrate", "erase"})
"""Actions that are asked about even for a single cycle."""
MANY = 3
"""Up to that many cycles nothing else is asked about."""


def needs_confirmation(action: str, cycles: int) -> bool:
    """Whether a person has to agree first."""
    return cycles > MANY or (action in ALWAYS and cycles > 0)


def confirm(question: str, *, action: str, cycles: int = 1, yes: bool = False) -> None:
    """Return when the action may go on: agreed, `--yes`, or too small to ask.

    Raise `ConfirmationNeeded` without a terminal; a no ends the program with 130 and nothing written.
    """
    if yes or not needs_confirmation(action, cycles):
        return
    if not (sys.stdin and sys.stdin.isatty()):
        count = f"{cycles} cycles" if cycles != 1 else "one cycle"
        why = f"it is {action} for {count}, and there is no terminal to ask on"
        raise ConfirmationNeeded("this needs a confirmation", why, "add --yes to the same command")
    print(f"{harmless(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        print("nothing was written", file=sys.stderr)
        raise click.exceptions.Exit(ExitCode.INTERRUPTED)
