"""What `notifier remind` prints: reminders that are planned, and messages of a simulation."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from notifier.cli.simulated_post import Notice
from notifier.domain.clock import VIETNAM
from notifier.reminders.reports.sheets import clean
from notifier.rendering.phrases import MATTERS
from notifier.store.timers import Planned

COLUMNS = ("at", "audience", "person", "channels", "type", "number", "tells", "dossiers")
"""Of a message as a row: `tells` are the types of its events, several in a digest; `number` of a single reminder."""
_HEAD = f"{'at':15}  {'audience':8}  {'person':16}  {'channels':12}  {'dossiers':32}  what"


def planned_line(timer: Planned) -> str:
    """A timer: when, of which dossier, what, for the how manieth time."""
    what = f"{timer.type} {timer.number}"
    moment = timer.planned_for.astimezone(VIETNAM)
    return f"{moment:%a %d/%m/%Y %H:%M}  {timer.dossier_code:24}  {what:24}  {MATTERS.get(timer.type, '')}".rstrip()


def formatted(notices: Sequence[Notice], form: str) -> str:
    """`form` is table, csv, json or counts."""
    match form:
        case "json":
            return json.dumps([_row(each) for each in notices], ensure_ascii=False, indent=1)
        case "csv":
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(COLUMNS)
            writer.writerows(
                [" ".join(cell) if isinstance(cell, list) else cell for cell in _row(each).values()] for each in notices
            )
            return text.getvalue().rstrip()
        case "counts":
            return _counts(notices)
        case _:
            return "\n".join([_HEAD, *map(_line, notices), "", _counts(notices)])


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "at": notice.at.astimezone(VIETNAM).isoformat(timespec="minutes"),
        "audience": notice.audience.value,
        "person": clean(notice.ref),
        "channels": list(notice.channels),
        "type": notice.type,
        "number": notice.number or None,
        "tells": [each.type for each in notice.of],
        "dossiers": list(notice.dossiers),
    }


def _line(notice: Notice) -> str:
    more = len(notice.dossiers) - 1
    which = notice.dossiers[0] + (f" and {more} more" if more else "")
    return (
        f"{notice.at.astimezone(VIETNAM):%a %d/%m %H:%M}  {notice.audience.value:8}  {clean(notice.ref):16}"
        f"  {', '.join(notice.channels):12}  {which:32}  {_what(notice)}"
    )


def _what(notice: Notice) -> str:
    """The type and number of a reminder; of a digest, how many of which types it tells."""
    if len(notice.of) == 1:
        return f"{notice.type} {notice.number}" if notice.number else notice.type
    told = Counter(each.type for each in notice.of)
    return f"{notice.type}: " + ", ".join(f"{count} {type_}" for type_, count in told.most_common())


def _counts(notices: Sequence[Notice]) -> str:
    """How often what is told, in how many messages to how many people; who got the most in a day."""
    types = Counter(event.type for each in notices for event in each.of)
    people = len({(each.audience.is_staff, _whom(each)) for each in notices})
    lines = [f"{count:7}  {type_}" for type_, count in sorted(types.items(), key=lambda item: (-item[1], item[0]))]
    lines.append(f"{len(notices):7}  messages with all this to {people} {'person' if people == 1 else 'people'}")
    days: Counter[tuple[str, datetime]] = Counter(
        (each.ref, each.at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0))
        for each in notices
        if each.audience.is_staff
    )
    if days:
        (ref, day), most = max(days.items(), key=lambda item: (item[1], item[0]))
        lines.append(f"{most:7}  the most to one officer in one day: {clean(ref)} on {day:%d/%m/%Y}")
    return "\n".join(lines)


def _whom(notice: Notice) -> str:
    """An officer by code; of citizens, each dossier has one."""
    return notice.ref if notice.audience.is_staff else notice.dossiers[0]
