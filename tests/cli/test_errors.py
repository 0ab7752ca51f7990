"""The catalogue of errors: each is provoked once and its words are compared."""

import json
from pathlib import Path

import click
import pytest

from mentorcycle.cli.errors import json_line, lines, report
from mentorcycle.cli.exits import ENDINGS, ConfirmationNeeded, ExitCode, WrongValue, ending
from mentorcycle.cli.paste import remedy
from mentorcycle.domain.errors import (
    Ambiguous,
    CommandReused,
    Conflict,
    HistoryUnreadable,
    InvalidInput,
    MentorcycleError,
    NoSuchFile,
    NotFound,
    StoreNeedsUpgrade,
    StoreUnavailable,
    UnknownStore,
)
from mentorcycle.domain.refusal import Refusal, Refused, RefusedError

from .conftest import Desk

WHAT = "c-7f3k cannot move from goal-set to observe"
MEASURE = Refusal(
    "goal-measure",
    WHAT,
    "the goal has no success measure",
    "add a measure to the goal",
    {"cycle": "c-7f3k", "missing": 1},
)
AGREED = Refusal("goals-agreed", WHAT, "B. Karlsson has not agreed the goal.", "B. Karlsson agrees it")
FOREIGN = Refusal("not-a-member", WHAT, "it is another pair's cycle", permission=True)

