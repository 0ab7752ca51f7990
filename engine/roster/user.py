"""One row of `users.csv`, without what is nobody's business, and what is asked of it when it is staff."""

from __future__ import annotations

from typing import NamedTuple

from .address import looks_like_email
from .findings import Findings
from .standing import DELETED

FILE = "users.csv"
LONGEST = 255
_STATUS = ("", "active", "inactive", DELETED)
_YES_NO = ("", "true", "false", "1", "0", "yes", "no")
_NO = ("false", "0", "no")


class User(NamedTuple):
    """A row of `users.csv`, without what is nobody's business."""

    line: int
    id: str
    given: str
    family: str
    status: str
    enabled: str
    username: str
    email: str
    grades: str
    orgs: str

    @property
    def deleted(self) -> bool:
        return self.status.lower() == DELETED

    @property
    def leaves(self) -> bool:
        return self.deleted or self.status.lower() == "inactive" or self.enabled.lower() in _NO


def check_cells(user: User, active: bool, findings: Findings) -> None:
    """Report what is wrong with the cells of a member of staff; of one who leaves, less is asked."""

    def problem(column: str, value: str, what: str, suggestion: str) -> None:
        findings.problem(FILE, user.line, column, value, what, suggestion)

    names = {"givenName": user.given, "familyName": user.family}
    for column, cell in {
        "sourcedId": user.id,
        **names,
        "username": user.username,
        "email": user.email,
    }.items():
        if not cell and active and column in names:
            problem(column, "", "it is empty", "fill it in")
        elif len(cell) > LONGEST:
            problem(column, cell, f"it has {len(cell)} characters, more than {LONGEST}", "shorten it")
    if active and user.email and not looks_like_email(user.email):
        help_ = "write name@school.org, or leave it empty"
        problem("email", user.email, "it is not an e-mail address", help_)
    if user.status.lower() not in _STATUS:
        help_ = "write one of the two, or leave it empty"
        problem("status", user.status, "a status is active or tobedeleted", help_)
    if user.enabled.lower() not in _YES_NO:
        problem("enabledUser", user.enabled, "it is neither true nor false", "write one of the two")
