"""The working calendar as the migration seeds it, and values to try it with."""

import importlib.util
from datetime import date, datetime

from notifier.domain.clock import VIETNAM
from notifier.reminders.calendar import PROVINCE, Calendars, Day, DayKind, Week
from notifier.reminders.calendar_text import read_week
from notifier.settings import ROOT


def _migration():
    file = ROOT / "notifier" / "store" / "migrations" / "versions" / "0004_calendar.py"
    spec = importlib.util.spec_from_file_location("calendar_migration", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def off(day: str, agency: str = PROVINCE, *, note: str = "Thử") -> Day:
    return Day(date.fromisoformat(day), agency, DayKind.OFF, None, note, "Thử")


def worked(day: str, agency: str = PROVINCE, *, hours=None) -> Day:
    return Day(date.fromisoformat(day), agency, DayKind.WORK, hours, "Thử", "Thử")


def week(text: str, agency: str = PROVINCE, since: str = "2000-01-01") -> Week:
    return Week(agency, date.fromisoformat(since), read_week(text), "Thử", "Thử")


_SEEDS = _migration()
DAYS = tuple(
    Day(date.fromisoformat(day), PROVINCE, DayKind(kind), None, note, source) for day, kind, note, source in _SEEDS.DAYS
)
USUAL = week(_SEEDS.WEEK[2])
SEEDED = Calendars(DAYS, (USUAL,))


def at(text: str) -> datetime:
    """A moment in Vietnam, as `2026-01-02 16:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)
