"""What many results come to: one exit code that tells all from some and from none, and why none."""

import pytest

from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.many import Line, Run
from mentorcycle.domain.errors import Ambiguous, Conflict, MentorcycleError, NotFound, StoreUnavailable
from mentorcycle.domain.refusal import Refusal, Refused

UNMET = Refused((Refusal("goals-set", "it cannot move", "no goal is set"),))
FORBIDDEN = Refused((Refusal("not-permitted", "it cannot move", "it is another's", permission=True),))


def line(outcome: str | Refused | MentorcycleError) -> Line:
    made = Line("c-1")
    match outcome:
        case Refused():
            made.refuse(outcome)
        case MentorcycleError():
            made.fail(outcome)
        case _:
            made.outcome = outcome
    return made


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], ExitCode.DONE),
        (["done", "already-so"], ExitCode.DONE),
        (["dry-run", "dry-run"], ExitCode.DONE),
        (["done", "not-ready"], ExitCode.DONE),
        (["done", UNMET], ExitCode.PARTIAL),
        (["already-so", UNMET], ExitCode.PARTIAL),
        (["done", NotFound("cycle", "x")], ExitCode.PARTIAL),
        ([UNMET, UNMET], ExitCode.REFUSED),
        ([FORBIDDEN, FORBIDDEN], ExitCode.NOT_PERMITTED),
        ([FORBIDDEN, UNMET], ExitCode.REFUSED),
        ([Conflict("cycle:c-1", 1, 2)], ExitCode.CONFLICT),
        ([NotFound("cycle", "x"), Ambiguous("cycle", "y", ("a", "b"))], ExitCode.NOT_FOUND),
        ([StoreUnavailable("the disk is full")], ExitCode.STORE),
        ([StoreUnavailable("the disk is full"), UNMET], ExitCode.REFUSED),
    ],
)
def test_the_exit_code_of_many(outcomes: list[str | Refused | MentorcycleError], code: ExitCode) -> None:
    assert Run("b-1", [line(outcome) for outcome in outcomes]).ending == code


def test_those_that_are_not_ready_are_refused_when_nobody_is() -> None:
    left_out = line(UNMET)
    left_out.outcome = "not-ready"
    assert Run("b-1", [left_out]).ending == ExitCode.REFUSED


def test_an_interruption_is_130_whatever_was_done() -> None:
    assert Run("b-1", [line("done"), line("not-done")], interrupted=True).ending == ExitCode.INTERRUPTED


def test_a_line_says_why_and_what_helps_whatever_happened() -> None:
    assert line(UNMET).why == "no goal is set"
    assert line(Conflict("cycle:c-1", 1, 2)).fix == ["send the command again"]
    assert line(NotFound("cycle", "x")).outcome == "not-found"
    assert (line("done").why, line("done").fix) == ("", [])