CATALOGUE: dict[str, tuple[BaseException | Refused, int, str]] = {
    "one refusal": (
        Refused((MEASURE,)),
        3,
        "error: c-7f3k cannot move from goal-set to observe.\n"
        "  why: the goal has no success measure.\n"
        "  fix: add a measure to the goal",
    ),
    "two refusals": (
        RefusedError((MEASURE, AGREED)),
        3,
        "error: c-7f3k cannot move from goal-set to observe.\n"
        "  why: the goal has no success measure; B. Karlsson has not agreed the goal.\n"
        "  fix: add a measure to the goal\n"
        "       B. Karlsson agrees it",
    ),
    "refusals with one remedy name it once": (
        Refused((MEASURE, MEASURE)),
        3,
        "error: c-7f3k cannot move from goal-set to observe.\n"
        "  why: the goal has no success measure; the goal has no success measure.\n"
        "  fix: add a measure to the goal",
    ),
    "a permission": (
        Refused((FOREIGN,)),
        7,
        "error: c-7f3k cannot move from goal-set to observe.\n  why: it is another pair's cycle.",
    ),
    "a permission beside an unmet requirement": (
        Refused((FOREIGN, MEASURE)),
        3,
        "error: c-7f3k cannot move from goal-set to observe.\n"
        "  why: it is another pair's cycle; the goal has no success measure.\n"
        "  fix: add a measure to the goal",
    ),
    "not found": (
        NotFound("person", "karlson", "did you mean B. Karlsson (p-9m2d)?"),
        4,
        "error: no person is called 'karlson'.\n"
        "  why: nothing has that id, name or prefix.\n"
        "  fix: did you mean B. Karlsson (p-9m2d)?",
    ),
    "no file": (
        NoSuchFile("north.csv"),
        4,
        "error: there is no file north.csv.\n  fix: check the path",
    ),
    "no kind of store": (
        UnknownStore("'foo' names no store", "stores are sqlite:///path.db and memory://", "name one"),
        2,
        "error: 'foo' names no store.\n  why: stores are sqlite:///path.db and memory://.\n  fix: name one",
    ),
    "ambiguous": (
        Ambiguous("cycle", "7f3k", ("c-7f3k9 A. Ünal", "c-7f3km T. Okoro")),
        4,
        "error: '7f3k' names more than one cycle.\n"
        "  why: it could be c-7f3k9 A. Ünal, c-7f3km T. Okoro.\n"
        "  fix: type more of it, or use an id: c-7f3k9 or c-7f3km",
    ),
    "an exact name of several": (
        Ambiguous("person", "a ünal", ("p-7f3k A. Ünal", "p-9m2d A. Ünal")),
        4,
        "error: 'a ünal' names more than one person.\n"
        "  why: it could be p-7f3k A. Ünal, p-9m2d A. Ünal.\n"
        "  fix: use an id: p-7f3k or p-9m2d",
    ),
    "an exact name in several cycles": (
        Ambiguous("cycle", "A Ünal", ("c-7f3k A. Ünal / B. Karlsson", "c-9m2d A. Ünal, T. Okoro / S. Lind")),
        4,
        "error: 'A Ünal' names more than one cycle.\n"
        "  why: it could be c-7f3k A. Ünal / B. Karlsson, c-9m2d A. Ünal, T. Okoro / S. Lind.\n"
        "  fix: use an id: c-7f3k or c-9m2d",
    ),
    "nobody like it": (
        NotFound("cycle or person", "zz"),
        4,
        "error: no cycle or person is called 'zz'.\n"
        "  why: nothing has that id, name or prefix.\n"
        "  fix: mentorcycle list\n"
        "       mentorcycle person list",
    ),
    "conflict": (
        Conflict("cycle:c-7f3k", 3, 4),
        5,
        "error: cycle:c-7f3k changed while the decision was taken.\n"
        "  why: version 3 was expected and version 4 was found.\n"
        "  fix: send the command again",
    ),
    "command reused": (
        CommandReused("import-7"),
        5,
        "error: command id 'import-7' was used before for another command.\n"
        "  why: an id stands for one content for ever, so that repeating a command is safe.\n"
        "  fix: use a new id, or send the first content again",
    ),
    "store unavailable": (
        StoreUnavailable("north.db is not a database", "its first bytes are not SQLite's"),
        10,
        "error: north.db is not a database.\n  why: its first bytes are not SQLite's.",
    ),
    "store needs upgrade": (
        StoreNeedsUpgrade(
            "north.db is of schema 1", "this is 2", "open it with the mentorcycle that wrote it"
        ),
        10,
        "error: north.db is of schema 1.\n  why: this is 2.\n  fix: open it with the mentorcycle that wrote it",
    ),
    "history unreadable": (
        HistoryUnreadable(1882, "GoalAgreed.9", "this program knows it up to version 2"),
        10,
        "error: event 1882 (GoalAgreed.9) cannot be read.\n"
        "  why: this program knows it up to version 2.\n"
        "  fix: run: mentorcycle audit verify",
    ),
    "bad content of a file": (
        InvalidInput("roster.csv:3: no e-mail", "", "fill it in"),
        3,
        "error: roster.csv:3: no e-mail.\n  fix: fill it in",
    ),
    "wrong value of an option": (
        WrongValue("'03/04/2026' can be read in two ways", "x or y", "write one"),
        2,
        "error: '03/04/2026' can be read in two ways.\n  why: x or y.\n  fix: write one",
    ),
    "nobody to ask": (
        ConfirmationNeeded("this needs a confirmation", "there is no terminal", "add --yes"),
        2,
        "error: this needs a confirmation.\n  why: there is no terminal.\n  fix: add --yes",
    ),
    "a file that is not there": (
        FileNotFoundError(2, "No such file or directory", "out/report.xlsx"),
        2,
        "error: out/report.xlsx cannot be used.\n  why: No such file or directory.",
    ),
    "a full disk": (
        OSError(28, "No space left on device"),
        10,
        "error: the output cannot be used.\n  why: No space left on device.",
    ),
    "click's own": (click.ClickException("Something is wrong"), 2, "error: something is wrong."),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_error_says_what_why_and_fix(name: str) -> None:
    error, code, words = CATALOGUE[name]
    told = report(error)
    assert ("\n".join(lines(told)), int(told.exit), int(ending(error))) == (words, code, code)


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_error_as_json_is_one_line_with_the_same_facts(name: str) -> None:
    error, code, _ = CATALOGUE[name]
    text = json_line(report(error))
    assert "\n" not in text
    told = json.loads(text)
    assert {"schema", "code", "what", "why", "fix", "facts", "exit"} <= told.keys()
    assert (told["schema"], told["exit"]) == ("mentorcycle/error/1", code)


def test_json_names_every_reason_of_a_refusal() -> None:
    told = json.loads(json_line(report(Refused((MEASURE, FOREIGN)))))
    assert told["code"] == "refused"
    assert told["facts"] == {"cycle": "c-7f3k", "missing": 1}
    assert [(reason["code"], reason["permission"]) for reason in told["reasons"]] == [
        ("goal-measure", False),
        ("not-a-member", True),
    ]
    assert report(Refused((FOREIGN,))).code == "not-permitted"


def test_json_carries_the_facts_of_a_typed_error() -> None:
    told = json.loads(json_line(report(Ambiguous("cycle", "7f", ("c-7f3k", "c-7f9m")))))
    assert told["code"] == "ambiguous"
    assert told["facts"] == {"kind": "cycle", "reference": "7f", "candidates": ["c-7f3k", "c-7f9m"]}


def every_error(kind: type[MentorcycleError] = MentorcycleError) -> list[type[MentorcycleError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in every_error(child))]


def test_no_error_raised_on_purpose_ends_as_a_bug() -> None:
    purposely = [kind for kind in every_error() if kind.__module__.startswith("mentorcycle.")]
    unclassified = [
        kind.__name__
        for kind in purposely
        if kind not in (MentorcycleError, RefusedError) and not any(base in ENDINGS for base in kind.__mro__)
    ]
    assert unclassified == []


@pytest.mark.parametrize(
    "words",
    [
        ("import", "nowhere.csv"),
        ("import", "nowhere.zip"),
        ("import", "nowhere.csv", "--partial", "-n"),
        ("roster", "check", "nowhere.csv"),
        ("roster", "diff", "nowhere.csv"),
        ("pair", "publish", "--from", "nowhere.csv"),
        ("advance", "--from", "nowhere.csv"),
        ("db", "restore", "nowhere.db"),
        ("definition", "check", "nowhere.toml"),
        ("definition", "publish", "nowhere.toml"),
        ("definition", "show", "nowhere.toml"),
    ],
)
def test_a_file_that_is_not_there_ends_the_same_everywhere(desk: Desk, words: tuple[str, ...]) -> None:
    said = desk.refused(4, *words)
    assert "nowhere" in said
    assert "fix:" in said


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("person", "add", "Zed"),
        ("import", "people.csv"),
        ("db", "init"),
        ("db", "restore", "mentorcycle.db"),
        ("demo",),
    ],
)
def test_a_store_of_no_known_kind_is_a_mistake_of_usage_everywhere(
    desk: Desk, words: tuple[str, ...]
) -> None:
    (desk.folder / "people.csv").write_text("external_id,given_name,family_name\n1,Ann,Li\n")
    said = desk.refused(2, *words, "--db", "foo")
    assert "'foo'" in said
    assert "sqlite:///north.db" in said


