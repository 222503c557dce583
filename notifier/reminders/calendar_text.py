"""The working calendar as administrators write and read it: hours, weeks, days, and the CSV file that brings a year.

A CSV file has a head `date,kind,hours,agency,note,source` in any order; `hours` and `agency` may be left out or empty.
What cannot be read raises `EntryError` with a sentence that says what is expected.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO

from notifier.domain.errors import EntryError
from notifier.reminders.calendar import Day, DayKind, Span

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
NEEDED, KNOWN = ("date", "kind", "note", "source"), ("date", "kind", "hours", "agency", "note", "source")
WORKING_DAY = timedelta(hours=8)
FIRST_YEAR, LAST_YEAR = 2000, 2200
TEXT_LONGEST, AGENCY_LONGEST = 300, 64
_SPAN = re.compile(r"([0-2]?\d:[0-5]\d)\s*[-–]\s*([0-2]?\d:[0-5]\d)")


def read_date(text: str) -> date:
    """A day as 2026-01-02 or 02/01/2026."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if FIRST_YEAR <= day.year < LAST_YEAR:
            return day
    raise EntryError(f'"{text}" is no day; write it like 2026-01-02 or 02/01/2026')


def read_hours(text: str) -> tuple[Span, ...]:
    """Spans as 07:00-11:30,13:30-17:00: each opens before it closes, and after the one before has closed."""
    spans: list[Span] = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        try:
            times = [time.fromisoformat(each.zfill(5)) for each in match.groups()] if match else []
        except ValueError:
            times = []
        if not times:
            raise EntryError(f'"{text}" is no hours; write them like 07:00-11:30,13:30-17:00')
        span = Span(*times)
        if span.opens >= span.closes or (spans and spans[-1].closes >= span.opens):
            raise EntryError(f'"{text}": each span has to open before it closes, and after the one before it')
        spans.append(span)
    return tuple(spans)


def hours_text(spans: tuple[Span, ...]) -> str:
    return ",".join(f"{span.opens:%H:%M}-{span.closes:%H:%M}" for span in spans)


def read_week(text: str) -> tuple[tuple[Span, ...], ...]:
    """A week as `mon-fri 07:30-11:30,13:00-17:00; sat 07:30-11:30`; a day that is not named is a rest day."""
    days: list[tuple[Span, ...]] = [()] * len(WEEKDAYS)
    for part in text.split(";"):
        names, _, hours = part.strip().partition(" ")
        first, _, last = names.lower().partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise EntryError(
                f'"{part.strip()}" names no days; write it like mon-fri 07:00-11:30,13:30-17:00; sat 07:00-11:30'
            )
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        if begin > end or any(days[begin : end + 1]):
            raise EntryError(f'"{text}": days go from Monday to Sunday, and each is named once')
        days[begin : end + 1] = [read_hours(hours)] * (end + 1 - begin)
    if not all(days[:1]):
        raise EntryError(f'"{text}": Monday needs hours, a make-up Saturday is worked like it')
    return tuple(days)


def week_text(days: tuple[tuple[Span, ...], ...]) -> str:
    """The shortest form that `read_week` reads as the same week."""
    parts: list[str] = []
    begin = 0
    for number in range(1, len(days) + 1):
        if number < len(days) and days[number] == days[begin]:
            continue
        if days[begin]:
            names = WEEKDAYS[begin] if number - begin == 1 else f"{WEEKDAYS[begin]}-{WEEKDAYS[number - 1]}"
            parts.append(f"{names} {hours_text(days[begin])}")
        begin = number
    return "; ".join(parts)


def read_day(fields: dict[str, str]) -> Day:
    """A row of the calendar from its texts by name."""
    kind, hours = fields["kind"].strip().lower(), fields.get("hours", "").strip()
    if kind not in tuple(DayKind):
        raise EntryError(f'"{fields["kind"]}" is no kind of day; write off or work')
    if hours and kind == DayKind.OFF:
        raise EntryError("a day off has no hours; write work, or leave them out")
    for name in ("note", "source"):
        if not fields[name].strip():
            raise EntryError(f"{name} is missing: whoever reads the calendar later wants to know why")
        if len(fields[name]) > TEXT_LONGEST:
            raise EntryError(f"{name} is longer than {TEXT_LONGEST} characters")
    return Day(
        date=read_date(fields["date"]),
        agency=read_agency(fields.get("agency", "")),
        kind=DayKind(kind),
        hours=read_hours(hours) if hours else None,
        note=fields["note"].strip(),
        source=fields["source"].strip(),
    )


def read_agency(text: str) -> str:
    """The code of an agency; empty for the whole province."""
    code = text.strip()
    if not re.fullmatch(rf"[\w.\-]{{0,{AGENCY_LONGEST}}}", code):
        raise EntryError(f'"{text}" is no code of an agency; write it like H01.14, or nothing for the whole province')
    return code


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, and what it says or what is wrong with it."""

    number: int
    read: Day | EntryError


def read_csv(text: str) -> Iterator[Line]:
    """Every row of a file. Raises `EntryError` at once if its head is not that of a calendar."""
    rows = csv.reader(StringIO(text.removeprefix("\ufeff")), strict=True)
    head = [name.strip().lower() for name in next(rows, [])]
    if missing := [name for name in NEEDED if name not in head]:
        raise EntryError(f"the head of the file lacks {', '.join(missing)}; it names {', '.join(KNOWN)}")
    if strange := [name for name in head if name not in KNOWN]:
        raise EntryError(
            f"the head of the file has {', '.join(strange)}, which means nothing; known are {', '.join(KNOWN)}"
        )
    seen: dict[tuple[date, str], int] = {}
    try:
        for row in rows:
            if any(row):
                yield Line(rows.line_num, _read_row(head, row, rows.line_num, seen))
    except csv.Error as error:
        yield Line(rows.line_num, EntryError(f"this is no CSV ({error}); the rest of the file was not read"))


def _read_row(head: list[str], row: list[str], number: int, seen: dict[tuple[date, str], int]) -> Day | EntryError:
    if len(row) != len(head):
        return EntryError(f"{len(row)} fields, the head has {len(head)}; put texts with a comma between quotes")
    try:
        day = read_day(dict(zip(head, row, strict=True)))
    except EntryError as error:
        return error
    if (first := seen.setdefault((day.date, day.agency), number)) != number:
        return EntryError(f"{day.date} {day.agency or 'of the whole province'} stands in line {first} already")
    return day


def duration_text(duration: timedelta) -> str:
    """Working time as people say it: `27 giờ 30 phút (3 ngày 3 giờ 30 phút)`, 8 hours to a day."""
    sign = "trừ " if duration < timedelta() else ""
    whole, days = abs(duration), abs(duration) // WORKING_DAY
    text = sign + _clock_text(whole)
    if not days:
        return text
    rest = whole - days * WORKING_DAY
    return f"{text} ({days} ngày{' ' + _clock_text(rest) if rest else ''}; một ngày là 8 giờ)"


def _clock_text(duration: timedelta) -> str:
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "giờ"), (minutes, "phút"), (seconds, "giây"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 giờ"
