"""The story of one dossier, told from its audit rows: what was to be said, to whom, by which way, and what came of it.

Readable by an officer, in Vietnamese or English, and free of personal data: people appear as audience and code,
and what looks like a telephone number or a mail address in a provider's words is masked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ChannelName, EventType, ExternalId
from notifier.domain.labels import audience_label, state_label
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience

PERSONAL = re.compile(r"(?<!\w)(?:\+?84|0)(?:[ .-]?\d){8,10}(?!\w)|[^\s@<>]+@[^\s@<>]+")
WORDS = {
    "missing": ("thiếu sự kiện số {numbers}", "event number {numbers} is missing"),
    "event": ("Sự kiện số {seq}", "Event number {seq}"),
    "event_unnumbered": ("Sự kiện không đánh số", "Event without a number"),
    "attempt": ("lần {attempt}", "attempt {attempt}"),
    "nothing": ("Chưa có gì được ghi lại.", "Nothing is recorded yet."),
}


@dataclass(frozen=True, slots=True)
class EventRef:
    """The event that a row belongs to, as its source names it; `seq` is its number within the dossier."""

    external_id: ExternalId
    type: EventType
    seq: int | None


@dataclass(frozen=True, slots=True)
class RecipientRef:
    audience: Audience
    ref: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit trail, joined with what it speaks of. `recipient` and `channel` are None for a whole event."""

    seq: int
    """The row's own place in the trail."""
    at: datetime
    actor: str
    event: EventRef
    reason: Reason
    recipient: RecipientRef | None = None
    channel: ChannelName | None = None
    from_state: DeliveryState | None = None
    to_state: DeliveryState | None = None
    attempt: int | None = None
    detail: str | None = None
    """What the provider said, in its own words."""


def as_story(rows: Sequence[AuditRow], locale: str) -> dict[str, Any]:
    """The story as JSON-able values: events in the order they came, in each its notes, then its deliveries with moves."""
    ordered = sorted(rows, key=lambda row: row.seq)
    by_event: dict[ExternalId, list[AuditRow]] = {}
    for row in ordered:
        by_event.setdefault(row.event.external_id, []).append(row)
    gaps = _gaps({row.event.seq for row in rows if row.event.seq is not None}, locale)
    return {"events": [_event(of_event, locale, gaps) for of_event in by_event.values()]}


def render_text(rows: Sequence[AuditRow], locale: str = "vi") -> str:
    """The same story as lines of text; local times to the second."""
    story = as_story(rows, locale)
    return "\n".join(line for event in story["events"] for line in _event_lines(event, locale)) or _word(
        "nothing", locale
    )


def _gaps(numbers: set[int], locale: str) -> dict[int, dict[str, Any]]:
    """Before which event of the dossier which numbers are missing. What came before the first we know is not asked."""
    known = sorted(numbers)
    return {
        after: {"first": before + 1, "last": after - 1, "text": _missing(before + 1, after - 1, locale)}
        for before, after in pairwise(known)
        if after > before + 1
    }


def _missing(first: int, last: int, locale: str) -> str:
    return _word("missing", locale, numbers=str(first) if first == last else f"{first}–{last}")


def _event(rows: Sequence[AuditRow], locale: str, gaps: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """One event; it takes the gap before it out of `gaps`, so that a gap is told once."""
    deliveries: dict[tuple[RecipientRef, ChannelName], list[AuditRow]] = {}
    for row in rows:
        if row.recipient and row.channel:
            deliveries.setdefault((row.recipient, row.channel), []).append(row)
    event = rows[0].event
    return {
        "id": event.external_id,
        "type": event.type,
        "seq": event.seq,
        "at": _local(rows[0].at),
        "missing_before": gaps.pop(event.seq, None) if event.seq is not None else None,
        "notes": [_move(row, locale) for row in rows if not (row.recipient and row.channel)],
        "deliveries": [
            {
                "audience": who.audience.value,
                "ref": who.ref,
                "channel": channel,
                "state": next((row.to_state.value for row in reversed(moves) if row.to_state), None),
                "moves": [_move(row, locale) for row in moves],
            }
            for (who, channel), moves in deliveries.items()
        ],
    }


def _move(row: AuditRow, locale: str) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": _local(row.at),
        "actor": row.actor,
        "from": row.from_state.value if row.from_state else None,
        "to": row.to_state.value if row.to_state else None,
        "code": row.reason.code.value,
        "text": row.reason.text(locale),
        "attempt": row.attempt,
        "detail": _masked(row.detail) if row.detail else None,
    }


def _event_lines(event: dict[str, Any], locale: str) -> Iterator[str]:
    if event["missing_before"]:
        yield f"! {event['missing_before']['text']}"
    number = "event" if event["seq"] is not None else "event_unnumbered"
    yield f"{_word(number, locale, seq=str(event['seq']))}: {event['type']} ({event['id']})"
    for note in event["notes"]:
        yield f"  {_clock(note['at'])}  {note['text']}"
    for delivery in event["deliveries"]:
        audience = Audience(delivery["audience"])
        code = f" {delivery['ref']}" if audience.is_staff else ""
        yield f"  {audience_label(audience, locale)}{code} · {delivery['channel']}"
        yield from (f"    {_move_line(move, locale)}" for move in delivery["moves"])


def _move_line(move: dict[str, Any], locale: str) -> str:
    state = state_label(DeliveryState(move["to"]), locale) if move["to"] else ""
    attempt = _word("attempt", locale, attempt=str(move["attempt"])) if move["attempt"] else None
    told = ": ".join(part for part in (state, move["text"]) if part)
    more = ", ".join(part for part in (attempt, move["detail"]) if part)
    return f"{_clock(move['at'])}  {told}" + (f" [{more}]" if more else "")


def _word(key: str, locale: str, **values: str) -> str:
    return WORDS[key][0 if locale == "vi" else 1].format(**values)


def _local(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat(timespec="seconds")


def _clock(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%H:%M:%S %d/%m/%Y}"


def _masked(text: str) -> str:
    return PERSONAL.sub("***", text)
