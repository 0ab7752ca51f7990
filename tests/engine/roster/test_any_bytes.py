"""Whatever bytes come: a reading, or a refusal in words."""

from contextlib import suppress
from io import BytesIO

from hypothesis import assume, example, given
from hypothesis import strategies as st

from mentorcycle.domain.errors import InvalidInput
from mentorcycle.engine.roster import Pairs, Roster, errors_file
from mentorcycle.engine.roster.csv_roster import read_csv_stream
from mentorcycle.engine.roster.pairs import read_pairs_stream

AREAS = ("engagement",)
HEADER = b"external_id,given_name,family_name,email,areas,capacity\n"
PIECES = st.sampled_from(
    [
        *(b"1", b"Ann", b"a@b.c", b"engagement", b"\xc3\xa9", b"\xe9", b" ", b"=", b"'="),
        *(b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe"),
        *(b"problem,", b"sep=;\n", HEADER),
    ]
)
ANY = st.binary(max_size=300) | st.lists(PIECES, max_size=40).map(b"".join)


@given(ANY)
@example(b"\xff\xfe\x00\xd8")
@example(b"\xff\xfe" + "external_id;a\r\n".encode("utf-16-le") + b"\x00")
def test_any_bytes_give_a_roster_or_a_refusal(content):
    with suppress(InvalidInput):
        assert isinstance(read_csv_stream(BytesIO(content), "any.csv", AREAS), Roster)


@given(ANY)
def test_any_bytes_under_a_header_give_people_or_problems(content):
    with suppress(InvalidInput):
        roster = read_csv_stream(BytesIO(HEADER + content), "any.csv", AREAS)
        assert roster.people or roster.problems
        assert {problem.line for problem in roster.problems} >= set(roster.bad.rows)


@given(ANY)
def test_any_bytes_give_pairs_or_a_refusal(content):
    with suppress(InvalidInput):
        assert isinstance(read_pairs_stream(BytesIO(b"mentee,mentor,start\n" + content), "any.csv"), Pairs)


@given(st.lists(st.lists(PIECES, max_size=8).map(b"".join), max_size=12))
@example([b'1,"Ann,Lee,,,'])
@example([b"1,=Ann,'=Lee,x,,", b"2,,-Lee,,,"])
def test_nothing_refused_is_taken_when_its_errors_file_is_fed_again_unmended(lines):
    first = read_csv_stream(BytesIO(HEADER + b"\n".join(lines)), "any.csv", AREAS)
    assume(first.bad.rows and not any("UTF-8" in problem.what for problem in first.problems))
    told = errors_file(first.problems, first.bad)
    again = read_csv_stream(BytesIO(told.encode("utf-8-sig")), "errors.csv", AREAS)
    assert again.people == ()
    assert list(again.bad.rows.values()) == list(first.bad.rows.values())
