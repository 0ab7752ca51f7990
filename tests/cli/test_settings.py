"""Where a setting comes from, and what is said of a config that cannot be used."""

from pathlib import Path

import pytest

from mentorcycle.cli.exits import WrongValue
from mentorcycle.cli.settings import DEFAULT_DB, KEYS, load

from .conftest import Desk


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".config" / "mentorcycle").mkdir(parents=True)
    (tmp_path / "work" / "deep").mkdir(parents=True)
    return tmp_path / "home"


def test_each_source_gives_way_to_the_one_before_it(tmp_path: Path, home: Path) -> None:
    here, environ = tmp_path / "work" / "deep", {"HOME": str(home)}
    flags: dict[str, str] = {}

    def found() -> tuple[str | None, str]:
        settings = load(flags, environ, here)
        return settings.tenant, settings.origins.get("tenant", "")

    assert found() == (None, "")
    personal = home / ".config" / "mentorcycle" / "config.toml"
    personal.write_text('tenant = "personal"')
    assert found() == ("personal", str(personal))
    above = tmp_path / "work" / "mentorcycle.toml"
    above.write_text('tenant = "above"')
    assert found() == ("above", str(above))
    nearest = here / "mentorcycle.toml"
    nearest.write_text('as = "t.okoro"')
    assert found() == ("personal", str(personal)), "the nearest file is the project's; no other is read"
    environ["MENTORCYCLE_TENANT"] = "environment"
    assert found() == ("environment", "MENTORCYCLE_TENANT")
    flags["tenant"] = "flag"
    assert found() == ("flag", "--tenant")


def test_without_any_source_the_store_is_here(tmp_path: Path, home: Path) -> None:
    settings = load({}, {"HOME": str(home)}, tmp_path)
    assert (settings.db, settings.actor, settings.format) == (DEFAULT_DB, None, None)
    assert settings.origins == {"db": "default"}


def test_every_setting_has_a_variable(tmp_path: Path, home: Path) -> None:
    environ = {
        "HOME": str(home),
        "MENTORCYCLE_DB": "sqlite:///a.db",
        "MENTORCYCLE_ACTOR": "t.okoro",
        "MENTORCYCLE_TENANT": "north",
        "MENTORCYCLE_PROGRAM": "induction",
        "MENTORCYCLE_FORMAT": "csv",
    }
    found = load({}, environ, tmp_path)
    assert (found.db, found.actor, found.tenant, found.program, found.format) == (
        "sqlite:///a.db",
        "t.okoro",
        "north",
        "induction",
        "csv",
    )


def test_an_empty_variable_is_not_set(tmp_path: Path, home: Path) -> None:
    assert load({}, {"HOME": str(home), "MENTORCYCLE_DB": ""}, tmp_path).db == DEFAULT_DB
    assert load({}, {"HOME": str(home), "MENTORCYCLE_ACTOR": ""}, tmp_path).actor is None


@pytest.mark.parametrize("said", ["", " "])
@pytest.mark.parametrize("field", ["db", "actor", "tenant", "program"])
def test_an_empty_flag_is_refused(tmp_path: Path, home: Path, field: str, said: str) -> None:
    with pytest.raises(WrongValue) as refused:
        load({field: said}, {"HOME": str(home), KEYS[field].variable: "t.okoro"}, tmp_path)
    assert str(refused.value).startswith(f"{KEYS[field].flag} says nothing")


@pytest.mark.parametrize("words", [("list",), ("person", "add", "Zed"), ("db", "status"), ("demo", "--yes")])
def test_nobody_acts_as_coordinator_by_an_empty_flag(desk: Desk, words: tuple[str, ...]) -> None:
    before = desk.head()
    refused = desk(*words, "--as", "")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "error: --as says nothing." in refused.stderr
    assert desk.head() == before


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///north.db", "sqlite:///{folder}/north.db"),
        ("sqlite:////var/north.db", "sqlite:////var/north.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql:///north", "postgresql:///north"),
    ],
)
def test_a_relative_store_in_a_config_lies_beside_it(
    tmp_path: Path, home: Path, written: str, meant: str
) -> None:
    (tmp_path / "work" / "mentorcycle.toml").write_text(f'db = "{written}"')
    found = load({}, {"HOME": str(home)}, tmp_path / "work" / "deep")
    assert found.db == meant.format(folder=tmp_path / "work")


def test_a_relative_xdg_folder_is_ignored_and_an_absolute_one_taken(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "xdg" / "mentorcycle"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('tenant = "xdg"')
    assert load({}, {"HOME": str(home), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}, tmp_path).tenant == "xdg"
    assert load({}, {"HOME": str(home), "XDG_CONFIG_HOME": "xdg"}, tmp_path).tenant is None


MALFORMED = {
    'tenant = "a"\ndatabase = "x"': (
        "{file}:2: unknown key 'database'",
        "known keys are db, as, tenant, program, format",
        "remove it",
    ),
    'tennant = "a"': (
        "{file}:1: unknown key 'tennant'",
        "known keys are db, as, tenant, program, format",
        "did you mean tenant?",
    ),
    "\n[webhook]\nurl = 1": (
        "{file}:2: unknown key 'webhook'",
        "known keys are db, as, tenant, program, format",
        "remove it",
    ),
    "# comment\ndb = 3": ("{file}:2: db is not a text", "it is a TOML int", 'write db = "…"'),
    'db = ""': ("{file}:1: db is not a text", "it is empty", 'write db = "…"'),
    'db = "a"\ntenant = ': ("{file}:2: Invalid value", "it is not TOML there", 'write lines like db = "…"'),
    'db = "a"\ndb = "b"': (
        "{file}:2: Cannot overwrite a value",
        "it is not TOML there",
        'write lines like db = "…"',
    ),
    'format = "xml"': (
        "{file}:1: there is no format 'xml'",
        "formats are table, plain, json, jsonl, csv",
        "write one of them",
    ),
}


@pytest.mark.parametrize("text", MALFORMED)
def test_a_config_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, home: Path, text: str) -> None:
    file = tmp_path / "mentorcycle.toml"
    file.write_text(text)
    with pytest.raises(WrongValue) as refused:
        load({}, {"HOME": str(home)}, tmp_path)
    what, why, fix = MALFORMED[text]
    assert (refused.value.what, refused.value.why, refused.value.fix) == (what.format(file=file), why, fix)


def test_a_config_that_is_no_text_is_named(tmp_path: Path, home: Path) -> None:
    (tmp_path / "mentorcycle.toml").write_bytes(b"db = '\xff'")
    with pytest.raises(WrongValue, match="is not text"):
        load({}, {"HOME": str(home)}, tmp_path)


def test_a_format_that_does_not_exist_is_refused_wherever_it_comes_from(tmp_path: Path, home: Path) -> None:
    with pytest.raises(WrongValue, match="MENTORCYCLE_FORMAT: there is no format 'xml'"):
        load({}, {"HOME": str(home), "MENTORCYCLE_FORMAT": "xml"}, tmp_path)
