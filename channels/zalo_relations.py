"""What an event of Zalo's webhook says of a person's relation to the Official Account.

Document: docs.zaloplatforms.com "Webhook" and "Tin tư vấn" (checked 2026-09). An interaction is a follow, a message, an
accepted call or a tap on chat, menu or button; it opens the window in which the account may write freely. Receiving
and seeing a message is none. The person is known by their id at the account, a number as text.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.http import json_object
from notifier.domain.receipts import RawReceipt

FOLLOWS = {"follow": True, "unfollow": False}
INTERACTIONS = frozenset({"user_submit_info", "widget_interaction_accepted"})
"""Beside a follow and every `user_send_…`: text, image, file and whatever else can be written."""


@dataclass(frozen=True, slots=True)
class RelationFact:
    """`follows` is None where the event does not say; `at` is the event's own time."""

    account: str
    person: str
    follows: bool | None
    interacts: bool
    at: datetime


def relation(raw: RawReceipt, account: str) -> RelationFact | None:
    """What a callback says of somebody's relation to `account`; None for any other one. Never raises.

    Nothing of what the person wrote is read.
    """
    event = json_object(raw.body)
    name = event.get("event_name") if event else None
    at = moment(event.get("timestamp")) if event else None
    if event is None or not isinstance(name, str) or at is None:
        return None
    if name in FOLLOWS:
        to, person = event.get("oa_id"), _id_of(event.get("follower"))
    elif name in INTERACTIONS or name.startswith("user_send_"):
        to, person = _id_of(event.get("recipient")), _id_of(event.get("sender"))
    else:
        return None
    if to != account or not isinstance(person, str) or not (person.isascii() and person.isdecimal()):
        return None
    return RelationFact(account, person, FOLLOWS.get(name), name != "unfollow", at)


def moment(milliseconds: object) -> datetime | None:
    """Milliseconds since 1970, as Zalo writes them: a number in quotes."""
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(str(milliseconds)))
    except (ValueError, OverflowError):
        return None


def _id_of(party: Any) -> object:
    return party.get("id") if isinstance(party, dict) else None
