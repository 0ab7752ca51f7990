"""Which bytes are text: UTF-8 and UTF-16, and what is said of all others."""

import pytest

from mentorcycle.domain.errors import InvalidInput
from mentorcycle.engine.roster import errors_file, read

TEXT = "external_id,given_name,family_name\r\n1,Aylin,Ünal\r\n2,文,李\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_its_byte_order_mark(csv_file, encoding):
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    people = read(csv_file((mark + TEXT).encode(encoding)), ()).people
    assert [(person.given_name, person.family_name) for person in people] == [("Aylin", "Ünal"), ("文", "李")]


def test_windows_1252_is_named_by_byte_offset_and_line(csv_file):
    text = "external_id,given_name,family_name\n1,Bo,Li\n2,Aylin,Ünal\n3,Åsa,Öst\n"
    roster = read(csv_file(text.encode("cp1252")), ())
    assert [person.external_id for person in roster.people] == ["1"]
    assert [(problem.line, problem.what) for problem in roster.problems] == [
        (3, "byte 0xDC at byte offset 51 is not UTF-8"),
        (4, "byte 0xC5 at byte offset 58 is not UTF-8"),
    ]
    assert roster.problems[0].suggestion == "it looks like Windows-1252: save it as “CSV UTF-8”"


def test_offsets_count_the_byte_order_mark(csv_file):
    (problem,) = read(csv_file(b"\xef\xbb\xbfexternal_id,given_name,family_name\n1,\xe9,x\n"), ()).problems
    assert problem.what == "byte 0xE9 at byte offset 40 is not UTF-8"


def test_the_errors_file_shows_windows_1252_as_it_was_meant(csv_file):
    roster = read(csv_file("external_id,given_name,family_name\n2,Aylin,Ünal\n".encode("cp1252")), ())
    assert '"2","Aylin","Ünal"' in errors_file(roster.problems, roster.bad)


def test_a_header_that_is_not_utf8_is_refused(csv_file):
    with pytest.raises(InvalidInput, match="line 1: byte 0xE9 at byte offset 12"):
        read(csv_file(b"external_id,\xe9\n1,2\n"), ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_is_refused_by_name(csv_file, encoding):
    with pytest.raises(InvalidInput, match=r"looks like UTF-16 without|is UTF-32"):
        read(csv_file(TEXT.encode(encoding)), ())


def test_utf16_cut_in_the_middle_is_refused_with_its_place(csv_file):
    with pytest.raises(InvalidInput, match="line 3 is not UTF-16 at byte offset 110"):
        read(csv_file(TEXT[:-2].encode("utf-16")[:-1]), ())


def test_a_line_of_a_mebibyte_is_no_roster(csv_file):
    with pytest.raises(InvalidInput, match="line 2 is longer than a mebibyte"):
        read(csv_file("external_id,given_name,family_name\n" + "x" * (3 << 20)), ())


@pytest.mark.parametrize("head", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest"])
def test_a_workbook_is_refused_with_what_to_do(csv_file, head):
    with pytest.raises(InvalidInput, match=r"workbook|not a zip"):
        read(csv_file(head, "roster.xlsx"), ())


def test_a_real_xlsx_and_ods_are_refused_with_what_to_do(zipped):
    for marker in ("[Content_Types].xml", "mimetype"):
        with pytest.raises(InvalidInput, match="Save As, “CSV UTF-8”"):
            read(zipped({marker: "x", "xl/workbook.xml": "<x/>"}, "roster.xlsx"), ())