def test_a_bug_tells_its_kind_and_place_and_withholds_its_words() -> None:
    try:
        _ = {}["I cried in the staff room"]
    except KeyError as error:
        told = report(error)
    assert told.exit == ExitCode.BUG
    assert told.facts["kind"] == "KeyError"
    assert f"{Path(__file__).stem}:" in told.facts["place"]
    assert "cried" not in json_line(told) + "".join(lines(told))


def test_a_template_makes_a_command_to_paste_of_the_facts() -> None:
    templates = {"goal-measure": 'mentorcycle cycle goal {cycle} --measure "…"'}
    assert remedy(MEASURE, templates) == 'mentorcycle cycle goal c-7f3k --measure "…"'


def test_a_fact_with_spaces_or_worse_is_quoted_for_the_shell() -> None:
    refusal = Refusal("x", "what", "why", "fix", {"name": "O'Hara; rm -rf ~"})
    assert remedy(refusal, {"x": "mentorcycle show {name}"}) == "mentorcycle show 'O'\"'\"'Hara; rm -rf ~'"


def test_a_template_without_its_facts_gives_way_to_the_refusals_own_fix() -> None:
    assert remedy(AGREED, {"goals-agreed": "mentorcycle cycle agree {cycle}"}) == "B. Karlsson agrees it"


def test_escape_sequences_in_an_error_reach_no_terminal() -> None:
    told = report(NotFound("person", "\x1b[2Jevil"))
    assert "\x1b" not in "".join(lines(told)) + json_line(told)
