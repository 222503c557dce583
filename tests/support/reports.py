"""A month of an invented province for the reports: rows as values, written straight in, and counted naively beside."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from notifier.domain.ids import uuid7
from tests.support.calendar import at

SOURCE = "mcdt.angiang.gov.vn"
AGENCIES = ("H01.14", "H01.15", "H01.27")
OTHER_ORDER = {"000.14.00.H01": "H01.14"}
"""What else events call an agency, and its code."""
TYPES = ("hoso.duoc_tiep_nhan", "hoso.chuyen_buoc", "hoso.xu_ly_xong", "han.buoc_qua", "han.hoso_qua")
STATES = ("delivered", "read", "failed", "accepted", "planned", "suppressed", "cancelled", "unknown", "expired", None)
SETTLED = {"delivered", "read", "failed", "suppressed", "cancelled", "expired", "superseded"}
REASONS = {
    "suppressed": ("suppressed.no_zalo_link", "suppressed.channel_off"),
    "cancelled": ("cancelled.fallback_not_needed", "cancelled.reminder_outdated"),
    "failed": ("failed.refused",),
}
START, END = at("2026-10-21 00:00"), at("2026-11-21 00:00")
NOW = at("2026-12-05 09:00")


@dataclass
class Rows:
    """What will be written, by table, in this order."""

    event: list[dict[str, Any]] = field(default_factory=list)
    recipient: list[dict[str, Any]] = field(default_factory=list)
    delivery: list[dict[str, Any]] = field(default_factory=list)
    attempt: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    docket: list[dict[str, Any]] = field(default_factory=list)
    agency: list[dict[str, Any]] = field(default_factory=list)
    officer: list[dict[str, Any]] = field(default_factory=list)
    event_payload: list[dict[str, Any]] = field(default_factory=list)


async def keep(connection: Any, rows: Rows) -> None:
    async with connection.transaction():
        for table in (each.name for each in fields(Rows)):
            alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
            for row in getattr(rows, table):
                alike.setdefault(tuple(row), []).append(tuple(row.values()))
            for names, values in alike.items():
                places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
                insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names of this module
                await connection.executemany(insert, values)
    await connection.execute("ANALYZE")


def event(rows: Rows, when: datetime, **values: Any) -> UUID:
    id_ = uuid7(when)
    row = {
        "id": id_,
        "source": SOURCE,
        "external_id": str(id_),
        "type": "hoso.chuyen_buoc",
        "dossier_code": "H01-1",
        "occurred_at": when,
        "received_at": when,
        "fingerprint": b"",
        "warnings": [],
        "lane": "normal",
        "state": "routed",
        "agency": "H01.14",
    }
    rows.event.append(row | values)
    return id_


def recipient(rows: Rows, event_id: UUID, ref: str, audience: str = "handler") -> UUID:
    id_ = uuid7(NOW)
    person = {"id": id_, "event_id": event_id, "audience": audience, "ref": ref, "locale": "vi"}
    rows.recipient.append(person | {"inbox_owner": f"inbox-{ref.lower()}", "name": ref})
    return id_


def delivery(rows: Rows, event_id: UUID, recipient_id: UUID, channel: str, state: str, **values: Any) -> UUID:
    """With the audit rows of its moves; one that failed was sent twice."""
    reason, code = values.pop("reason", None), values.pop("code", None)
    id_ = uuid7(NOW)
    row = {
        "id": id_,
        "event_id": event_id,
        "source": SOURCE,
        "recipient_id": recipient_id,
        "channel": channel,
        "content_kind": "inbox" if channel == "portal" else channel,
        "position": "first",
        "rank": 0,
        "urgency": "normal",
        "state": state,
        "due_at": None if state in SETTLED else NOW,
        "expires_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    rows.delivery.append(row | values)
    trail = {"at": NOW, "actor": "w", "event_id": event_id, "delivery_id": id_}
    rows.audit.append(trail | {"from_state": None, "to_state": "planned", "reason": "planned.rule", "details": {}})
    if state == "failed":
        earlier = {"from_state": "sending", "to_state": state, "reason": "failed.refused", "details": {"code": "-1"}}
        rows.audit.append(trail | earlier)
    if reason:
        rows.audit.append(
            trail
            | {"from_state": "sending", "to_state": state, "reason": reason, "details": {"code": code} if code else {}}
        )
    if code:
        rows.attempt.append(
            {
                "id": uuid7(NOW),
                "delivery_id": id_,
                "number": 1,
                "idempotency_key": "k",
                "worker": "w",
                "started_at": NOW,
            }
            | {"finished_at": NOW, "outcome": "permanent", "code": code}
        )
    return id_


def docket(rows: Rows, code: str, **values: Any) -> UUID:
    """A dossier with the event that last told of it."""
    last = event(rows, NOW, dossier_code=code, state="routed", type="hoso.khac")
    row = {"source": SOURCE, "dossier_code": code, "last_event": last, "since": START, "updated_at": NOW}
    rows.docket.append(row | {"status": 4, "handling_unit": "H01.14", "receiving_unit": "H01.14"} | values)
    return last


@dataclass(frozen=True)
class Told:
    """One officer who was to be told of one event, as the builder knows it."""

    agency: str
    officer: str
    type: str
    state: str | None
    reason: str | None
    instead: str | None


def reminders(rows: Rows, random: Random, events: int) -> list[Told]:
    """Events of officers, some of them outside the period, some of them gathered into digests."""
    told: list[Told] = []
    digests: list[tuple[UUID, dict[str, tuple[str | None, str | None, str | None]]]] = []
    for number in range(10):
        digest = event(
            rows, START + timedelta(days=number, hours=8), type="nhac.tong_hop", external_id=f"digest-{number}"
        )
        fates = {f"cb{officer}": _zalo(rows, random, digest, f"cb{officer}") for officer in range(8)}
        digests.append((digest, fates))
    for _ in range(events):
        when = START + timedelta(minutes=random.randrange(-3 * 1440, 34 * 1440))
        agency = random.choice((*AGENCIES, "000.14.00.H01"))
        type_ = random.choice(TYPES)
        id_ = event(rows, when, agency=agency, type=type_)
        recipient(rows, id_, "citizen", "citizen")
        for officer in random.sample([f"cb{each}" for each in range(8)], random.randrange(4)):
            audience = random.choice(("handler", "head", "director"))
            if random.random() < 0.3:
                digest, fates = random.choice(digests)
                fate = fates[officer]
                person = recipient(rows, id_, officer, audience)
                delivery(rows, id_, person, "zalo", "superseded", gathered_into=digest, reason="superseded.gathered")
            else:
                fate = _zalo(rows, random, id_, officer, audience)
            if START <= when < END:
                told.append(Told(OTHER_ORDER.get(agency, agency), officer, type_, *fate))
    return told


def _zalo(
    rows: Rows, random: Random, event_id: UUID, officer: str, audience: str = "handler"
) -> tuple[str | None, str | None, str | None]:
    """A message by Zalo and perhaps one by another channel; answers state, reason and what reached them instead."""
    person = recipient(rows, event_id, officer, audience)
    delivery(rows, event_id, person, "portal", "read")
    state = random.choice(STATES)
    reason = random.choice(REASONS[state]) if state in REASONS else None
    if state:
        delivery(rows, event_id, person, "zalo", state, reason=reason, code="-118" if state == "failed" else None)
    way, fate = random.choice(("sms", "email")), random.choice(("delivered", "read", "failed", "cancelled"))
    delivery(rows, event_id, person, way, fate, position="fallback", rank=1)
    reached = way if fate in {"delivered", "read"} and state not in {"delivered", "read"} else None
    return state, reason, reached


def dockets(rows: Rows, random: Random, number: int) -> list[dict[str, Any]]:
    """Dossiers in every state, from before the period to after it; answers them as they are written."""
    for place in range(number):
        filed = START + timedelta(minutes=random.randrange(-40 * 1440, 44 * 1440))
        code = f"H01-{place}"
        status = random.choice((None, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 4, 9, 10))
        since = filed + timedelta(minutes=random.randrange(30, 20 * 1440))
        due = random.choice((None, filed + timedelta(minutes=random.randrange(1440, 30 * 1440))))
        letter = due and random.random() < 0.4
        moved = due and due + timedelta(days=random.randrange(1, 15))
        unit = random.choice((*AGENCIES, "000.14.00.H01", None))
        docket(
            rows,
            code,
            status=status,
            since=since if status else None,
            filed_by=random.choice((1, 2, 2, 3, None)),
            filed_at=filed,
            accepted_at=filed + timedelta(minutes=random.randrange(2 * 1440)) if status not in {1, None} else None,
            due_at=moved if letter or random.random() < 0.2 else due,  # by a letter, or by a pause
            apologised_for=due if letter else None,
            apologised_at=due - timedelta(minutes=random.randrange(-2000, 8000)) if letter else None,
            finished_at=since if status in {9, 10} else None,
            procedure_code=random.choice(("1.004884", "1.004884.000.00.00.H01", "2.000815", "TT-1", None)),
            handling_unit=unit,
            receiving_unit=random.choice((unit, "H01.27")),
            handlers=random.sample(["cb0", "cb1", "cb2", "CB2"], random.randrange(3)),
        )
        for minutes in random.sample(range(10, 3000), random.randrange(3)):
            status_told = random.choice((None, 1, 2, 5, 7))
            event(rows, filed + timedelta(minutes=minutes), dossier_code=code, status=status_told, type="hoso.khac")
    return rows.docket


def answers_of(rows: Rows, docket_row: dict[str, Any]) -> Iterator[datetime]:
    """When the dossier's system told of a status that answers it."""
    for each in rows.event:
        if each["dossier_code"] == docket_row["dossier_code"] and each.get("status") not in {None, 1, 7}:
            yield each["occurred_at"]


def directory(rows: Rows) -> None:
    kept = {"origin": "admin", "changed_by": "test", "changed_at": NOW}
    for code in AGENCIES:
        others = [other for other, agency in OTHER_ORDER.items() if agency == code]
        rows.agency.append({"code": code, "name": f"UBND xã {code[-2:]}", "other_codes": others} | kept)
    for number in range(10):
        zalo = {"zalo": str(number)} if number % 3 else {}
        row = {"code": f"cb{number}", "name": f"Cán bộ {number}", "unit": AGENCIES[number % 3], "zalo": zalo}
        rows.officer.append(row | kept)
