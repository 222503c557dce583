"""The working calendar: days that are not like their weekday, and usual weeks. Every change is audited."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifier.domain.clock import VIETNAM
from notifier.domain.reasons import Reason, ReasonCode
from notifier.reminders.calendar import Calendars, Day, DayKind, Week, kept_until
from notifier.reminders.calendar_text import hours_text, read_hours, read_week, week_text
from notifier.store.audit import note
from notifier.store.pool import Connection


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


async def read(connection: Connection) -> Calendars:
    """All that is kept; a few dozen rows a year."""
    days = await connection.fetch("SELECT * FROM calendar_day ORDER BY date, agency")
    weeks = await connection.fetch("SELECT * FROM calendar_hours ORDER BY agency, since")
    return Calendars(tuple(_day(row) for row in days), tuple(_week(row) for row in weeks))


async def days_left(connection: Connection, now: datetime) -> int:
    """Days from today on for which the calendar is kept without a missing year; 0 if this year is missing."""
    today = now.astimezone(VIETNAM).date()
    until = kept_until((await read(connection)).years(), today)
    return (until - today).days + 1 if until else 0


_LOCK = "LOCK TABLE calendar_day, calendar_hours IN SHARE ROW EXCLUSIVE MODE"
"""Changes come one after the other, so that what stood before is told rightly; readers do not wait."""
_PUT_DAY = """
INSERT INTO calendar_day (date, agency, kind, hours, note, source, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (date, agency) DO UPDATE SET kind = excluded.kind, hours = excluded.hours, note = excluded.note,
    source = excluded.source, changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""
_PUT_WEEK = """
INSERT INTO calendar_hours (agency, since, week, note, source, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (agency, since) DO UPDATE SET week = excluded.week, note = excluded.note, source = excluded.source,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""


async def put_days(connection: Connection, days: Sequence[Day], *, by: str, now: datetime) -> Counter[Change]:
    """Write these days, all or none; those that stand like this already are left as they are."""
    counts: Counter[Change] = Counter()
    async with connection.transaction():
        await connection.execute(_LOCK)
        for day in days:
            counts[await _put_day(connection, day, by=by, now=now)] += 1
    return counts


async def _put_day(connection: Connection, day: Day, *, by: str, now: datetime) -> Change:
    row = await connection.fetchrow(
        "SELECT * FROM calendar_day WHERE date = $1 AND agency = $2", day.date, day.agency
    )  # primary key
    before = _day(row) if row else None
    if before == day:
        return Change.SAME
    hours = hours_text(day.hours) if day.hours else None
    actor = f"operator:{by}"
    await connection.execute(_PUT_DAY, day.date, day.agency, day.kind.value, hours, day.note, day.source, actor, now)
    values = {
        "by": by,
        "date": f"{day.date:%Y-%m-%d}",
        "agency": day.agency or "*",
        "kind": _spoken(day),
        "before": _spoken(before) if before else "-",
        "note": day.note,
        "source": day.source,
    }
    await note(connection, Reason(ReasonCode.CALENDAR_DAY, values), actor=actor, now=now)
    return Change.CHANGED if before else Change.NEW


async def put_week(connection: Connection, week: Week, *, by: str, now: datetime) -> Change:
    """Write a usual week from its day on."""
    actor, text = f"operator:{by}", week_text(week.days)
    async with connection.transaction():
        await connection.execute(_LOCK)
        row = await connection.fetchrow(
            "SELECT * FROM calendar_hours WHERE agency = $1 AND since = $2", week.agency, week.since
        )  # primary key
        before = _week(row) if row else None
        if before == week:
            return Change.SAME
        await connection.execute(_PUT_WEEK, week.agency, week.since, text, week.note, week.source, actor, now)
        values = {
            "by": by,
            "since": f"{week.since:%Y-%m-%d}",
            "agency": week.agency or "*",
            "week": text,
            "before": week_text(before.days) if before else "-",
            "note": week.note,
            "source": week.source,
        }
        await note(connection, Reason(ReasonCode.CALENDAR_HOURS, values), actor=actor, now=now)
    return Change.CHANGED if before else Change.NEW


def _spoken(day: Day) -> str:
    return f"{day.kind.value} {hours_text(day.hours)}" if day.hours else day.kind.value


def _day(row: Any) -> Day:
    return Day(
        date=row["date"],
        agency=row["agency"],
        kind=DayKind(row["kind"]),
        hours=read_hours(row["hours"]) if row["hours"] else None,
        note=row["note"],
        source=row["source"],
    )


def _week(row: Any) -> Week:
    return Week(
        agency=row["agency"],
        since=row["since"],
        days=read_week(row["week"]),
        note=row["note"],
        source=row["source"],
    )
