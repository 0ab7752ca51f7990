"""People from the command line: they come, change, leave, return, turn out to be one, and are kept apart."""

from .conftest import Desk


def test_a_person_is_added_once_when_another_system_knows_them(desk: Desk) -> None:
    add = ("person", "add", "Nils Berg", "--external-id", "77", "--source", "hr", "--area", "engagement")
    first, second = desk.data(*add)["record"], desk.data(*add)["record"]
    assert (first["outcome"], second["outcome"]) == ("done", "already-so")
    assert first["id"] == second["id"]
    assert "go together" in desk.refused(2, "person", "add", "X", "--source", "hr")
    assert "the name is empty" in desk.refused(3, "person", "add", " ")


def test_people_are_listed_in_the_order_of_their_names_page_by_page(desk: Desk) -> None:
    first = desk.data("person", "list", "--limit", "2")
    assert first["schema"] == "mentorcycle/people/1"
    assert [row["name"] for row in first["rows"]] == ["Aylin Ünal", "Bo Karlsson"]
    after = first["rows"][-1]["id"]
    rest = desk.data("person", "list", "--after", after)["rows"]
    assert [row["name"] for row in rest] == ["Mira Nasser", "Sara Lind", "Tom Okoro"]
    assert rest[1]["load"] == 1
    assert "2 shown; more with --after p-" in desk("person", "list", "--limit", "2").stderr


def test_those_who_left_are_listed_only_when_asked_for(desk: Desk) -> None:
    desk.opened("unal")
    result = desk("person", "leave", "karlsson", "--reason", "retired", "--format", "table")
    assert result.stdout == "Bo Karlsson has left\n"
    assert "still in c-" in result.stderr
    assert desk.done("person", "leave", "karlsson", "--reason", "retired").startswith("already so")
    assert len(desk.data("person", "list")["rows"]) == 4
    everybody = desk.data("person", "list", "--all")["rows"]
    assert {row["name"]: row["state"] for row in everybody}["Bo Karlsson"] == "left"
    assert desk.done("person", "return", "karlsson") == "Bo Karlsson is back"
    assert desk.done("person", "return", "karlsson") == "already so: Bo Karlsson is here"


def test_a_person_is_shown_with_what_they_do(desk: Desk) -> None:
    desk.opened("unal")
    desk.done("cycle", "checkin", "unal", "--minutes", "30")
    desk.done("person", "evaluator", "unal", "lind")
    desk.done("person", "keep-apart", "unal", "okoro")
    shown = desk.done("person", "show", "unal")
    facts = dict(line.split("  ", 1) for line in shown.splitlines() if "  " in line)
    told = {name: value.strip() for name, value in facts.items()}
    assert told["name"] == "Aylin Ünal"
    assert told["mentors"] == "Bo Karlsson"
    assert told["evaluators"] == "Sara Lind"
    assert told["kept apart"] == "Tom Okoro"
    assert told["capacity"] == "3"
    assert told["minutes as mentee"] == "30"
    assert len(told["cycles"]) == 6
    record = desk.data("person", "show", "karlsson")["record"]
    assert (record["load"], record["minutes_as_mentor"], record["minutes_as_mentee"]) == (1, 30, 0)


def test_participants_see_themselves_alone(desk: Desk) -> None:
    desk.done("person", "show", "unal", by="unal")
    desk.opened("unal")
    desk.refused(7, "person", "show", "karlsson", by="unal")
    desk.refused(4, "person", "show", "lind", by="unal")
    desk.refused(7, "person", "list", by="unal")
    desk.refused(7, "person", "workload", by="unal")
    desk.refused(7, "person", "add", "Nils Berg", by="unal")


def test_a_change_leaves_what_is_not_named(desk: Desk) -> None:
    assert desk.done("person", "change", "lind", "--capacity", "5", "--subject", "art").endswith(
        "capacity, subjects"
    )
    desk.done("person", "change", "lind", "--name", "Sara Lund")
    record = desk.data("person", "show", "lund")["record"]
    assert (record["name"], record["capacity"], record["subjects"]) == ("Sara Lund", 5, ["art"])
    assert desk.done("person", "change", "lund", "--capacity", "5").startswith("already so")
    assert "cannot be right" in desk.refused(3, "person", "change", "lund", "--capacity", "-1")


def test_the_workload_shows_room_and_who_is_over(desk: Desk) -> None:
    assert desk("person", "workload", "--exit-code").exit_code == 0
    desk.done("person", "change", "lind", "--capacity", "0")
    rows = desk.data("person", "workload")["rows"]
    assert [(row["name"], row["mentees"], row["room"]) for row in rows] == [
        ("Bo Karlsson", 1, 2),
        ("Sara Lind", 1, -1),
    ]
    assert desk("person", "workload", "--exit-code").exit_code == 8


def test_two_records_of_one_person_become_one_for_ever(desk: Desk) -> None:
    twice = desk.data("person", "add", "Myra Nasser")["record"]["id"]
    told = desk.done("person", "merge", "mira", twice)
    assert told.startswith("Myra Nasser (p-")
    assert " is Mira Nasser (p-" in told
    assert desk.done("person", "merge", "mira", twice).startswith("already so")
    assert desk.done("person", "merge", "mira", "Myra Nasser").startswith("already so")
    assert desk.data("person", "show", twice)["record"]["name"] == "Mira Nasser"
    assert "both are the same" in desk.refused(3, "person", "merge", "mira", "mira")
    assert "pair end p-" in desk.refused(3, "person", "merge", "mira", "karlsson")


def test_an_evaluator_mentors_nobody_they_evaluate(desk: Desk) -> None:
    assert desk.done("person", "evaluator", "nasser", "lind") == "Sara Lind evaluates Mira Nasser"
    assert "evaluates Mira Nasser" in desk.refused(3, "pair", "publish", "nasser", "lind")
    assert (
        desk.done("person", "evaluator", "nasser", "lind", "--remove")
        == "Sara Lind does not evaluate Mira Nasser"
    )
    desk.done("pair", "publish", "nasser", "lind")


def test_people_who_are_kept_apart_are_not_paired(desk: Desk) -> None:
    assert desk.done("person", "keep-apart", "nasser", "lind") == "Mira Nasser and Sara Lind are kept apart"
    assert "not to be paired" in desk.refused(3, "pair", "publish", "nasser", "lind")


def test_a_dry_run_changes_nobody(desk: Desk) -> None:
    before = desk.head()
    for words in (
        ("add", "Nils Berg"),
        ("change", "lind", "--capacity", "5"),
        ("leave", "lind", "--reason", "retired"),
        ("keep-apart", "nasser", "okoro"),
        ("evaluator", "nasser", "lind"),
    ):
        assert desk.done("person", *words, "-n").startswith("dry run: ")
    assert desk.head() == before


def test_a_store_that_is_not_there_is_10(desk: Desk) -> None:
    result = desk("person", "list", "--db", "sqlite:///none.db")
    assert result.exit_code == 10
    assert not (desk.folder / "none.db").exists()


def test_two_of_the_same_name_are_told_apart_by_id(desk: Desk) -> None:
    desk.done("person", "add", "Bo Karlsson", "--external-id", "2", "--source", "sims")
    said = desk.refused(4, "person", "show", "bo karlsson")
    (fix,) = [line for line in said.splitlines() if line.startswith("  fix: use an id: ")]
    first, last = fix.removeprefix("  fix: use an id: ").split(" or ")
    assert "Bo Karlsson" in desk.done("person", "show", first)
    assert "Bo Karlsson" in desk.done("person", "show", last)
    assert "  fix: mentorcycle person list" in desk.refused(4, "person", "show", "zz")
