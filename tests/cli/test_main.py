"""The program as a whole: how it starts, what it loads, how it ends."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.lazy import Leaf, leaves
from mentorcycle.cli.registry import TREE
from mentorcycle.cli.session import Command, CommonOption

from .conftest import REAL, SAMPLE, Desk, Invoke, Run

HEAVY = ("eventsourcing", "transitions", "msgpack", "sqlite3", "psycopg", "rich", "cryptography")
OURS_TO_START = {"lazy", "main", "registry", "session", "__main__"}


def loaded_modules(environ: dict[str, str], *words: str) -> set[str]:
    """Names of the modules that the real program has loaded when it ends."""
    listing = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "from mentorcycle.cli.main import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing, *words], env=environ, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "of_the_cli"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["completion", "bash"], {"completion"}),
        (["completion", "--help"], {"completion"}),
    ],
)
def test_help_version_and_completion_load_click_only(
    environ: dict[str, str], words: list[str], of_the_cli: set[str]
) -> None:
    modules = loaded_modules(environ, *words)
    ours = {name.removeprefix("mentorcycle.cli.") for name in modules if name.startswith("mentorcycle.")}
    assert ours - {"mentorcycle.cli"} <= OURS_TO_START | of_the_cli
    assert not {name for name in modules if name.partition(".")[0] in HEAVY}


def test_completing_a_word_loads_click_only(environ: dict[str, str]) -> None:
    asked = {"_MENTORCYCLE_COMPLETE": "bash_complete", "COMP_WORDS": "mentorcycle ver", "COMP_CWORD": "1"}
    modules = loaded_modules({**environ, **asked})
    assert not {name for name in modules if name.partition(".")[0] in HEAVY or name == "mentorcycle.engine"}


def test_the_version_command_loads_nothing_of_the_engine(environ: dict[str, str]) -> None:
    modules = loaded_modules(environ, "version")
    assert not {name for name in modules if name.partition(".")[0] in {*HEAVY} - {"sqlite3"}}
    assert not {name for name in modules if name.startswith("mentorcycle.engine")}


def test_help_imports_no_command(invoke: Invoke) -> None:
    shown = invoke("--help")  # the module of `absent` does not exist
    assert shown.exit_code == 0
    assert "Its module cannot be imported." in shown.stdout


@pytest.mark.parametrize(("words", "leaf"), list(leaves(TREE)))
def test_every_registered_command_exists_with_help_and_common_options(
    words: tuple[str, ...], leaf: Leaf
) -> None:
    module, _, attribute = leaf.target.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, Command), words
    assert command.help
    assert command.help.split("\n")[0] == leaf.help
    assert any(isinstance(param, CommonOption) for param in command.params)


def test_the_module_and_the_console_script_are_one_program(run: Run, environ: dict[str, str]) -> None:
    script = subprocess.run(
        [str(Path(sys.executable).with_name("mentorcycle")), "--version"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert script.stdout == run("--version").stdout == f"mentorcycle {version('mentorcycle')}\n"


ENDINGS = {
    "fine": ExitCode.DONE,
    "bug": ExitCode.BUG,
    "refused": ExitCode.REFUSED,
    "forbidden": ExitCode.NOT_PERMITTED,
    "unknown": ExitCode.NOT_FOUND,
    "ambiguous": ExitCode.NOT_FOUND,
    "conflict": ExitCode.CONFLICT,
    "partial": ExitCode.PARTIAL,
    "attention": ExitCode.ATTENTION,
    "locked": ExitCode.STORE,
    "old": ExitCode.STORE,
    "disk": ExitCode.STORE,
    "path": ExitCode.USAGE,
    "interrupted": ExitCode.INTERRUPTED,
}


@pytest.mark.parametrize(("how", "code"), ENDINGS.items())
def test_each_way_to_end_has_its_exit_code_and_no_traceback(invoke: Invoke, how: str, code: ExitCode) -> None:
    ended = invoke("end", how)
    assert ended.exit_code == code
    assert "Traceback" not in ended.output
    assert ended.stdout == ""


@pytest.mark.parametrize("how", ["refused", "bug", "locked"])
def test_a_process_ends_with_the_same_code_and_speaks_on_stderr(run: Run, how: str) -> None:
    ended = run("end", how, sample=True)
    assert (ended.returncode, ended.stdout) == (ENDINGS[how], "")
    assert ended.stderr.startswith("error: ")


def test_a_bug_says_where_and_never_what_a_participant_wrote(run: Run) -> None:
    ended = run("end", "bug", sample=True)
    assert ended.stderr.startswith("error: this is a bug in mentorcycle: KeyError at ")
    assert "MENTORCYCLE_DEBUG=1" in ended.stderr
    assert "shouted" not in ended.stderr


def test_the_traceback_of_a_bug_is_shown_on_request(run: Run) -> None:
    ended = run("end", "bug", sample=True, env={"MENTORCYCLE_DEBUG": "1"})
    assert ended.returncode == ExitCode.BUG
    assert "Traceback" in ended.stderr
    assert "I shouted at my class" in ended.stderr


def test_a_command_that_cannot_be_imported_is_a_bug(invoke: Invoke) -> None:
    ended = invoke("absent")
    assert ended.exit_code == ExitCode.BUG
    assert "ModuleNotFoundError" in ended.stderr


def test_interrupting_ends_with_130(environ: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*SAMPLE, "sleep"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (ExitCode.INTERRUPTED, "interrupted")


@pytest.mark.parametrize("words", ["count 100000", "count 1", "--help", "dates --on today"])
def test_a_closed_pipe_is_silent(environ: dict[str, str], words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*SAMPLE, *words.split()],
        env=environ,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert ended.returncode == ExitCode.OUTPUT_CLOSED
    assert "rror" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["count 1", "count 100000", "--help"])
def test_output_on_a_full_disk_is_told_and_never_a_success(environ: dict[str, str], words: str) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*SAMPLE, *words.split()],
            env=environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == ExitCode.STORE
    assert "error: the output cannot be used.\n  why: No space left on device.\n" in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_exit_code_stands_when_the_error_cannot_be_said(environ: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([*SAMPLE, "end", "refused"], env=environ, stderr=full, timeout=60, check=False)
    assert ended.returncode == ExitCode.REFUSED


def test_streams_closed_by_the_shell_do_no_harm(environ: dict[str, str]) -> None:
    command = " ".join([*SAMPLE, "count 3"])
    for closing in (">&-", "2>&-", ">&- 2>&- <&-"):
        ended = subprocess.run(f"{command} {closing}", shell=True, env=environ, timeout=60, check=False)
        assert ended.returncode == 0, closing


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("setings", "mentorcycle settings"),
        ("open", "mentorcycle cycle open"),
        ("cycle cuont", "mentorcycle count"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(
    invoke: Invoke, typed: str, meant: str
) -> None:
    ended = invoke(*typed.split())
    assert ended.exit_code == ExitCode.USAGE
    assert f"  fix: {meant}\n" in ended.stderr


USAGE = {
    "end": (
        "error: missing argument 'HOW'.\n"
        "  why: usage: mentorcycle end [OPTIONS] HOW\n"
        "  fix: mentorcycle end --help\n"
    ),
    "end fine again": (
        "error: got unexpected extra argument (again).\n"
        "  why: usage: mentorcycle end [OPTIONS] HOW\n"
        "  fix: mentorcycle end --help\n"
    ),
    "dates --quite": (
        "error: no such option '--quite'.\n  why: did you mean --quiet?\n  fix: mentorcycle dates --help\n"
    ),
    "dates --on": (
        "error: option '--on' requires an argument.\n"
        "  why: usage: mentorcycle dates [OPTIONS]\n"
        "  fix: mentorcycle dates --help\n"
    ),
    "--format xml settings": (
        "error: invalid value for '--format': 'xml' is not one of 'table', 'plain', 'json', 'jsonl', 'csv'.\n"
        "  why: usage: mentorcycle [OPTIONS] COMMAND [ARGS]...\n"
        "  fix: mentorcycle --help\n"
    ),
    "zzzz": (
        "error: no such command 'zzzz'.\n  why: nothing here has that name.\n  fix: mentorcycle --help\n"
    ),
}


@pytest.mark.parametrize("words", USAGE)
def test_a_wrong_command_line_says_what_why_and_fix(invoke: Invoke, words: str) -> None:
    ended = invoke(*words.split())
    assert (ended.exit_code, ended.stdout, ended.stderr) == (ExitCode.USAGE, "", USAGE[words])


def test_a_group_without_a_command_shows_its_help_on_stderr(invoke: Invoke) -> None:
    ended = invoke("cycle")
    assert (ended.exit_code, ended.stdout) == (ExitCode.USAGE, "")
    assert "open  Open a cycle." in ended.stderr


def test_common_options_may_stand_anywhere_and_the_nearest_to_the_command_wins(invoke: Invoke) -> None:
    assert invoke("--db", "a", "settings").stdout == "a|None|None|None|False\n"
    assert invoke("settings", "--db", "a", "-q").stdout == "a|None|None|None|True\n"
    assert invoke("--db", "a", "cycle", "--db", "b", "open").stdout == "b|None|None|None|False\n"
    assert invoke("--db", "a", "cycle", "--db", "b", "open", "--db", "c").stdout.startswith("c|")
    everything = ["--as", "t.okoro", "settings", "--tenant", "north", "--format", "json"]
    assert invoke(*everything).stdout == "sqlite:///mentorcycle.db|t.okoro|north|json|False\n"


def test_a_groups_help_does_not_repeat_the_common_options(invoke: Invoke) -> None:
    assert "--db" not in invoke("cycle", "--help").stdout
    assert "Options of every command:\n  --db URL" in invoke("settings", "--help").stdout


def test_an_option_takes_a_value_that_begins_with_a_dash(invoke: Invoke) -> None:
    resolved = invoke("dates", "--on", "-3d")
    assert (resolved.stdout, resolved.stderr) == ("2026-11-22\n", "resolved: Sun 22 Nov 2026\n")


def test_shared_options_arrive_under_their_names(invoke: Invoke) -> None:
    words = ["--on", "today", "--as-of", "@7", "-n", "-y", "--with-notes", "--exit-code"]
    given = ast.literal_eval(invoke("shared", *words).stdout)
    assert given == {
        "on": "today",
        "as_of": "@7",
        "dry_run": True,
        "yes": True,
        "with_notes": True,
        "exit_code": True,
    }


def test_a_date_that_can_be_read_twice_is_a_usage_error(invoke: Invoke) -> None:
    ended = invoke("dates", "--on", "03/04/2026")
    assert (ended.exit_code, ended.stdout) == (ExitCode.USAGE, "")


def test_quiet_silences_talk_and_not_errors(invoke: Invoke) -> None:
    assert invoke("-q", "dates", "--on", "today").stderr == ""
    assert invoke("-q", "end", "refused").stderr != ""


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "json", "end", "refused"],
        ["end", "refused", "--format=jsonl"],
        ["end", "refused", "--format", "json", "--nonsense"],
        ["--format", "json", "no-such-command"],
    ],
)
def test_errors_follow_the_format_even_where_the_command_line_is_wrong(
    invoke: Invoke, words: list[str]
) -> None:
    ended = invoke(*words)
    told = json.loads(ended.stderr)
    assert told["schema"] == "mentorcycle/error/1"
    assert told["exit"] == ended.exit_code


def test_errors_follow_the_format_of_environment_and_config(invoke: Invoke, tmp_path: Path) -> None:
    assert json.loads(invoke("end", "refused", env={"MENTORCYCLE_FORMAT": "json"}).stderr)
    (tmp_path / "mentorcycle.toml").write_text('format = "json"')
    assert json.loads(invoke("end", "refused").stderr)


def test_a_malformed_config_is_a_usage_error(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "mentorcycle.toml").write_text("db = ")
    ended = invoke("settings")
    assert ended.exit_code == ExitCode.USAGE
    assert f"error: {tmp_path / 'mentorcycle.toml'}:1: " in ended.stderr


def test_labels_take_the_place_of_full_ids_in_what_people_read(invoke: Invoke) -> None:
    import sample_commands

    from mentorcycle.cli.session import Session

    session = Session()
    session.labels["c-7f3k"] = "c-7f"
    from click.testing import CliRunner

    said = CliRunner().invoke(sample_commands.program, ["end", "refused"], obj=session).stderr
    assert said.startswith("error: c-7f cannot move.")


def writing_to(
    output: int, environ: dict[str, str], desk: Desk, *words: str
) -> "subprocess.CompletedProcess[str]":
    """The program, with its output where it cannot be written; that is closed then."""
    try:
        return subprocess.run(
            [*REAL, *words],
            env=environ,
            cwd=desk.folder,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(output)


def at_full(environ: dict[str, str], desk: Desk, *words: str) -> "subprocess.CompletedProcess[str]":
    return writing_to(os.open("/dev/full", os.O_WRONLY), environ, desk, *words)


def unread(environ: dict[str, str], desk: Desk, *words: str) -> "subprocess.CompletedProcess[str]":
    reading, writing = os.pipe()
    os.close(reading)
    return writing_to(writing, environ, desk, *words)


STORE = ("--db", "sqlite:///mentorcycle.db")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@FULL
def test_what_was_recorded_is_told_when_the_output_cannot_be_written(
    environ: dict[str, str], desk: Desk
) -> None:
    before = desk.head()
    ended = at_full(environ, desk, "person", "add", "Zed")
    assert ended.returncode == ExitCode.PARTIAL
    first, *error = ended.stderr.splitlines()
    assert first.startswith("recorded all the same: Zed is added as p-")
    assert error == ["error: the output cannot be used.", "  why: No space left on device."]
    assert desk.head() == before + 1

    nothing = at_full(environ, desk, "person", "add", "Zed", "--dry-run")
    assert nothing.returncode == ExitCode.STORE
    assert "recorded" not in nothing.stderr
    assert desk.head() == before + 1


@FULL
@pytest.mark.parametrize("write", [at_full, unread])
def test_an_advance_that_cannot_be_told_says_how_to_undo_it(
    environ: dict[str, str], desk: Desk, write: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    desk.at_observe()
    desk.done("cycle", "undo", "unal")
    ended = write(environ, desk, "advance", "unal", *STORE)
    assert ended.returncode == (ExitCode.PARTIAL if write is at_full else ExitCode.OUTPUT_CLOSED)
    recorded = ended.stderr.splitlines()[0]
    assert recorded.startswith("recorded all the same: c-")
    assert "moves from goal-set to observe" in recorded
    _, _, undo = recorded.partition("undo: mentorcycle ")
    assert desk(*undo.split()).exit_code == 0


@FULL
@pytest.mark.parametrize("write", [at_full, unread])
@pytest.mark.parametrize("format", ["plain", "json"])
def test_a_batch_that_cannot_be_told_names_itself_and_how_to_undo_it(
    environ: dict[str, str],
    desk: Desk,
    write: Callable[..., "subprocess.CompletedProcess[str]"],
    format: str,
) -> None:
    desk.at_observe()
    desk.done("cycle", "undo", "unal")
    words = ("advance", "--all", "--stage", "goal-set", "--yes", "--format", format, *STORE)
    ended = write(environ, desk, *words)
    code = ExitCode.PARTIAL if write is at_full else ExitCode.OUTPUT_CLOSED
    assert ended.returncode == code
    line = ended.stderr.splitlines()[0]
    if format == "json":
        assert json.loads(ended.stderr)["exit"] == code
        line = json.loads(ended.stderr)["facts"]["recorded"]
    assert "1 of 1 advanced · batch b-" in line
    _, _, undo = line.partition("undo: mentorcycle ")
    assert desk(*undo.split(), "--yes").exit_code == 0
