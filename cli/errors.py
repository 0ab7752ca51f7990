"""An error as people and programs read it: what, why, fix. Not for exit codes (see `exits`).

In JSON it is one line on stderr: `{"schema": "mentorcycle/error/1", "code", "what", "why", "fix": […], "facts": {…},
"exit": 3}`, and a refusal lists its `reasons`, each with a code, what, why, fix, facts and permission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import click
from click.exceptions import NoSuchCommand, NoSuchOption

from mentorcycle.domain.errors import MentorcycleError
from mentorcycle.domain.refusal import Refusal, Refused, RefusedError

from .exits import ExitCode, ending, environment
from .lazy import LazyGroup, suggest
from .paste import fixes_for, remedies, remedy
from .text import harmless, paint

SCHEMA = "error/1"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything said about one error. `code` is stable; `fixes` are commands to paste, or advice."""

    code: str
    exit: ExitCode
    what: str
    why: str = ""
    fixes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[Mapping[str, Any], ...] = ()


def report(error: BaseException | Refused) -> Report:
    """What is to be said; of an unforeseen error only its kind and place, for its text may hold words."""
    match error:
        case Refused(refusals) | RefusedError(refusals=refusals):
            return _refused(refusals, ending(error))
        case MentorcycleError():
            return Report(
                _kebab(error), ending(error), error.what, error.why, fixes_for(error), _facts(error)
            )
        case click.UsageError():
            return _usage(error)
        case click.ClickException():
            return Report(_kebab(error), ending(error), _lowered(error.format_message()))
        case OSError() if (code := environment(error)) is not None:
            what = f"{error.filename or 'the output'} cannot be used"
            return Report("file", code, what, error.strerror or "")
        case _:
            return _bug(error)


def after(report: Report, code: int, recorded: str) -> Report:
    """The same of a command that had recorded something by then, if it had."""
    if not recorded:
        return report
    return replace(report, exit=ExitCode(code), facts={**report.facts, "recorded": recorded})


def completed(report: Report, with_store: Callable[[str], str]) -> Report:
    """The same, with the store that is meant in every command that is a fix."""
    return replace(
        report,
        fixes=tuple(map(with_store, report.fixes)),
        reasons=tuple({**reason, "fix": with_store(reason["fix"])} for reason in report.reasons),
    )


def lines(report: Report, *, labels: Mapping[str, str] | None = None, colour: bool = False) -> Iterator[str]:
    """Three lines, or more where there is more than one fix; full ids become the labels people know."""

    def said(text: str) -> str:
        for full, label in (labels or {}).items():
            text = text.replace(full, label)
        return harmless(text)

    yield f"{paint('error:', 'red', on=colour)} {said(_stopped(report.what))}"
    if report.why:
        yield f"  why: {said(_stopped(report.why))}"
    for number, fix in enumerate(report.fixes):
        yield f"{'       ' if number else '  fix: '}{said(fix)}"


def json_line(report: Report) -> str:
    """The error as one JSON document."""
    from .formats import json_text, schema_name

    fields: dict[str, Any] = {
        "schema": schema_name(SCHEMA),
        "code": report.code,
        "what": report.what,
        "why": report.why,
        "fix": list(report.fixes),
        "facts": dict(report.facts),
        "exit": int(report.exit),
    }
    return json_text({**fields, "reasons": list(report.reasons)} if report.reasons else fields)


def _refused(refusals: tuple[Refusal, ...], exit_code: ExitCode) -> Report:
    return Report(
        code="not-permitted" if exit_code is ExitCode.NOT_PERMITTED else "refused",
        exit=exit_code,
        what=refusals[0].what,
        why="; ".join(_unstopped(refusal.why) for refusal in refusals),
        fixes=tuple(dict.fromkeys(fix for refusal in refusals for fix in remedies(refusal))),
        facts={name: fact for refusal in reversed(refusals) for name, fact in refusal.facts.items()},
        reasons=tuple(map(_reason, refusals)),
    )


def _reason(refusal: Refusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "what": refusal.what,
        "why": refusal.why,
        "fix": remedy(refusal),
        "facts": dict(refusal.facts),
        "permission": refusal.permission,
    }


def _usage(error: click.UsageError) -> Report:
    context = error.ctx
    what, why = error.format_message(), ""
    fixes: tuple[str, ...] = ()
    if context is not None:
        why = " ".join(context.get_usage().split())
        fixes = (f"{context.command_path} --help",)
        root = context.find_root()
        if isinstance(error, NoSuchCommand) and isinstance(root.command, LazyGroup):
            what, why = error.message, "nothing here has that name"
            meant = suggest(root.command.tree, error.command_name)
            fixes = tuple(f"{root.info_name} {path}" for path in meant) or fixes
        elif isinstance(error, NoSuchOption) and error.possibilities:
            what, why = error.message, f"did you mean {' or '.join(error.possibilities)}?"
    return Report("usage", ExitCode.USAGE, _lowered(what), _lowered(why), fixes)


def _bug(error: BaseException) -> Report:
    kind, place = type(error).__qualname__, _place(error.__traceback__)
    return Report(
        "bug",
        ExitCode.BUG,
        f"this is a bug in mentorcycle: {kind} at {place}",
        "its message is not shown, because it may hold the words of a participant",
        ("run the same command with MENTORCYCLE_DEBUG=1 in front to see the traceback, and report it",),
        {"kind": kind, "place": place},
    )


def _place(traceback: TracebackType | None) -> str:
    """Module and line of the last step that was ours, else of the last step."""
    steps = [(step.tb_frame.f_globals.get("__name__", "?"), step.tb_lineno) for step in _steps(traceback)]
    ours = [step for step in steps if step[0].startswith("mentorcycle.")]
    return "{}:{}".format(*(ours or steps or [("an unknown place", 0)])[-1])


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _facts(error: MentorcycleError) -> dict[str, Any]:
    return {name: value for name, value in vars(error).items() if name not in {"what", "why", "fix"}}


def _kebab(error: BaseException) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _unstopped(text: str) -> str:
    return text.rstrip(".")


def _stopped(text: str) -> str:
    ended = text.endswith((".", "?", "!", "…")) or text.startswith("usage: ")
    return text if ended else f"{text}."
