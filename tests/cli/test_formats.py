"""Every command in every format, on a small store: what a format can carry never depends on the command."""

import csv
import io
import json
import shlex
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from mentorcycle.cli.columns import Column
from mentorcycle.cli.formats import json_record, json_rows, jsonl_rows
from mentorcycle.cli.lazy import leaves
from mentorcycle.cli.main import cli
from mentorcycle.cli.registry import TREE
from mentorcycle.cli.session import FORMATS

from .conftest import Desk

LESSON_STUDY = Path(__file__).parents[1] / "domain" / "definition" / "data" / "lesson-study.toml"
FILES = {
    "people.csv": "external_id,given_name,family_name\n7,Nils,Berg\n",
    "more.csv": "external_id,given_name,family_name\n8,Elsa,Falk\n",
    "pairs.csv": "mentee,mentor\nMira Nasser,Sara Lind\n",
}
TERM = """
import people.csv
roster template
roster check people.csv
roster diff people.csv
roster import more.csv
person add "Ture Ek" --username ture
person change ture --capacity 3
person add "Ture Eck" --username eck
person merge ture eck
person evaluator ture lind
person keep-apart ture lind
person leave ture --reason leave
person return ture
pair publish --from pairs.csv
pair list
pair end nasser
cycle open unal
cycle goal unal --area questioning --measured --target 80 --unit percent
cycle waive unal baseline g1 --reason new-class
cycle baseline unal --value 50 --source observation
cycle expectations unal --meetings-per-month 4
cycle agree unal --as unal
cycle agree unal --as karlsson
cycle extend unal --until 2026-12-18 --ground absence
next unal
advance unal
cycle undo unal
advance unal okoro
batch undo BATCH
advance unal okoro
cycle focus unal --as unal
cycle schedule unal --at 2026-10-13T10:15
cycle reschedule unal --at 2026-10-14T10:15
cycle cancel-observation unal --reason absence
cycle focus unal --as unal
cycle observe unal --minutes 45
cycle correct unal LAST --set minutes=40 --reason typing-error
advance unal debrief
cycle debrief unal --minutes 30 --strength calm --action-step wait --as karlsson
advance unal
cycle step unal s1 partly
cycle reflect unal --reflection "more to do" --as unal
cycle reflect unal --reflection "more to see" --as karlsson
cycle assess unal met --value 82
advance unal
cycle consent unal school --as unal
cycle celebrate unal
cycle checkin unal --minutes 20
cycle pause unal --reason leave
cycle resume unal
advance unal completed
cycle next-cycle unal
cycle rematch okoro --leaves lind --joins ture
cycle diagram okoro
cycle cancel okoro --reason withdrew --yes
cycle reopen okoro --reason closed-by-mistake
list
list --counts
show okoro
stalled
person list
person show unal
person workload
calendar show
calendar close 2026-11-26
calendar open 2026-11-26
calendar days 2026-11-02 2026-11-20
batch list
batch show BATCH
audit log
audit log okoro
audit replay okoro
audit as-of today
audit diff okoro --from @1
audit verify
definition list
definition show
definition check study.toml
definition diagram
definition publish study.toml
db init
db upgrade
db status
db backup copy.db --yes
db restore copy.db --yes
db copy sqlite:///copy.db sqlite:///moved.db
db rebuild
db dead-letters list
db dead-letters retry
worker --once
worker status
doctor
completion bash
version
"""
TEXT = {("roster", "template"), ("cycle", "diagram"), ("definition", "diagram"), ("completion",)}
AS_IT_IS = {("db", "restore")}  # rehearsed, it only talks
REASONED = {
    ("demo",): "it lives a whole year for seconds; test_demo holds it",
    ("db", "dead-letters", "show"): "it asks for events that cannot be read; test_db holds it",
    ("db", "dead-letters", "discard"): "it asks for events that cannot be read; test_db holds it",
}


def test_every_command_works_in_every_format(desk: Desk) -> None:
    for name, text in FILES.items():
        (desk.folder / name).write_text(text, "utf-8")
    (desk.folder / "study.toml").write_text(LESSON_STUDY.read_text("utf-8"), "utf-8")
    desk.at_observe("okoro", "lind")
    desk.done("cycle", "undo", "okoro")
    called = set()
    for line in TERM.strip().splitlines():
        command, words = _command(desk, line)
        called.add(command)
        may_rehearse = command not in AS_IT_IS and any("-n" in param.opts for param in _params(command))
        for format in FORMATS:
            rehearsed = ("-n",) if may_rehearse else ()
            desk.now += timedelta(seconds=1)
            ended = desk(*words, *rehearsed, "--format", format)
            assert ended.exit_code == 0, (line, format, ended.output)
            if command not in TEXT:
                _read(ended.stdout, format)
        if may_rehearse:
            assert desk(*words, "--yes" if line.startswith("advance") else "-q").exit_code == 0
    assert {words for words, _ in leaves(TREE)} - called == set(REASONED)


def _command(desk: Desk, line: str) -> tuple[tuple[str, ...], list[str]]:
    """The words that call it, and all of the line with what only the store knows."""
    words = shlex.split(line)
    path = max((path for path, _ in leaves(TREE) if tuple(words[: len(path)]) == path), key=len)
    if "BATCH" in words:
        batch = desk.data("batch", "list")["rows"][0]["batch"]
        words[words.index("BATCH")] = batch
    if "LAST" in words:
        last = desk.data("audit", "log", "unal", "--newest", "--limit", "1")["rows"][0]["version"]
        words[words.index("LAST")] = str(last)
    return path, words


def _params(path: tuple[str, ...]) -> list[click.Parameter]:
    command: click.Command = cli
    for word in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return command.params


def _read(text: str, format: str) -> None:
    """It is what the format promises."""
    match format:
        case "json":
            assert json.loads(text)["schema"].startswith("mentorcycle/")
        case "jsonl":
            assert all(json.loads(line)["schema"].startswith("mentorcycle/") for line in text.splitlines())
        case "csv":
            widths = {len(row) for row in csv.reader(io.StringIO(text, newline=""))}
            assert len(widths) <= 1


@pytest.mark.parametrize("write", [json_record, json_rows, jsonl_rows])
def test_a_column_that_json_lines_cannot_carry_is_met_in_every_json(
    write: Callable[..., Iterator[str]],
) -> None:
    envelope = () if write is jsonl_rows else ({},)
    with pytest.raises(ValueError, match="schema"):
        list(write("db/1", [Column("schema")], {"schema": 1}, None, *envelope))
