"""How administrators write the working calendar: what is read, and what is said of what cannot be."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.audit.dead import fault_of_why
from notifier.cli.doctor import Level, calendar_findings
from notifier.domain.errors import EntryError
from notifier.reminders.calendar import Calendars, Day, DayKind
from notifier.reminders.calendar_text import (
    WEEKDAYS,
    duration_text,
    hours_text,
    read_csv,
    read_date,
    read_day,
    read_hours,
    read_week,
    week_text,
)
from tests.support.calendar import DAYS, SEEDED, USUAL

HEAD = "date,kind,hours,agency,note,source\n"


@pytest.mark.parametrize("text", ["2026-01-02", "02/01/2026", "2/1/2026", " 2026-01-02 "])
def test_a_day_is_read_in_both_orders(text):
    assert read_date(text) == date(2026, 1, 2)


@pytest.mark.parametrize("text", ["", "2026-02-30", "02-01-2026", "1926-01-02", "ngày mai"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(EntryError, match="is no day"):
        read_date(text)


def test_hours_are_read_as_people_write_them():
    assert hours_text(read_hours("7:00 – 11:30, 13:30-17:00")) == "07:00-11:30,13:30-17:00"


@pytest.mark.parametrize("text", ["", "7-11", "11:30-07:00", "07:00-07:00", "07:00-12:00,11:00-17:00", "07:00-25:00"])
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(EntryError):
        read_hours(text)


@pytest.mark.parametrize(
    "text", ["mon-fri", "07:00-11:30", "fri-mon 07:00-11:30", "mon-fri 07:00-11:30; wed 07:00-09:00", "sat 07:00-11:30"]
)
def test_what_is_no_week_is_refused(text):
    with pytest.raises(EntryError):
        read_week(text)


spans = st.sampled_from(["07:00-11:30", "07:30-11:30,13:00-17:00"]).map(read_hours)


@given(spans, st.lists(st.just(()) | spans, min_size=len(WEEKDAYS) - 1, max_size=len(WEEKDAYS) - 1))
def test_a_week_is_read_as_it_was_written(monday, others):
    assert read_week(week_text((monday, *others))) == (monday, *others)


def test_a_file_is_read_with_its_numbers_and_what_is_wrong():
    text = HEAD + (
        "2028-01-03,off,,,Nghỉ bù Tết Dương lịch,Điều 111\n"
        "2028-13-01,off,,,Sai,Thử\n"
        "\n"
        "2028-01-08,work,07:00-11:30,H01.14,Làm bù,Thử\n"
        "2028-01-09,holiday,,,Sai,Thử\n"
        "2028-01-10,off,07:00-11:30,,Sai,Thử\n"
        "2028-01-11,off,,,,Thử\n"
        "03/01/2028,work,,,Lặp,Thử\n"
        "2028-01-12,off,,,Có, dấu phẩy,Thử\n"
    )
    lines = list(read_csv("\ufeff" + text))
    right = [line.read for line in lines if isinstance(line.read, Day)]
    wrong = {line.number: str(line.read) for line in lines if isinstance(line.read, EntryError)}
    assert [(day.date.day, day.kind, day.agency) for day in right] == [
        (3, DayKind.OFF, ""),
        (8, DayKind.WORK, "H01.14"),
    ]
    assert sorted(wrong) == [3, 6, 7, 8, 9, 10]
    assert "stands in line 2 already" in wrong[9]
    assert "7 fields, the head has 6" in wrong[10]


@pytest.mark.parametrize(("head", "word"), [("date,kind,note", "lacks source"), ("date,kind,note,source,ngay", "ngay")])
def test_a_head_that_is_not_a_calendars_is_refused_at_once(head, word):
    with pytest.raises(EntryError, match=word):
        list(read_csv(head + "\n"))


def test_what_is_no_csv_is_told_with_its_line():
    (line,) = read_csv(HEAD + '2028-01-03,off,,,"Nghỉ"bù,Thử\n')
    assert "this is no CSV" in str(line.read)


def test_an_agency_is_a_code():
    fields = {"date": "2028-01-03", "kind": "off", "agency": "UBND xã Thử", "note": "Thử", "source": "Thử"}
    with pytest.raises(EntryError, match="no code of an agency"):
        read_day(fields)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0 giờ"),
        (timedelta(hours=3, minutes=30), "3 giờ 30 phút"),
        (timedelta(hours=16), "16 giờ (2 ngày; một ngày là 8 giờ)"),
        (timedelta(hours=27, seconds=5), "27 giờ 5 giây (3 ngày 3 giờ 5 giây; một ngày là 8 giờ)"),
        (-timedelta(hours=4), "trừ 4 giờ"),
    ],
)
def test_working_time_is_told_in_hours_and_days(duration, text):
    assert duration_text(duration) == text


def test_every_seeded_day_says_why_and_could_be_entered_by_hand():
    for day in DAYS:
        fields = {"date": f"{day.date}", "kind": day.kind, "note": day.note, "source": day.source}
        assert read_day(fields) == day
        assert fault_of_why(day.note) is None
        assert fault_of_why(day.source) is None


# What the doctor says


def found(calendars, today):
    return [(finding.level, finding.text.split(":")[0]) for finding in calendar_findings(calendars, today)]


UNTIL_2026 = Calendars(tuple(day for day in DAYS if day.date.year < 2027), (USUAL,))


def test_the_doctor_is_content_with_the_seeded_years():
    assert found(SEEDED, date(2026, 11, 30)) == [(Level.OK, "days off are kept for 2025, 2026, 2027")]


def test_the_doctor_does_not_ask_for_next_year_before_december():
    assert [level for level, _ in found(UNTIL_2026, date(2026, 11, 30))] == [Level.OK]


def test_the_doctor_warns_in_december_that_next_year_is_missing():
    assert found(UNTIL_2026, date(2026, 12, 1)) == [(Level.WARNING, "the days off of 2027 are missing")]


def test_the_doctor_warns_in_december_of_days_that_are_not_announced():
    assert found(SEEDED, date(2026, 12, 1))[0] == (Level.WARNING, "6 days of 2027 are not announced yet")


def test_the_doctor_finds_a_fault_in_a_year_without_a_calendar():
    assert found(UNTIL_2026, date(2027, 1, 1)) == [(Level.FAULT, "the days off of 2027 are missing")]
