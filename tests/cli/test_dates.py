"""Dates as people write them; the day of the tests is Wednesday 25 November 2026."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.cli.asof import EndOfDay, Instant, Position, not_ahead, parse_as_of
from mentorcycle.cli.dates import parse, said
from mentorcycle.cli.exits import WrongValue
from mentorcycle.domain.calendar import Calendar

TODAY = date(2026, 11, 25)
SCHOOL = Calendar(closures=frozenset({date(2026, 11, 26), date(2026, 11, 27)}))
ZONE = "Europe/Stockholm"
CET = timezone(timedelta(hours=1))

READ = {
    "2026-11-27": date(2026, 11, 27),
    " 2026-11-27 ": date(2026, 11, 27),
    "2028-02-29": date(2028, 2, 29),
    "today": TODAY,
    "Today": TODAY,
    "yesterday": date(2026, 11, 24),
    "tomorrow": date(2026, 11, 26),
    "wednesday": TODAY,
    "this wednesday": TODAY,
    "next wednesday": date(2026, 12, 2),
    "last wednesday": date(2026, 11, 18),
    "friday": date(2026, 11, 27),
    "next friday": date(2026, 11, 27),
    "last friday": date(2026, 11, 20),
    "last monday": date(2026, 11, 23),
    "Fri": date(2026, 11, 27),
    "thurs": date(2026, 11, 26),
    "next  Mon": date(2026, 11, 30),
    "-3d": date(2026, 11, 22),
    "+3d": date(2026, 11, 28),
    "3d": date(2026, 11, 28),
    "+2w": date(2026, 12, 9),
    "-1 week": date(2026, 11, 18),
    "3 days ago": date(2026, 11, 22),
    "2 weeks ago": date(2026, 11, 11),
    "+5 school days": date(2026, 12, 4),
    "5sd": date(2026, 12, 4),
    "1 school day": date(2026, 11, 30),
}

REFUSED = {
    "03/04/2026": "it could be Fri 3 Apr 2026 or Wed 4 Mar 2026|write 2026-04-03 or 2026-03-04",
    "3-4-2026": "it could be Fri 3 Apr 2026 or Wed 4 Mar 2026|write 2026-04-03 or 2026-03-04",
    "13/04/2026": "it seems to be Mon 13 Apr 2026|write 2026-04-13",
    "04/13/2026": "it seems to be Mon 13 Apr 2026|write 2026-04-13",
    "04/04/2026": "it seems to be Sat 4 Apr 2026|write 2026-04-04",
    "3.4.2026": "it seems to be Fri 3 Apr 2026|write 2026-04-03",
    "4.13.2026": "no order of its parts makes one|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "3.4.26": "the year needs four digits|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "03/04/26": "the year needs four digits|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "2026/11/27": "it seems to be Fri 27 Nov 2026|write 2026-11-27",
    "2026-4-3": "it seems to be Fri 3 Apr 2026|write 2026-04-03",
    "20261127": "it seems to be Fri 27 Nov 2026|write 2026-11-27",
    "2026-02-30": "day is out of range for month|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "2026-13-01": "month must be in 1..12|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "tomorow": "nothing that can be read as a date looks like that|did you mean tomorrow?",
    "next fryday": "nothing that can be read as a date looks like that|did you mean friday?",
    "whenever": "nothing that can be read as a date looks like that"
    "|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "": "nothing that can be read as a date looks like that|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "+3 days ago": "it has a sign and “ago”|leave one of them out",
    "-5 school days": "school days are counted forward|write the date",
    "9999999sd": "9999999 school days end after the year 9999|write the date",
    "9999999w": "years go from 1 to 9999|",
    "2026-11-27T10:15": "it says no offset from UTC|write 2026-11-27T10:15Z or 2026-11-27T10:15+01:00",
    "2026-11-27T24:01Z": "hours end at 23, minutes and seconds at 59|write 2026-11-27T10:15",
    "2026-02-30T10:15Z": "day is out of range for month|write 2026-11-27, yesterday, next friday, -3d or +5sd",
    "٣٣/04/2026": "nothing that can be read as a date looks like that"
    "|write 2026-11-27, yesterday, next friday, -3d or +5sd",
}


@pytest.mark.parametrize(("text", "meant"), READ.items())
def test_a_date_is_read_as_it_is_meant(text: str, meant: date) -> None:
    when = parse(text, TODAY, SCHOOL)
    assert (when.date, when.at) == (meant, None)


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_what_cannot_be_read_for_certain_is_refused_with_a_way_out(text: str, words: str) -> None:
    with pytest.raises(WrongValue) as refused:
        parse(text, TODAY, SCHOOL)
    assert f"{refused.value.why}|{refused.value.fix}" == words
    assert repr(text) in refused.value.what


def test_school_days_without_a_calendar_are_refused() -> None:
    with pytest.raises(WrongValue, match="needs a calendar"):
        parse("5sd", TODAY)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-27T10:15+01:00", datetime(2026, 11, 27, 10, 15, tzinfo=CET)),
        ("2026-11-27 10:15 +01:00", datetime(2026, 11, 27, 10, 15, tzinfo=CET)),
        ("2026-11-27t10:15:30z", datetime(2026, 11, 27, 10, 15, 30, tzinfo=UTC)),
        ("2026-11-27T10:15", datetime(2026, 11, 27, 9, 15, tzinfo=UTC)),
        ("2026-11-27T10:15:30.25Z", datetime(2026, 11, 27, 10, 15, 30, 250000, tzinfo=UTC)),
    ],
)
def test_an_instant_keeps_its_time(text: str, at: datetime) -> None:
    when = parse(text, TODAY, zone=ZONE)
    assert (when.at, when.date) == (at, date(2026, 11, 27))


def test_the_day_of_an_instant_is_the_programmes() -> None:
    assert parse("2026-11-27T23:30Z", TODAY, zone=ZONE).date == date(2026, 11, 28)
    assert parse("2026-11-27T23:30Z", TODAY).date == date(2026, 11, 27)


def test_a_time_that_comes_twice_or_never_is_refused() -> None:
    with pytest.raises(WrongValue, match="comes twice") as twice:
        parse("2026-10-25T02:30", TODAY, zone=ZONE)
    assert twice.value.fix == "write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"
    with pytest.raises(WrongValue, match="not at all"):
        parse("2026-03-29T02:30", TODAY, zone=ZONE)


def test_the_echo_shows_the_weekday() -> None:
    assert parse("friday", TODAY).echo == "resolved: Fri 27 Nov 2026"
    assert parse("2026-11-27T10:15", TODAY, zone=ZONE).echo == "resolved: Fri 27 Nov 2026 10:15 CET"
    assert said(date(987, 1, 2)) == "Tue 2 Jan 0987"


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_and_never_a_bug(text: str) -> None:
    for read in (lambda: parse(text, TODAY, SCHOOL, ZONE), lambda: parse_as_of(text, TODAY, ZONE, SCHOOL)):
        with suppress(WrongValue):
            read()


@given(st.from_regex(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}", fullmatch=True))
def test_no_numbers_are_read_but_iso(text: str) -> None:
    try:
        when = parse(text, TODAY)
    except WrongValue:
        return
    assert when.date.isoformat() == text


@given(st.dates())
def test_every_iso_date_is_itself(day: date) -> None:
    assert parse(day.isoformat(), TODAY).date == day


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(["monday", "thursday", "sunday"]))
def test_next_is_after_today_and_last_before_it_within_a_week(today: date, weekday: str) -> None:
    week = timedelta(days=7)
    assert today <= parse(weekday, today).date < today + week
    assert today < parse(f"next {weekday}", today).date <= today + week
    assert today - week <= parse(f"last {weekday}", today).date < today


def test_as_of_a_day_is_the_end_of_that_day_where_the_programme_is() -> None:
    as_of = parse_as_of("2026-10-31", TODAY, ZONE)
    assert as_of == EndOfDay(date(2026, 10, 31), ZONE, datetime(2026, 10, 31, 22, 59, 59, 999999, UTC))
    assert as_of.echo == "as of Sat 31 Oct 2026, end of day, Europe/Stockholm"


def test_as_of_a_day_when_clocks_change_is_still_its_end() -> None:
    as_of = parse_as_of("2026-10-25", TODAY, ZONE)
    assert isinstance(as_of, EndOfDay)
    assert as_of.at == datetime(2026, 10, 25, 22, 59, 59, 999999, UTC)
    lost_midnight = parse_as_of("2018-11-03", TODAY, "America/Sao_Paulo")  # the 4th began at one o'clock
    assert isinstance(lost_midnight, EndOfDay)
    assert lost_midnight.at == datetime(2018, 11, 4, 2, 59, 59, 999999, UTC)


def test_as_of_an_instant_or_a_position() -> None:
    instant = parse_as_of("2026-10-31T12:00+01:00", TODAY, ZONE)
    assert instant == Instant(datetime(2026, 10, 31, 11, tzinfo=UTC))
    assert instant.echo == "as of Sat 31 Oct 2026 12:00:00 UTC+01:00"
    assert parse_as_of("@1882", TODAY, ZONE) == parse_as_of("1882", TODAY, ZONE) == Position(1882)
    assert (instant.stamp, Position(1882).stamp) == (datetime(2026, 10, 31, 11, tzinfo=UTC), 1882)
    assert Position(1882).echo == "as of event 1882"
    assert parse_as_of("99999999", TODAY, ZONE) == Position(99999999)


@pytest.mark.parametrize("text", ["@155", "2026-11-22", "2026-11-22T10:00+01:00", "yesterday"])
def test_as_of_the_recorded_past_is_taken(text: str) -> None:
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    as_of = parse_as_of(text, now.date(), ZONE)
    assert not_ahead(as_of, now, ZONE, 155, now) == as_of


@pytest.mark.parametrize("text", ["@156", "99999", "2026-11-23", "2026-11-22T10:01+01:00", "2027-03-01"])
def test_as_of_what_is_yet_to_come_is_refused_and_says_what_is_last(text: str) -> None:
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    with pytest.raises(WrongValue, match="is yet to come") as refused:
        not_ahead(parse_as_of(text, now.date(), ZONE), now, ZONE, 155, datetime(2026, 11, 4, 9, tzinfo=UTC))
    assert (
        "the last event is 155, recorded on Wed 4 Nov 2026, and today is Sun 22 Nov 2026" in refused.value.why
    )
    assert refused.value.fix == "give 2026-11-22, or @155"


def test_what_was_recorded_by_a_clock_ahead_of_ours_is_no_future() -> None:
    now, ahead = datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2027, 3, 1, 9, tzinfo=UTC)
    as_of = parse_as_of("2027-03-01", now.date(), ZONE)
    assert not_ahead(as_of, now, ZONE, 155, ahead) == as_of
    with pytest.raises(WrongValue):
        not_ahead(parse_as_of("2027-03-02", now.date(), ZONE), now, ZONE, 155, ahead)


def test_as_of_eight_digits_that_make_a_date_is_refused_with_both_readings() -> None:
    with pytest.raises(WrongValue) as refused:
        parse_as_of("20261031", TODAY, ZONE)
    assert refused.value.fix == "write 2026-10-31 or @20261031"
    assert parse_as_of("@20261031", TODAY, ZONE) == Position(20261031)


def test_as_of_the_last_day_there_is_has_no_end() -> None:
    with pytest.raises(WrongValue, match="no end of day"):
        parse_as_of("9999-12-31", TODAY, ZONE)
