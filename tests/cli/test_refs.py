"""What a person typed, and which thing it stands for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.cli.last import recall, remember
from mentorcycle.cli.refs import Candidate, resolve, short
from mentorcycle.domain.errors import Ambiguous, NotFound
from mentorcycle.domain.ids import ALPHABET, LENGTH
from mentorcycle.projections.folding import folded

from .conftest import Desk, Invoke

UNAL = Candidate("p-7f3k9m2dq4xw8a1b", "Aylin Ünal")
KARLSSON = Candidate("p-7f3km2dq4xw8a1b0", "B. Karlsson", ("Björn Karlsson",))
BERG = Candidate("p-annaxxxxxxxxxxxx", "Anna Berg")
BERGSTROM = Candidate("p-9m2dq4xw8a1b7f3k", "Anna Bergström")
ODEGARD = Candidate("p-0110m2dq4xw8a1b7", "Øyvind Ødegård-Łuksza")
EVERYONE = [UNAL, KARLSSON, BERG, BERGSTROM, ODEGARD]

RESOLVED = {
    "p-7f3k9m2dq4xw8a1b": UNAL,
    "p-7f3k9": UNAL,
    "7f3k9": UNAL,
    "P-7F3K9": UNAL,
    " 7f3k9 ": UNAL,
    "p-oil0": ODEGARD,
    "9m2d": BERGSTROM,
    "aylin": UNAL,
    "unal": UNAL,
    "ÜNAL": UNAL,
    "Unal, Aylin": UNAL,
    "b.karlsson": KARLSSON,
    "bjorn": KARLSSON,
    "karls": KARLSSON,
    "anna berg": BERG,
    "anna bergs": BERGSTROM,
    "oyvind": ODEGARD,
    "luksza": ODEGARD,
}


@pytest.mark.parametrize(("text", "meant"), RESOLVED.items())
def test_an_id_its_beginning_or_words_of_a_name_are_enough(text: str, meant: Candidate) -> None:
    assert resolve(text, EVERYONE, "person") == meant


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("7f3k", ("p-7f3k9 Aylin Ünal", "p-7f3km B. Karlsson")),
        ("p-7f3k", ("p-7f3k9 Aylin Ünal", "p-7f3km B. Karlsson")),
        ("anna", ("p-anna Anna Berg", "p-9m2d Anna Bergström")),
        ("a", ("p-7f3k9 Aylin Ünal", "p-anna Anna Berg", "p-9m2d Anna Bergström")),
    ],
)
def test_what_fits_several_is_ambiguous_and_names_them(text: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(Ambiguous) as refused:
        resolve(text, EVERYONE, "person")
    assert refused.value.candidates == candidates


@pytest.mark.parametrize("text", ["", "  ", "...", "p-", "7f3", "c-7f3k9", "zzzz", "anna ünal", "@first"])
def test_what_fits_nothing_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        resolve(text, EVERYONE, "person")


def test_a_misspelt_name_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(NotFound) as refused:
        resolve("Bjorn Karlson", EVERYONE, "person")
    assert refused.value.fix == "did you mean Björn Karlsson (p-7f3km) or B. Karlsson (p-7f3km)?"


def test_an_exact_id_is_meant_even_where_it_begins_another() -> None:
    first, second = Candidate("p-7f3k", ""), Candidate("p-7f3k9", "")
    assert resolve("p-7f3k", [first, second], "person") == first


def test_two_people_of_one_name_are_ambiguous() -> None:
    with pytest.raises(Ambiguous):
        resolve("Anna Berg", [BERG, Candidate("p-2222222222222222", "Anna Berg")], "person")


def test_last_is_the_one_used_before() -> None:
    assert resolve("@last", EVERYONE, "person", last=BERG.id) == BERG
    for last in (None, "p-gone"):
        with pytest.raises(NotFound, match="no person was used here yet"):
            resolve("@last", EVERYONE, "person", last=last)


def test_folding_forgets_case_accents_and_punctuation() -> None:
    assert folded("B. Ünal-Ødegård ") == "b unal odegard"
    assert folded("Straße") == "strasse"
    assert folded("İnci ıl") == "inci il"


ids = st.builds("{}-{}".format, st.sampled_from("cpb"), st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH))


@given(st.sets(ids, max_size=40))
def test_a_short_id_is_found_again_and_no_shorter_one_would_do(some: set[str]) -> None:
    labels = short(some)
    assert labels.keys() == some
    for full, label in labels.items():
        assert full.startswith(label)
        assert len(label) >= 6
        assert [other for other in some if other.startswith(label)] == [full]
        if len(label) > 6:
            assert sum(other.startswith(label[:-1]) for other in some) > 1
        assert resolve(label, [Candidate(one, "") for one in some], "cycle").id == full


def test_short_ids_differ_within_a_letter_only() -> None:
    assert short(["c-7f3k9m2dq4xw8a1b", "p-7f3k9m2dq4xw8a1b"]) == {
        "c-7f3k9m2dq4xw8a1b": "c-7f3k",
        "p-7f3k9m2dq4xw8a1b": "p-7f3k",
    }


def test_last_is_kept_apart_for_each_store_and_tenant(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    remember("c-1", "postgresql://u:secret@host/a", None, environ)
    remember("c-2", "postgresql://u:secret@host/a", "north", environ)
    assert recall("postgresql://u:secret@host/a", None, environ) == "c-1"
    assert recall("postgresql://u:secret@host/a", "north", environ) == "c-2"
    assert recall("postgresql://u:secret@host/b", None, environ) is None
    kept = (tmp_path / "state" / "mentorcycle" / "last.json").read_text()
    assert "secret" not in kept


def test_a_command_remembers_for_the_next_one_in_its_store(invoke: Invoke) -> None:
    assert invoke("last", "c-7f3k").stdout == "None\n"
    assert invoke("last").stdout == "c-7f3k\n"
    assert invoke("last", "--tenant", "north").stdout == "None\n"


def test_a_relative_store_is_one_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"HOME": str(tmp_path)}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    remember("c-1", "sqlite:///m.db", None, environ)
    monkeypatch.chdir(tmp_path / "two")
    assert recall("sqlite:///m.db", None, environ) is None
    assert (tmp_path / ".local" / "state" / "mentorcycle" / "last.json").exists()


def test_memory_that_cannot_be_kept_or_read_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "mentorcycle").write_text("a file, not a folder")
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    remember("c-1", "x", None, environ)
    assert recall("x", None, environ) is None
    (tmp_path / "mentorcycle").unlink()
    (tmp_path / "mentorcycle").mkdir()
    (tmp_path / "mentorcycle" / "last.json").write_text("[half")
    assert recall("x", None, environ) is None
    remember("c-1", "x", None, environ)
    assert recall("x", None, environ) == "c-1"


def test_a_cycle_is_meant_by_every_handle_of_a_person_in_it(desk: Desk) -> None:
    roster = "external_id,given_name,family_name,email,username\n00018,Aya,Berg,aya@north.org,Berga\n"
    (desk.folder / "t.csv").write_text(roster)
    desk.done("import", "t.csv")
    desk.done("pair", "publish", "00018", "karlsson")
    desk.opened("unal", "00018")
    pair = "Aya Berg / Bo Karlsson"
    for handle in ("00018", "aya@north.org", "BERGA", "berga"):
        assert pair in desk.done("next", handle)
        assert pair in desk.done("show", handle, by="karlsson")
        assert [row["name"] for row in desk.data("list", "--person", handle)["rows"]] == [pair]
    assert desk("next", "0001").exit_code == 4
    assert "no cycle of yours" in desk.refused(4, "next", "00018", by="lind")
