"""What an event of Zalo's webhook tells beside receipts: of templates, of the quota, of what people wrote and thought.

Document: docs.zaloplatforms.com "Webhook" (checked 2026-09). Relations are read by `zalo_relations`, receipts by
`zalo_webhook`. Of what somebody wrote only the text of a message is handed on, to whoever looks for a one-time code.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.base import delivery_named
from channels.http import json_object
from channels.zalo_api import whole
from channels.zalo_relations import moment
from notifier.domain.ids import DeliveryId
from notifier.domain.receipts import RawReceipt

TEMPLATE_EVENTS = frozenset({"change_template_quality", "change_template_quota", "change_oa_template_tags"})
"""Their fields are not documented: the catalogue is read anew instead."""
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class TemplateStatus:
    id: str
    status: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class TemplatesChanged:
    """Something about templates that the event does not spell out."""


@dataclass(frozen=True, slots=True)
class DailyQuota:
    daily: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Rated:
    """What a person thought of a message, which our id or Zalo's names."""

    delivery_id: DeliveryId | None
    reference: str | None
    rate: int | None
    note: str | None = field(repr=False)
    labels: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Wrote:
    person: str
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Submitted:
    """The form about themselves that a person filled in; nothing proves that the number is theirs."""

    person: str
    phone: str = field(repr=False)
    at: datetime


News = TemplateStatus | TemplatesChanged | DailyQuota | Rated | Wrote | Submitted


def news(raw: RawReceipt, account: str) -> News | None:
    """What a callback tells of `account`, its templates and its people; None for any other one. Never raises."""
    event = json_object(raw.body)
    at = moment(event.get("timestamp")) if event else None
    if event is None or at is None:
        return None
    match event.get("event_name"):
        case "user_send_text":
            return _wrote(event, account, at)
        case "user_submit_info":
            return _submitted(event, account, at)
        case _ if (event.get("oa_id") or event.get("oaId")) != account:
            return None
        case "change_template_status":
            return _template(event, at)
        case "change_oa_daily_quota":
            daily = whole(_table(event, "quota").get("new_value"))
            return None if daily is None else DailyQuota(daily, at)
        case "user_feedback":
            return _rated(event, at)
        case str(name) if name in TEMPLATE_EVENTS:
            return TemplatesChanged()
        case _:
            return None


def _wrote(event: dict[str, Any], account: str, at: datetime) -> Wrote | None:
    person, text = _person(event, account), _table(event, "message").get("text")
    return Wrote(person, text, at) if person and isinstance(text, str) else None


def _submitted(event: dict[str, Any], account: str, at: datetime) -> Submitted | None:
    person, phone = _person(event, account), _table(event, "info").get("phone")
    return Submitted(person, str(phone), at) if person and isinstance(phone, str | int) else None


def _template(event: dict[str, Any], at: datetime) -> TemplateStatus | None:
    id_, status, reason = event.get("template_id"), _table(event, "status").get("new_status"), event.get("reason")
    if not isinstance(id_, str | int) or not isinstance(status, str) or not status:
        return None
    return TemplateStatus(str(id_), status.upper(), str(reason) if reason else None, at)


def _rated(event: dict[str, Any], at: datetime) -> Rated | None:
    said = _table(event, "message")
    delivery_id, reference, rate = delivery_named(said.get("tracking_id")), said.get("msg_id"), whole(said.get("rate"))
    reference = reference if isinstance(reference, str) and reference else None
    if delivery_id is None and reference is None:
        return None
    note, labels = said.get("note"), said.get("feedbacks")
    return Rated(
        delivery_id,
        reference,
        rate if rate is not None and 1 <= rate <= 5 else None,  # noqa: PLR2004 - stars
        note.replace("\x00", "")[:LONGEST_NOTE] if isinstance(note, str) and note else None,
        tuple(each for each in labels if isinstance(each, str)) if isinstance(labels, list) else (),
        moment(said.get("submit_time")) or at,
    )


def _person(event: dict[str, Any], account: str) -> str | None:
    """The sender's id, where the message went to the account."""
    if _table(event, "recipient").get("id") != account:
        return None
    person = _table(event, "sender").get("id")
    return person if isinstance(person, str) and person.isascii() and person.isdecimal() else None


def _table(event: dict[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name)
    return value if isinstance(value, dict) else {}
