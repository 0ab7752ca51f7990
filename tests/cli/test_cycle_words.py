"""Words on the command line: read from standard input, given by participants alone, and never shown again."""

import pytest

from .conftest import Desk, Run

SECRET = "I shouted at my class"


def test_words_come_from_standard_input(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", "--focus", "-", by="unal", input=f"{SECRET}\nand then\n")
    assert desk("cycle", "focus", "unal", "--observation", "o1", "--focus", "-", by="unal").exit_code == 2


def test_standard_input_is_read_for_one_option_only(desk: Desk) -> None:
    desk.at_observe()
    words = ("--focus", "-", "--observed", "unal")
    assert desk.done("cycle", "focus", "unal", *words, by="unal", input="x")
    debrief = ("cycle", "debrief", "unal", "--minutes", "5", "--strength", "-", "--growth-point", "-")
    assert "was read for --strength already" in desk.refused(2, *debrief, input="x")


def test_standard_input_that_is_no_text_is_told(desk: Desk) -> None:
    desk.opened("unal")
    words = ("cycle", "checkin", "unal", "--minutes", "5", "--notes", "-")
    assert "held no text" in desk.refused(2, *words, by="unal", input="  \n")
    assert "not UTF-8" in desk.refused(2, *words, by="unal", input=b"\xff\xfe\xfa")


def test_a_coordinator_gives_no_words(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(7, "cycle", "goal", "unal", "--area", "planning", "--statement", SECRET)
    assert "never the words" in said
    assert SECRET not in said


@pytest.mark.parametrize("format", ["table", "plain", "json", "csv"])
def test_words_are_never_shown_again(desk: Desk, format: str) -> None:
    desk.opened("unal")
    for words in (
        ("goal", "unal", "--area", "planning", "--statement", SECRET, "--measure", SECRET),
        ("goal", "unal", "--area", "nonsense", "--statement", SECRET),
        ("goal", "unal", "--goal", "g7", "--area", "planning", "--statement", SECRET),
        ("checkin", "unal", "--minutes", "9000", "--notes", SECRET),
        ("checkin", "unal", "--minutes", "9", "--notes", SECRET, "--dry-run"),
        ("reflect", "unal", "--reflection", SECRET),
        ("observe", "unal", "--minutes", "45", "--judgement", SECRET, "--context", SECRET),
        ("observe", "unal", "--minutes", "45", "--number", SECRET),
        ("celebrate", "unal", "--achievement", SECRET, "--audience", "public"),
    ):
        assert "shouted" not in desk("cycle", *words, "--format", format, by="unal").output


def test_a_participant_who_changes_a_goal_keeps_its_words(desk: Desk) -> None:
    from mentorcycle.domain.actor import Actor
    from mentorcycle.engine import Engine

    desk.opened("unal")
    made = desk.data("cycle", "goal", "unal", "--area", "planning", "--measure", "hands", by="unal")["record"]
    desk.done("cycle", "goal", "unal", "--goal", "g1", "--target", "3", "--unit", "count", by="unal")

    with Engine.open("sqlite:///mentorcycle.db", create=False) as engine:
        person = next(found.id for found in engine.queries.find_people("unal", Actor.coordinator()))
        last = engine.history(made["id"], Actor.participant(person), words=True)[-1].event
    assert (last.measure.text, last.target, last.statement) == ("hands", 3, None)


def test_a_participant_who_changes_a_goal_keeps_its_words_after_a_change_without_words(desk: Desk) -> None:
    from mentorcycle.domain.actor import Actor
    from mentorcycle.engine import Engine

    desk.opened("unal")
    made = desk.data("cycle", "goal", "unal", "--area", "planning", "--measure", "hands", by="unal")["record"]
    desk.done("cycle", "goal", "unal", "--goal", "g1", "--target", "3", "--unit", "count")
    desk.done("cycle", "goal", "unal", "--goal", "g1", "--target", "4", by="unal")

    with Engine.open("sqlite:///mentorcycle.db", create=False) as engine:
        person = next(found.id for found in engine.queries.find_people("unal", Actor.coordinator()))
        last = engine.history(made["id"], Actor.participant(person), words=True)[-1].event
    assert (last.measure.text, last.target, last.statement) == ("hands", 4, None)


def test_peers_are_questions_by_name(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(2, "cycle", "goal", "unal", "--area", "planning", "--peers", "nice")
    assert "powerful, easy" in said
    desk.done("cycle", "goal", "unal", "--area", "planning", "--peers", "powerful,Student_Focused")
    desk.done("cycle", "goal", "unal", "--area", "planning", "--peers", "none")


def test_a_name_that_is_no_text_is_refused(desk: Desk) -> None:
    assert "not UTF-8 text" in desk.refused(2, "person", "add", "\udcff")


def test_the_program_itself_reads_words_from_a_pipe_and_never_writes_them(desk: Desk, run: Run) -> None:
    desk.opened("unal")
    words = desk.folder / "words.txt"
    words.write_text(SECRET)
    with words.open() as stream:
        done = run("cycle", "checkin", "unal", "--minutes", "5", "--notes", "-", "--as", "unal", stdin=stream)
    with words.open() as stream:
        refused = run("cycle", "checkin", "unal", "--minutes", "5", "--notes", "-", stdin=stream)
    assert (done.returncode, refused.returncode) == (0, 7)
    assert "shouted" not in done.stdout + done.stderr + refused.stdout + refused.stderr


def test_references_on_stdin_that_are_not_text_are_told(desk: Desk) -> None:
    said = desk.refused(2, "advance", "-", "-n", input=b"\xff\xfe\n")
    assert said.startswith("error: standard input is not UTF-8 text.\n  why: byte 1 ")
    assert "fix: convert it first" in said


@pytest.mark.parametrize(
    "words",
    [
        ("show", "\udcff\udcfe"),
        ("list", "--person", "\udcff\udcfe"),
        ("--as", "\udcff\udcfe", "list"),
        ("batch", "show", "\udcff\udcfe"),
        ("--program", "\udcff\udcfe", "list"),
        ("--tenant=\udcff\udcfe", "list"),
        ("\udcff\udcfe",),
        ("import", "\udcff\udcfe.csv"),
        ("show", "\ud800"),
    ],
)
def test_an_argument_that_is_not_text_is_a_usage_error_wherever_it_stands(
    desk: Desk, words: tuple[str, ...]
) -> None:
    said = desk.refused(2, *words)
    assert " is not UTF-8 text.\n" in said
    assert "fix: mentorcycle --help" in said


def test_a_variable_that_is_not_text_is_named(desk: Desk) -> None:
    desk.environ = {**desk.environ, "MENTORCYCLE_ACTOR": "\udcff"}
    assert "error: MENTORCYCLE_ACTOR is not UTF-8 text." in desk.refused(2, "list")


def test_a_name_is_understood_in_a_locale_that_knows_ascii_alone(desk: Desk, run: Run) -> None:
    desk.opened("unal")
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    shown = run("show", "Ünal", env=bare)
    assert (shown.returncode, "Aylin" in shown.stdout) == (0, True), shown.stderr
    assert run("stalled", env={**bare, "MENTORCYCLE_ACTOR": "Ünal"}).returncode == 7
