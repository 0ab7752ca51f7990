"""Folders and zips: in which shapes a set may come, and what is not safe to open."""

import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mentorcycle.domain.errors import InvalidInput, NoSuchFile
from mentorcycle.engine.roster import Roster, read


def count(path) -> int:
    return len(read(path, ()).people)


def test_a_folder_is_read_as_a_zip_is(set_1_1, in_folder, zipped):
    assert read(in_folder(set_1_1), ()) == read(zipped(set_1_1), ())


def test_one_folder_at_the_top_is_looked_into(set_1_1, in_folder, zipped):
    inside = {f"export 2026/{name}": text for name, text in set_1_1.items()}
    assert count(zipped(inside | {"__MACOSX/export 2026/._users.csv": "junk", "readme.txt": "hello"})) == 2
    assert count(in_folder(inside)) == 2


def test_letter_case_of_file_names_does_not_matter(set_1_1, zipped):
    assert count(zipped({name.upper(): text for name, text in set_1_1.items()})) == 2


def test_byte_order_marks_and_empty_columns_at_the_end_do_not_matter(set_1_1, zipped):
    def marked(text: str) -> str:
        header, rest = text.split("\n", 1)
        return f"\ufeff{header},,\r\n" + rest.replace("\n", "\r\n")

    roster = read(zipped({name: marked(text) for name, text in set_1_1.items()}), ())
    assert (len(roster.people), roster.problems, roster.notes) == (2, (), ())


def test_a_zip_by_another_name_is_told_by_its_bytes(set_1_1, zipped):
    assert count(zipped(set_1_1, "roster.download")) == 2


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "..\\users.csv", "C:\\x.csv"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(set_1_1, zipped, name):
    with pytest.raises(InvalidInput, match="leads out of its folder"):
        read(zipped(set_1_1 | {name: "x"}), ())


def test_an_encrypted_zip_is_refused(set_1_1, zipped):
    path = zipped(set_1_1)
    with zipfile.ZipFile(path) as archive:
        at = archive.start_dir
    whole = bytearray(path.read_bytes())
    whole[at + 8] |= 1
    path.write_bytes(whole)
    with pytest.raises(InvalidInput, match="is encrypted"):
        read(path, ())


def test_a_zip_bomb_is_refused_unopened(set_1_1, zipped):
    with pytest.raises(InvalidInput, match="unpacks to 80 MiB"):
        read(zipped(set_1_1 | {"users.csv": bytes(80 << 20)}), ())


def test_a_zip_of_a_thousand_and_one_files_is_refused(zipped):
    with pytest.raises(InvalidInput, match="has 1001 files in it"):
        read(zipped({f"{number}.txt": "" for number in range(1001)}), ())


def test_two_sets_in_one_zip_are_refused(set_1_1, zipped):
    two = {f"{place}/{name}": text for place in ("a", "b") for name, text in set_1_1.items()}
    with pytest.raises(InvalidInput, match="has CSV files in a, b"):
        read(zipped(two), ())


def test_one_file_in_two_letter_cases_is_refused(set_1_1, zipped):
    with pytest.raises(InvalidInput, match=r"has users\.csv twice"):
        read(zipped(set_1_1 | {"Users.csv": "x"}), ())


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "set.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="is not a zip that can be read"):
        read(path, ())


def test_an_absent_zip_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(NoSuchFile, match="there is no folder or zip"):
        read(tmp_path / "absent.zip", ())
    with pytest.raises(InvalidInput, match=r"has no manifest\.csv"):
        read(tmp_path, ())


def test_damaged_content_is_refused_by_the_name_of_the_file(set_1_1, zipped):
    path = zipped(set_1_1)
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("users.csv")
    whole = bytearray(path.read_bytes())
    at = entry.header_offset + 30 + len("users.csv")
    whole[at : at + 40] = b"\xff" * 40
    path.write_bytes(whole)
    with pytest.raises(InvalidInput, match=r"set\.zip: users\.csv is damaged"):
        read(path, ())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8))
@example(changes=[(1174, 0)])  # an entry without a name
def test_whatever_is_damaged_in_a_zip_is_read_or_refused(set_1_1, zipped, changes):
    path = zipped(set_1_1)
    whole = bytearray(path.read_bytes())
    for place, byte in changes:
        whole[place % len(whole)] = byte
    path.write_bytes(whole)
    with suppress(InvalidInput):
        assert isinstance(read(path, ()), Roster)
