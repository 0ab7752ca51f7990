"""Batches from the command line: what was done together is listed, shown, and taken back as far as it still can."""

from .conftest import Desk


def advanced(desk: Desk) -> str:
    """Both cycles went to observe in one batch."""
    desk.at_observe()
    desk.at_observe("okoro", "lind")
    for name in ("unal", "okoro"):
        desk.done("cycle", "undo", name)
    batch: str = desk.data("advance", "unal", "okoro")["batch"]
    return batch


def test_batches_are_listed_newest_first(desk: Desk) -> None:
    assert "no batches yet" in desk("batch", "list").stderr
    batch = advanced(desk)
    rows = desk.data("batch", "list")["rows"]
    assert rows[0]["batch"] == batch
    assert (rows[0]["events"], rows[0]["actor"]) == (2, "local")
    assert desk.done("batch", "list").splitlines()[1].split()[0] == batch[:6]
    desk.done("batch", "undo", batch)
    assert len(desk.data("batch", "list")["rows"]) == 2
    assert "--limit shows more" in desk("batch", "list", "--limit", "1").stderr


def test_a_batch_is_shown_event_by_event(desk: Desk) -> None:
    batch = advanced(desk)
    shown = desk.data("batch", "show", batch[:6])
    assert (shown["batch"], shown["events"]) == (batch, 2)
    assert [row["name"] for row in shown["rows"]] == ["CycleAdvanced"] * 2
    desk.refused(4, "batch", "show", "b-zzzz")
    desk.refused(7, "batch", "show", batch, by="unal")


def test_undo_takes_back_what_has_not_moved_and_lists_the_rest(desk: Desk) -> None:
    batch = advanced(desk)
    desk.done("cycle", "checkin", "okoro", "--minutes", "5")

    undone = desk.data("batch", "undo", batch, code=6)

    assert [(row["name"], row["outcome"]) for row in undone["rows"]] == [
        ("Aylin Ünal / Bo Karlsson", "done"),
        ("Tom Okoro / Sara Lind", "refused"),
    ]
    assert undone["rows"][1]["codes"] == ["moved-since"]
    assert (undone["rows"][0]["source"], undone["rows"][0]["target"]) == ("observe", "goal-set")
    assert desk.data("batch", "undo", batch, code=6)["counts"] == {"already-so": 1, "refused": 1}


def test_undo_of_all_is_0_and_again_is_already_so(desk: Desk) -> None:
    batch = advanced(desk)
    before = desk.head()
    assert desk.data("batch", "undo", batch, "--dry-run")["counts"] == {"dry-run": 2}
    assert desk.head() == before
    assert desk.data("batch", "undo", batch)["counts"] == {"done": 2}
    assert desk.data("batch", "undo", batch)["counts"] == {"already-so": 2}


def test_undo_of_none_is_3(desk: Desk) -> None:
    opened = desk.data("cycle", "open", "unal", "okoro")["batch"]
    undone = desk.data("batch", "undo", opened, code=3)
    assert [row["why"] for row in undone["rows"]] == ["CycleOpened is not an advance"] * 2


def test_undo_of_an_undo_lists_what_stays_and_is_3(desk: Desk) -> None:
    batch = advanced(desk)
    undo = desk.data("batch", "undo", batch)["batch"]
    undone = desk.data("batch", "undo", undo, code=3)
    assert [(row["name"], row["outcome"], row["why"]) for row in undone["rows"]] == [
        ("Aylin Ünal / Bo Karlsson", "stays", "an undo is not taken back: advance it again"),
        ("Tom Okoro / Sara Lind", "stays", "an undo is not taken back: advance it again"),
    ]
    (fix,) = undone["rows"][0]["fix"]
    assert desk(*fix.split()[1:]).exit_code == 0
    assert "0 of 2 taken back, 2 stay" in desk("batch", "undo", undo, "--format", "table").stderr


def test_an_advance_that_was_taken_back_and_made_anew_has_moved_since(desk: Desk) -> None:
    batch = advanced(desk)
    desk.done("batch", "undo", batch)
    desk.done("advance", "unal")
    assert desk.data("batch", "undo", batch)["counts"] == {"already-so": 2}
    assert desk.data("next", "unal")["stage"] == "observe"


def test_undo_of_more_than_three_is_asked_about(desk: Desk) -> None:
    from mentorcycle.domain.actor import Actor
    from mentorcycle.domain.commands import Advance
    from mentorcycle.engine import Engine

    for mentee, mentor in (("Elsa Ek", "lind"), ("Ture Ek", "lind")):
        desk.done("person", "add", mentee)
        desk.done("pair", "publish", mentee, mentor)
    cycles = []
    for mentee, mentor in (("unal", "karlsson"), ("okoro", "lind"), ("elsa", "lind"), ("ture", "lind")):
        desk.at_observe(mentee, mentor)
        cycles.append(desk.data("cycle", "undo", mentee)["record"]["id"])
    with Engine.open("sqlite:///mentorcycle.db", create=False) as engine:
        done = engine.execute_many([Advance(cycle) for cycle in cycles], Actor.coordinator())
    assert "4 cycles" in desk.refused(2, "batch", "undo", done.id)
    assert desk.data("batch", "undo", done.id, "--yes")["counts"] == {"done": 4}
