"""README runs as it stands: every command of its tour, its output, and the example for platforms."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
LEFT_OUT = "…"
DURATION = re.compile(r"\bin \d+(\.\d+)? m?s\b")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tour")


def told() -> list[tuple[str, list[str]]]:
    """Every command of the tour with the lines that README shows for it."""
    commands: list[tuple[str, list[str]]] = []
    for language, text in BLOCKS:
        for line in text.splitlines() if language == "console" else ():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
    return commands


def test_every_command_of_the_tour_prints_what_stands_there(elsewhere: Path) -> None:
    unwanted = ("MENTORCYCLE", "XDG_", "NO_COLOR", "FORCE_COLOR", "COLUMNS")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    environ |= {
        "HOME": str(elsewhere),
        "MENTORCYCLE_FORMAT": "table",  # as on a terminal
        **dict(re.findall(r"`export (MENTORCYCLE_DB)=(\S+)`", README)),
    }
    commands = told()
    assert len(commands) >= 10
    for command, shown in commands:
        words = shlex.split(command)
        assert words[0] == "mentorcycle"
        ran = subprocess.run(
            [sys.executable, "-m", "mentorcycle.cli", *words[1:]],
            cwd=elsewhere,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        printed = [line.rstrip() for line in ran.stdout.splitlines()]
        assert matches(_trimmed(shown), _trimmed(printed)), f"$ {command}\n{ran.stdout}"


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether the lines are the same, `…` standing for any, and durations for any other."""
    pattern = "\n".join(".*" if line.strip() == LEFT_OUT else _line(line) for line in shown)
    return re.fullmatch(pattern, "\n".join(printed), re.S) is not None


def _line(line: str) -> str:
    return r"in \d+(\.\d+)? m?s".join(map(re.escape, DURATION.sub("\0", line).split("\0")))


def _trimmed(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").split("\n")


def test_a_difference_is_seen() -> None:
    assert matches(["a", "…", "done in 1.5 s"], ["a", "b", "c", "done in 0.2 s"])
    assert not matches(["a", "…", "done in 1.5 s"], ["a", "b", "done"])


def test_the_example_for_platforms_prints_what_stands_below_it(elsewhere: Path) -> None:
    (code,) = [text for language, text in BLOCKS if language == "python"]
    (output,) = [text for language, text in BLOCKS if language == "text"]
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=elsewhere,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == (output, "")


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:tests|engine|domain)/[\w./-]+)`", README)) | set(
        re.findall(r"\]\(([^):#]+)\)", README)
    )
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_first_command_sets_everything_up_and_lives_the_year(tmp_path: Path) -> None:
    first, second = [text.strip() for language, text in BLOCKS if language == "sh"]
    clone = tmp_path / "clone"
    left_out = shutil.ignore_patterns(".*_cache", ".git", ".hypothesis", ".venv", "__pycache__", "*.db*")
    shutil.copytree(ROOT, clone, symlinks=True, ignore=left_out)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MENTORCYCLE")}

    ran = subprocess.run(
        ["bash", "-c", first],
        cwd=clone,
        env={**kept, "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "4 read models equal a replay" in ran.stdout
    assert (clone / "mentorcycle-demo.db").exists()
    assert second.startswith("python3 -m venv .venv && .venv/bin/python -m pip install")
