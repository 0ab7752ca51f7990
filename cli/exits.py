"""Exit codes, and which error ends in which. Not for the words of an error (see `errors`)."""

from __future__ import annotations

from enum import IntEnum
from errno import EDQUOT, EIO, ENOSPC, EROFS

import click

from mentorcycle.domain.errors import (
    Ambiguous,
    CannotJoin,
    CommandReused,
    Conflict,
    HistoryUnreadable,
    InvalidInput,
    MentorcycleError,
    NotFound,
    StoreUnavailable,
    UnknownStore,
    VerificationFailed,
)
from mentorcycle.domain.refusal import Refused, RefusedError


class ExitCode(IntEnum):
    """What a script can tell from how the program ended."""

    DONE = 0
    """Done, or already so."""
    BUG = 1
    USAGE = 2
    """The command line, the environment or a config file is wrong, as a `--db` of no kind; nothing was done."""
    REFUSED = 3
    """Refused by the rules, or bad content of a file; nothing was written."""
    NOT_FOUND = 4
    """A reference names nothing, or more than one thing; a file to be read is not there."""
    CONFLICT = 5
    """Somebody else was first; a retry is safe."""
    PARTIAL = 6
    """Some rows of many were written, or all was but not told: the output could not be written."""
    NOT_PERMITTED = 7
    """Refused, and every reason is a permission."""
    ATTENTION = 8
    """Something needs a person; only with `--exit-code`."""
    VERIFICATION_FAILED = 9
    STORE = 10
    """The store cannot be used, or needs an upgrade."""
    INTERRUPTED = 130
    """Ctrl-C, or a question answered with no."""
    OUTPUT_CLOSED = 141
    """Who read the output stopped reading, as in `mentorcycle list | head`; 128 + SIGPIPE as in git."""


class WrongValue(InvalidInput):
    """An option, argument, variable or setting has a value that cannot be read as what it should be."""


class ConfirmationNeeded(MentorcycleError):
    """There is nobody to ask and `--yes` was not given."""


ENDINGS: dict[type[BaseException], ExitCode] = {
    WrongValue: ExitCode.USAGE,
    UnknownStore: ExitCode.USAGE,
    ConfirmationNeeded: ExitCode.USAGE,
    InvalidInput: ExitCode.REFUSED,
    NotFound: ExitCode.NOT_FOUND,
    Ambiguous: ExitCode.NOT_FOUND,
    Conflict: ExitCode.CONFLICT,
    CommandReused: ExitCode.CONFLICT,
    HistoryUnreadable: ExitCode.STORE,
    StoreUnavailable: ExitCode.STORE,
    CannotJoin: ExitCode.STORE,
    VerificationFailed: ExitCode.VERIFICATION_FAILED,
    click.ClickException: ExitCode.USAGE,
    click.Abort: ExitCode.INTERRUPTED,
    KeyboardInterrupt: ExitCode.INTERRUPTED,
}
"""The nearest class decides; an error that is neither here nor below one of these is a bug."""


def ending(outcome: BaseException | Refused, *, recorded: bool = False) -> ExitCode:
    """The exit code of an error or a refusal; once something was `recorded` none that says that nothing was."""
    code = _ending(outcome)
    return code if not recorded or code in (ExitCode.BUG, ExitCode.INTERRUPTED) else ExitCode.PARTIAL


def _ending(outcome: BaseException | Refused) -> ExitCode:
    if isinstance(outcome, Refused | RefusedError):
        permission_only = all(refusal.permission for refusal in outcome.refusals)
        return ExitCode.NOT_PERMITTED if permission_only else ExitCode.REFUSED
    if isinstance(outcome, OSError) and (code := environment(outcome)) is not None:
        return code
    return next((ENDINGS[kind] for kind in type(outcome).__mro__ if kind in ENDINGS), ExitCode.BUG)


def environment(error: OSError) -> ExitCode | None:
    """The exit code of what a disk or a path named by the person did; None for anything stranger."""
    if error.errno in {EDQUOT, EIO, ENOSPC, EROFS}:
        return ExitCode.STORE
    named = FileNotFoundError | FileExistsError | IsADirectoryError | NotADirectoryError | PermissionError
    return ExitCode.USAGE if error.filename and isinstance(error, named) else None
