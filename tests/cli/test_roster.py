"""Importing rosters: what is taken, what is refused with every reason, and what happens the second time."""

import csv
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mentorcycle.cli.main import cli
from mentorcycle.cli.session import Session

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
THIRD_PARTY = Path(__file__).parents[2].parent / "shared" / "data" / "oneroster"
PASSWORD = "Password1-"

GOOD = """external_id,given_name,family_name,email,areas,capacity
001,Ann,Ünal,ann@example.org,engagement,
002,Bo,Karlsson,bo@example.org,engagement;planning,2
"""
BAD = """external_id,given_name,family_name,email,areas,capacity
001,Ann,Ünal,ann@example.org,engagement,
002,Bo,,bo@example.org,engagement,two
003,Cy,Li,cy@example.org,engagment,1
"""

Program = Callable[..., Result]


@pytest.fixture
def program(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.chdir(tmp_path)

    def start(*words: str) -> Result:
        return CliRunner().invoke(cli, words, obj=Session(now=lambda: NOW, environ=environ))

    return start


def people(program: Program) -> list[dict[str, object]]:
    """Everybody there is; nobody where no store was made."""
    found = program("person", "list", "--format", "json")
    if "there is no log" in found.stderr:
        return []
    assert found.exit_code == 0, found.stderr
    return json.loads(found.stdout)["rows"]


def test_a_roster_becomes_people_and_the_second_import_does_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")

    first, second = program("import", "t.csv"), program("import", "t.csv")

    assert first.exit_code == 0
    assert "2 of 2 imported" in first.stderr
    assert second.exit_code == 0
    assert second.stdout == ""
    assert "nothing to do: 2 people as they are known" in second.stderr
    assert "imported" not in second.stderr
    assert [person["name"] for person in people(program)] == ["Ann Ünal", "Bo Karlsson"]


@pytest.mark.parametrize(
    ("format", "written"),
    [("json", None), ("jsonl", ""), ("csv", "id,name,change,fields,outcome,codes,why,fix\n")],
)
def test_the_second_import_writes_a_document_without_results(
    program: Program, tmp_path: Path, format: str, written: str | None
) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    program("import", "t.csv")
    second = program("import", "t.csv", "--format", format)
    if written is None:
        document = json.loads(second.stdout)
        assert document["schema"] == "mentorcycle/results/1"
        assert (document["rows"], document["total"], document["batch"]) == ([], 0, None)
    else:
        assert second.stdout == written


def imported(program: Program, tmp_path: Path, text: str) -> dict[str, object]:
    """What an import tells as JSON."""
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    result = program("import", "t.csv", "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


TWICE = GOOD + "003,Anne,Ünal,anne@example.org,engagement,\n"


def test_a_change_of_somebody_who_was_merged_is_told_and_not_made(program: Program, tmp_path: Path) -> None:
    """Ann is in the roster twice; she goes by her own row, and the other one is to be mended in the roster."""
    imported(program, tmp_path, TWICE)
    assert program("person", "merge", "001", "003").exit_code == 0
    ann = next(person for person in people(program) if person["name"] == "Ann Ünal")

    assert imported(program, tmp_path, TWICE)["rows"] == []
    told = imported(program, tmp_path, TWICE.replace("anne@", "new@"))

    assert told["counts"] == {"merged": 1}
    (row,) = told["rows"]
    assert (row["name"], row["change"], row["outcome"]) == ("Anne Ünal", "merged", "merged")
    assert row["why"] == f"merged into {ann['id']}, not changed"
    assert row["fields"] == {"email": ["anne@example.org", "new@example.org"]}
    assert "0 of 1 imported, 1 merged and not changed" in program("import", "t.csv").stderr
    assert "merged into p-" in program("roster", "diff", "t.csv").stdout
    assert ann in people(program)


def test_who_had_no_id_of_a_roster_goes_by_the_row_that_was_merged_into_them(
    program: Program, tmp_path: Path
) -> None:
    imported(program, tmp_path, TWICE)
    added = program("person", "add", "Annie Ünal", "--format", "json")
    annie = json.loads(added.stdout)["record"]["id"]
    for duplicate in ("003", "001"):
        assert program("person", "merge", annie, duplicate).exit_code == 0

    told = imported(program, tmp_path, TWICE)

    assert [(row["id"], row["change"], row["outcome"]) for row in told["rows"]] == [(annie, "change", "done")]
    now = {person["id"]: person for person in people(program)}[annie]
    assert (now["name"], now["email"]) == ("Ann Ünal", "ann@example.org")
    assert json.loads(program("person", "show", "001", "--format", "json").stdout)["record"]["id"] == annie
    assert imported(program, tmp_path, TWICE)["rows"] == []
    moved = imported(program, tmp_path, TWICE.replace("ann@", "at@").replace("anne@", "new@"))
    assert [(row["change"], row["outcome"]) for row in moved["rows"]] == [
        ("change", "done"),
        ("merged", "merged"),
    ]


def test_leading_zeros_stay(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    program("import", "t.csv")
    shown = program("person", "show", "001", "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    assert '"001"' in shown.stdout


def test_one_bad_row_keeps_every_row_out_and_all_problems_are_told(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")

    refused = program("import", "t.csv")

    assert refused.exit_code == 3
    assert [line.split("\t")[:3] for line in refused.stdout.splitlines()] == [
        ["t.csv", "3", "family_name"],
        ["t.csv", "3", "capacity"],
        ["t.csv", "4", "areas"],
    ]
    assert "did you mean engagement?" in refused.stdout
    assert "nothing was written" in refused.stderr
    assert people(program) == []


TOO_MANY = """external_id,given_name,family_name,capacity
1,Ann,Li,2
2,Bo,Ek,500
3,Cy,Ro,1
"""


@pytest.mark.parametrize("bound", [100, 999])
@pytest.mark.parametrize("words", [("import", "t.csv"), ("import", "t.csv", "--dry-run")])
def test_a_row_that_only_the_decision_refuses_keeps_every_row_out_too(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: int, words: tuple[str, ...]
) -> None:
    from mentorcycle.engine.roster import csv_roster

    monkeypatch.setattr(csv_roster, "MOST_MENTEES", bound)  # as where reading asks for less than deciding
    (tmp_path / "t.csv").write_text(TOO_MANY)

    refused = program(*words)

    assert refused.exit_code == 3
    assert refused.stdout.split("\t")[:2] == ["t.csv", "3"]
    assert "1 row cannot be taken (1 problem); nothing was written" in refused.stderr
    assert people(program) == []


def test_check_dry_run_and_import_agree_about_a_capacity(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TOO_MANY)
    ended = [program(*words, "t.csv") for words in (("roster", "check"), ("import", "-n"), ("import",))]
    assert [result.exit_code for result in ended] == [3, 3, 3]
    assert len({result.stdout for result in ended}) == 1


def test_who_may_not_import_is_told_so_and_no_row_is_blamed(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    program("import", "t.csv")
    (tmp_path / "t.csv").write_text(GOOD.replace("Karlsson", "Ek"), encoding="utf-8")
    refused = program("import", "t.csv", "--as", "auditor")
    assert refused.exit_code == 7
    assert refused.stdout == ""
    assert "only a coordinator" in refused.stderr


def test_following_the_fix_that_is_printed_loses_nobody(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(BAD, encoding="utf-8")
    refused = program("import", "t.csv")
    assert (
        "fix: mend t.csv, or take the good rows with --partial, then mend the errors file" in refused.stderr
    )
    assert [path.name for path in tmp_path.glob("*.csv")] == ["t.csv"]

    file.write_text(
        BAD.replace("Bo,,", "Bo,Ek,").replace("two", "2").replace("engagment", "engagement"), "utf-8"
    )
    assert program("import", "t.csv").exit_code == 0
    assert [person["name"] for person in people(program)] == ["Ann Ünal", "Bo Ek", "Cy Li"]


def test_partial_says_what_it_left_out_and_where_to_mend_it(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    partly = program("import", "t.csv", "--partial")
    assert "1 of 3 imported, 2 refused" in partly.stderr
    assert partly.stderr.endswith("2 rows left out (3 problems)\nrows to mend and feed again: t-errors.csv\n")


@pytest.mark.parametrize("words", [(), ("--partial",)])
def test_a_dry_run_writes_no_errors_file(program: Program, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    dry = program("import", "t.csv", "--dry-run", *words)
    assert dry.exit_code == (6 if words else 3)
    assert [path.name for path in tmp_path.glob("*.csv")] == ["t.csv"]


def test_an_errors_file_that_is_there_is_not_overwritten(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    half_mended = tmp_path / "t-errors.csv"
    half_mended.write_text("half mended")

    first, again = (program("import", "t.csv", "--partial") for _ in range(2))

    assert half_mended.read_text() == "half mended"
    assert "t-errors-2.csv" in first.stderr
    assert "t-errors-2.csv" in again.stderr
    assert not (tmp_path / "t-errors-3.csv").exists()


@pytest.mark.parametrize("words", [("--partial",), ("--partial", "-n"), ("-n",)])
def test_where_no_errors_file_can_be_written_the_import_goes_on(
    program: Program, tmp_path: Path, words: tuple[str, ...]
) -> None:
    long = f"{'t' * 248}.csv"  # with -errors in it the name is longer than a file system takes, even for root
    (tmp_path / long).write_text(BAD, encoding="utf-8")
    ended = program("import", long, *words)
    assert ended.exit_code == (6 if "--partial" in words else 3)
    assert [person["name"] for person in people(program)] == (["Ann Ünal"] if words == ("--partial",) else [])
    warned = "warning: they could not be written beside" in ended.stderr
    assert warned == (words == ("--partial",))
    assert ("fix: run the same command on a copy" in ended.stderr) == warned


def test_the_errors_file_can_be_mended_and_fed_again(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    program("import", "t.csv", "--partial")
    errors = tmp_path / "t-errors.csv"
    mended = errors.read_text("utf-8-sig").replace("engagment", "engagement")
    mended = mended.replace('"Bo",""', '"Bo","Ek"').replace('"two"', '"2"')
    errors.write_text(mended, encoding="utf-8")

    again = program("import", "t-errors.csv")

    assert again.exit_code == 0, again.stderr
    assert [person["name"] for person in people(program)] == ["Ann Ünal", "Bo Ek", "Cy Li"]


def test_partial_takes_the_good_rows_and_says_that_it_is_a_part(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    partly = program("import", "t.csv", "--partial")
    assert partly.exit_code == 6
    assert "rows to mend and feed again: t-errors.csv" in partly.stderr
    assert [person["name"] for person in people(program)] == ["Ann Ünal"]


BAD_ROWS = [
    ("t.csv:3", "refused", "family_name: it is empty; capacity: it is not a whole number"),
    ("t.csv:4", "refused", "areas: there is no such teaching area"),
]


@pytest.mark.parametrize("again", [False, True])
def test_partial_writes_one_document_that_holds_every_row(
    program: Program, tmp_path: Path, again: bool
) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    if again:
        program("import", "t.csv", "--partial")
    partly = program("import", "t.csv", "--partial", "--format", "json")
    said = json.loads(partly.stdout)
    assert (partly.exit_code, partly.stderr) == (6, "")
    found = [(row["id"], row["outcome"], row["why"]) for row in said["rows"]]
    assert found[-2:] == BAD_ROWS
    assert [outcome for _, outcome, _ in found[:-2]] == ([] if again else ["done"])
    assert said["counts"] == ({"refused": 2} if again else {"done": 1, "refused": 2})
    assert [(one["line"], one["column"], one["value"]) for one in said["problems"]] == [
        (3, "family_name", ""),
        (3, "capacity", "two"),
        (4, "areas", "engagment"),
    ]


def test_partial_is_one_table_in_every_format(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    rows = list(
        csv.DictReader(StringIO(program("import", "t.csv", "--partial", "-n", "--format", "csv").stdout))
    )
    assert [(row["outcome"], row["fix"]) for row in rows] == [
        ("dry-run", ""),
        ("refused", "fill in family_name; write a number from 0 to 100"),
        ("refused", "did you mean engagement?"),
    ]
    shown = program("import", "t.csv", "--partial", "-n", "--format", "table")
    head, *lines = shown.stdout.splitlines()
    assert head.split() == ["ID", "NAME", "CHANGE", "RESULT", "WHY", "WHAT", "TO", "DO"]
    assert [line.split()[0] for line in lines[1:]] == ["t.csv:3", "t.csv:4"]
    assert lines[-1].endswith("did you mean engagement?")


def test_an_import_without_a_change_is_a_document_too(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    program("import", "t.csv")
    said = json.loads(program("import", "t.csv", "--format", "json").stdout)
    assert (said["total"], said["rows"]) == (0, [])


def test_a_changed_row_is_shown_by_diff_and_taken_by_import(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(GOOD, encoding="utf-8")
    program("import", "t.csv")
    file.write_text(GOOD.replace("bo@example.org", "bo.k@example.org"), encoding="utf-8")

    shown, taken, after = (
        program("roster", "diff", "t.csv"),
        program("import", "t.csv"),
        program("import", "t.csv"),
    )

    assert "002\tBo Karlsson\tchange\temail: bo@example.org → bo.k@example.org" in shown.stdout
    assert "1 of 1 imported" in taken.stderr
    assert "nothing to do" in after.stderr


def test_a_dry_run_says_the_same_and_writes_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    dry = program("import", "t.csv", "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.count("dry-run") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    (tmp_path / "mentorcycle.db").touch()
    assert program("import", "t.csv", "--dry-run").stdout == dry.stdout
    assert (tmp_path / "mentorcycle.db").stat().st_size == 0
    assert program("import", "t.csv").exit_code == 0
    (tmp_path / "t.csv").write_text(GOOD.replace("Karlsson", "Ek"), encoding="utf-8")
    assert "Bo Ek\tchange" in program("import", "t.csv", "--dry-run").stdout
    assert [person["name"] for person in people(program)] == ["Ann Ünal", "Bo Karlsson"]


def test_a_dry_run_of_bad_rows_writes_no_file_to_mend(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    assert program("import", "t.csv", "-n").exit_code == 3
    assert program("import", "t.csv", "-n", "--partial").exit_code == 6
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_the_first_import_founds_the_programme_and_no_later_one_does(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    assert program("import", "t.csv", "--program", "north").exit_code == 0
    for words in (("import", "t.csv"), ("person", "add", "Eva"), ("calendar", "close", "2026-11-26")):
        for wanted, said in (("nort", "did you mean north?"), ("west", "there is north;")):
            told = program(*words, "--program", wanted, "--format", "json")
            assert (told.exit_code, told.stdout) == (4, ""), words
            (fix,) = json.loads(told.stderr)["fix"]
            assert fix == f"{said} another is made by: mentorcycle db init --program {wanted}"
        assert program(*words).exit_code == 4, words  # nor the default one
    elsewhere = program("person", "add", "Eva", "--tenant", "sout")
    assert elsewhere.exit_code == 4
    assert "fix: mentorcycle db init --program main --tenant sout" in elsewhere.stderr
    assert program("db", "init", "--program", "west").exit_code == 0
    assert program("person", "add", "Eva", "--program", "west").exit_code == 0
    log = json.loads(program("audit", "log", "--format", "json").stdout)["rows"]
    assert [row["name"] for row in log].count("ProgrammeCreated") == 2


def test_a_first_import_by_somebody_who_may_not_founds_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    assert program("import", "t.csv", "--as", "auditor").exit_code == 7
    assert json.loads(program("db", "status", "--format", "json").stdout)["record"]["events"] == 0


def test_the_first_person_founds_the_programme_unless_it_is_a_dry_run(
    program: Program, tmp_path: Path
) -> None:
    def events() -> int:
        return int(json.loads(program("db", "status", "--format", "json").stdout)["record"]["events"])

    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    assert program("import", "t.csv").exit_code == 3  # makes the store, and nothing in it
    assert program("person", "add", "Eva", "--dry-run").exit_code == 0
    assert events() == 0
    assert program("person", "add", "Eva").exit_code == 0
    assert events() == 3


def test_a_check_needs_no_store(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    assert program("roster", "check", "t.csv").exit_code == 0
    (tmp_path / "t.csv").write_text(BAD, encoding="utf-8")
    assert program("roster", "check", "t.csv").exit_code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "t.csv"),
        (b"", "empty"),
        (b"external_id,given_name\n001,Ann\n", "family_name"),
        ("external_id,given_name,family_name\n001,Ann,Müller\n".encode("cp1252"), "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_so(
    program: Program, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    refused = program("import", "t.csv")
    assert refused.exit_code == 3
    assert said in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr


def test_row_40000_is_found(program: Program, tmp_path: Path) -> None:
    rows = [f"{n:06},Given{n},Family{n}" for n in range(1, 40_001)]
    rows[39_998] = "039999,,Family"
    (tmp_path / "t.csv").write_text(
        "external_id,given_name,family_name\n" + "\n".join(rows), encoding="utf-8"
    )
    refused = program("import", "t.csv")
    assert refused.exit_code == 3
    assert refused.stdout.split("\t")[:3] == ["t.csv", "40000", "given_name"]


def test_the_template_can_be_imported_once_it_is_filled(program: Program, tmp_path: Path) -> None:
    header = program("roster", "template").stdout.strip()
    values = {"external_id": "7", "given_name": "Eli", "family_name": "Okoro"}
    row = ",".join(values.get(name, "") for name in header.split(","))
    (tmp_path / "t.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert program("import", "t.csv").exit_code == 0
    assert [person["name"] for person in people(program)] == ["Eli Okoro"]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("Test_full_data_set", 2),
        ("Test_minimal_data_set", 2),
        ("v1p2_full_dataset", 3),
        ("oneroster_test_data", 0),
    ],
)
def test_third_party_rosters_give_their_staff_and_a_cycle_runs_on_them(
    program: Program, tmp_path: Path, name: str, count: int
) -> None:
    archive = THIRD_PARTY / f"{name}.zip"
    if not archive.exists():
        pytest.skip("the third-party OneRoster files do not lie beside this checkout")

    assert program("import", str(archive)).exit_code == 0
    assert "nothing to do" in program("import", str(archive)).stderr

    found = people(program)
    assert len(found) == count
    if count:
        ids = [str(person["id"]) for person in found]
        assert program("pair", "publish", ids[0], ids[1]).exit_code == 0
        opened = program("cycle", "open", ids[0])
        assert opened.exit_code == 0, opened.stderr
        assert program("next", "@last").exit_code == 0
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("mentorcycle.db*"))
    students = [b"Mary", b"mary.jones", b"anna.brown", b"brucewayne", b"6037778888"]
    assert not [word for word in (PASSWORD.encode(), b"Batman", *students) if word in stored]


def test_a_folder_and_its_zip_are_the_same(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
        "file.users,bulk\nfile.orgs,bulk\n",
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
        "o1,active,,Lindholm,school,,\n",
        "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
        "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
        f"u1,active,,TRUE,o1,teacher,ann,,Ann,Ünal,,,ann@example.org,,,,,{PASSWORD}\n"
        f"u2,active,,TRUE,o1,student,pup,,Pip,Pupil,,,,,,,,{PASSWORD}\n",
    }
    folder = tmp_path / "roster"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "roster.zip", "w") as archive:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
            archive.writestr(name, text)

    assert "1 of 1 imported" in program("import", "roster").stderr
    monkeypatch.chdir(folder)
    checked = program("roster", "check", ".")
    assert checked.stdout.splitlines()[0] == "file\troster"
    assert checked.stderr.startswith("roster: OneRoster 1.1")
    assert program("import", ".").stderr.startswith("roster: OneRoster 1.1")
    assert program("roster", "check", "..").stderr.startswith(f"{tmp_path.name}: OneRoster 1.1")
    monkeypatch.chdir(tmp_path)
    assert "nothing to do: 1 person" in program("import", "roster.zip").stderr
    (folder / "orgs.csv").unlink()
    orphaned = program("import", "roster")
    assert orphaned.exit_code == 3
    assert "orgs.csv" in orphaned.stdout
