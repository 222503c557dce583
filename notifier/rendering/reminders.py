"""The facts of a reminder, and of a digest of several: what is due when, how long it is late, who has it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from notifier.domain.events import DossierEvent, Progress
from notifier.domain.recipients import Locale
from notifier.reminders.digest import by_dossier, deadline_of, is_due_today, is_late, waits_since
from notifier.rendering import phrases
from notifier.rendering.text import one_line

Neutral = Callable[[DossierEvent], bool]
"""Whether of this event no more may be said than code and dates: its procedure is sensitive and the channel open."""


def of_reminder(event: DossierEvent, now: datetime, locale: Locale) -> Mapping[str, str | None]:
    if event.reminder is None:
        return {}
    waiting, late = waits_since(event), is_late(event, now)
    basis = event.reminder.basis
    return {
        "moc": phrases.moment(basis),
        "moc_con_lai": None if waiting else phrases.time_left(basis, now, locale, late=late),
        "cho": phrases.waited(waiting, now, locale) if waiting else None,
        "lan": str(event.reminder.number),
    }


def of_digest(
    gathered: Sequence[DossierEvent], now: datetime, neutral: Neutral
) -> Mapping[str, list[dict[str, str]] | str]:
    """The dossiers that a digest tells of, and how many there are; nothing if it gathers nothing."""
    if not gathered:
        return {}
    dossiers = by_dossier(gathered, now)
    return {
        "viec": [_item(events, now, neutral) for events in dossiers],
        "so_viec": str(len(dossiers)),
        "so_tre": str(sum(is_late(events[0], now) for events in dossiers)),
        "so_hom_nay": str(sum(is_due_today(events[0], now) for events in dossiers)),
    }


def officers_of(progress: Progress | None) -> str | None:
    """Who has the dossier now, by name."""
    return ", ".join(person.name for person in progress.next_handlers) if progress else None


def _item(events: Sequence[DossierEvent], now: datetime, neutral: Neutral) -> dict[str, str]:
    """One dossier of a digest. What is not known, or not to be told, is empty."""
    first = events[0]
    open_ = not any(map(neutral, events))
    steps = (each.progress.step_name for each in events if each.progress)
    procedure = first.dossier.procedure_name if open_ else None
    found = {
        "ma_ho_so": first.dossier.code,
        "thu_tuc": procedure or phrases.chosen(phrases.NEUTRAL_PROCEDURE, Locale.VI),
        "buoc": next(filter(None, steps), None) if open_ else None,
        "can_bo": next(filter(None, (officers_of(each.progress) for each in events)), None),
        "loai": ", ".join(dict.fromkeys(phrases.MATTERS.get(each.type, phrases.OTHER_MATTER) for each in events)),
        **_timing(first, now),
    }
    return {name: one_line(value or "").replace("|", "/") for name, value in found.items()}


def _timing(event: DossierEvent, now: datetime) -> Mapping[str, str | None]:
    waiting, deadline, late = waits_since(event), deadline_of(event), is_late(event, now)
    if waiting:
        han, con_lai = None, f"{'quá hạn, ' if late else ''}chờ từ {phrases.moment(waiting)}"
    elif deadline:
        han, con_lai = phrases.moment(deadline), phrases.time_left(deadline, now, late=late)
    else:
        han, con_lai = None, None
    return {"han": han, "con_lai": con_lai, "tre": "1" if late else ""}
