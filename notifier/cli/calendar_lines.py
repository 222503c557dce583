"""The working calendar, as lines that administrators read."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import click

from notifier.reminders.calendar import DAYS_OFF_LEAST, Calendar, Day, DayKind, Span, Week, reading
from notifier.reminders.calendar_text import NAMES, week_text
from notifier.store.calendar import Change

CHANGES = {Change.NEW: "mới", Change.CHANGED: "sửa", Change.SAME: "giữ nguyên"}


def day_lines(calendar: Calendar, day: date) -> Iterator[str]:
    found = reading(calendar, day)
    row = found.because
    state = f"làm việc {hours_shown(found.hours)}" if found.hours else "nghỉ"
    usual = "ngày thường" if found.hours else "nghỉ hằng tuần"
    why = row.note if isinstance(row, Day) else f"{usual} ({row.note})"
    yield f"{day_text(day)}  {click.style(state, fg='green' if found.hours else 'yellow')}  {why}"
    whose = f" · riêng {row.agency}" if row.agency else ""
    yield f"{'':23}nguồn: {row.source}{whose}"


def day_text(day: date) -> str:
    return f"{day:%d/%m/%Y}  {NAMES[day.weekday()]:9}"


def hours_shown(spans: tuple[Span, ...]) -> str:
    return ", ".join(f"{span.opens:%H:%M}–{span.closes:%H:%M}" for span in spans)


def kind_text(day: Day) -> str:
    kind = "nghỉ" if day.kind is DayKind.OFF else f"làm {hours_shown(day.hours or ())}".strip()
    return f"{kind} ({day.agency})" if day.agency else kind


def week_line(week: Week) -> str:
    whose = week.agency or "toàn tỉnh"
    return f"{whose}, từ {week.since:%d/%m/%Y}: {week_text(week.days)}  {week.note}  [{week.source}]"


def counted(counts: Counter[Change]) -> str:
    return f"{counts.total()} ngày: {', '.join(f'{counts[change]} {word}' for change, word in CHANGES.items())}."


def incomplete(year: int) -> str:
    return f"Năm {year} vẫn chưa đủ {DAYS_OFF_LEAST} ngày nghỉ trong tuần, chưa tính được giờ làm việc."
