"""Questions, progress and completion: what the program says besides its data."""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mentorcycle.cli.confirm import needs_confirmation
from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.progress import progress

from .conftest import Invoke, Run

OnTerminal = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(
    ("action", "cycles", "asked"),
    [
        ("advance", 1, False),
        ("advance", 3, False),
        ("advance", 4, True),
        ("cancel", 1, True),
        ("migrate", 1, True),
        ("erase", 1, True),
        ("erase", 0, False),
    ],
)
def test_only_what_is_large_or_cannot_be_undone_is_asked_about(action: str, cycles: int, asked: bool) -> None:
    assert needs_confirmation(action, cycles) is asked


def test_without_a_terminal_nobody_is_asked_and_nothing_hangs(run: Run) -> None:
    for stdin in (subprocess.DEVNULL, subprocess.PIPE):
        ended = run("cancel", sample=True, stdin=stdin)
        assert (ended.returncode, ended.stdout) == (ExitCode.USAGE, "")
        assert ended.stderr == (
            "error: this needs a confirmation.\n"
            "  why: it is cancel for one cycle, and there is no terminal to ask on.\n"
            "  fix: add --yes to the same command\n"
        )


def test_yes_skips_the_question(run: Run) -> None:
    assert run("cancel", "--yes", sample=True).stdout == "cancelled\n"


@pytest.mark.parametrize("typed", ["y\n", "Yes\n"])
def test_a_yes_on_a_terminal_goes_on(on_terminal: OnTerminal, typed: str) -> None:
    code, seen = on_terminal("cancel", typed=typed)
    assert code == ExitCode.DONE
    assert "Cancel c-7f3k? [y/N] " in seen
    assert seen.endswith("cancelled\n")


@pytest.mark.parametrize("typed", ["n\n", "\n", "\x04"])
def test_anything_else_on_a_terminal_writes_nothing(on_terminal: OnTerminal, typed: str) -> None:
    code, seen = on_terminal("cancel", typed=typed)
    assert code == ExitCode.INTERRUPTED
    assert "nothing was written\n" in seen
    assert "cancelled" not in seen


def test_interrupting_a_question_ends_with_130(on_terminal: OnTerminal) -> None:
    assert on_terminal("cancel", typed="\x03")[0] == ExitCode.INTERRUPTED


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def worked(stream: io.StringIO, seconds_each: float, **more: bool) -> str:
    now = iter(number * seconds_each for number in range(100))
    assert list(progress("abcdef", 6, "checking", stream=stream, clock=lambda: next(now), **more)) == [
        *"abcdef"
    ]
    return stream.getvalue()


def test_short_work_draws_nothing() -> None:
    assert worked(Terminal(), 0.1) == ""


def test_long_work_draws_on_a_terminal_and_leaves_no_trace() -> None:
    drawn = worked(Terminal(), 0.6)
    assert "2 of 6 checking" in drawn
    assert drawn.endswith("\r\x1b[K")


def test_no_progress_without_a_terminal_or_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worked(io.StringIO(), 0.6) == ""
    assert worked(Terminal(), 0.6, quiet=True) == ""
    monkeypatch.setenv("TERM", "dumb")
    assert worked(Terminal(), 0.6) == ""


def test_the_line_goes_when_the_work_fails() -> None:
    stream = Terminal()
    steps = progress("abc", 3, "checking", stream=stream, clock=iter([0.0, 2.0, 4.0]).__next__)
    next(steps)
    steps.close()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_progress_goes_to_stderr_and_off_a_terminal_nowhere(run: Run, on_terminal: OnTerminal) -> None:
    done = run("work", sample=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert "of 4 working" in on_terminal("work")[1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_name_mentorcycle(run: Run, shell: str) -> None:
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_MENTORCYCLE_COMPLETE={shell}_complete" in done.stdout
    assert "_mentorcycle_completion" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("mentorcycle ver", "version"),
        ("mentorcycle completion z", "zsh"),
        ("mentorcycle version --qu", "--quiet"),
        ("mentorcycle --format js", "json jsonl"),
    ],
)
def test_bash_completes_with_the_script(
    environ: dict[str, str], run: Run, tmp_path: Path, typed: str, offered: str
) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(run("completion", "bash").stdout)
    words = typed.split()
    asking = (
        f"source {script}; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1};"
        ' _mentorcycle_completion mentorcycle; echo "${COMPREPLY[@]}"'
    )
    path = f"{Path(sys.executable).parent}:{environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", asking],
        env={**environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == offered


def test_a_shell_without_a_script_is_a_usage_error(run: Run) -> None:
    ended = run("completion", "tcsh")
    assert ended.returncode == ExitCode.USAGE
    assert "'bash', 'zsh', 'fish'" in ended.stderr


def test_version_names_what_decides_how_the_program_behaves(run: Run) -> None:
    names = [line.split("\t")[0] for line in run("version").stdout.splitlines()]
    assert names == ["mentorcycle", "python", "sqlite", "json"]


def test_completing_imports_no_command_but_the_one_named(invoke: Invoke) -> None:
    asked = {"_MENTORCYCLE_COMPLETE": "bash_complete", "COMP_WORDS": "mentorcycle a", "COMP_CWORD": "1"}
    assert invoke(env=asked).stdout == "plain,absent\n"
