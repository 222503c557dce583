"""Dead letters: what ended without reaching its person.

A dead letter is a delivery that has failed, has expired, or is unknown and waits for nothing any more. Events that cannot
be routed and receipts that no delivery was ever found for are kept beside them, as kinds of their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notifier.audit.timeline import PERSONAL
from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.ids import (
    ChannelName,
    DeliveryId,
    DossierCode,
    EventId,
    EventType,
    ExternalId,
    ProviderName,
    ReceiptId,
    SourceName,
)
from notifier.domain.reach import EVERYWHERE, Reach
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience

DEAD = (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.UNKNOWN)
WHY_LONGEST, NAME_LONGEST = 200, 60
EARLIEST_YEAR, LATEST_YEAR = 2000, 9000
_LONG_NUMBER = re.compile(r"\d{9,}")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PROVEN_LOST = frozenset({ReasonCode.RECEIPT_FAILED, ReasonCode.ASKED_FAILED})


class Kind(StrEnum):
    DELIVERY = "delivery"
    EVENT = "event"
    """Stored, and cannot be read, so nobody was told."""
    RECEIPT = "receipt"
    """A callback that names a message nobody knows."""


class Action(StrEnum):
    RETRY = "retry"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which dead letters. None asks for nothing; `since` is within, `until` is not."""

    state: DeliveryState | None = None
    channel: ChannelName | None = None
    provider: ProviderName | None = None
    code: str | None = None
    """The provider's own code, of its last word."""
    reason: ReasonCode | None = None
    type: EventType | None = None
    source: SourceName | None = None
    agency: str | None = None
    dossier: DossierCode | None = None
    since: datetime | None = None
    until: datetime | None = None
    unreached: bool = False
    """Only people whom no other way but the portal inbox has reached."""
    within: Reach = EVERYWHERE
    """Only of these agencies and those below: as far as the account of who asks reaches."""

    def named(self) -> dict[str, str]:
        """Those that ask for something, as texts. What looks like personal data is masked."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value.isoformat()
            if isinstance(value, datetime)
            else masked(str(value).lower() if value is True else str(value))
            for name, value in given.items()
            if value not in (None, False, EVERYWHERE)
        }


OF_KIND: Mapping[Kind, frozenset[str]] = {
    Kind.DELIVERY: frozenset(each.name for each in fields(Filters)),
    Kind.EVENT: frozenset({"type", "source", "agency", "dossier", "since", "until"}),
    Kind.RECEIPT: frozenset({"provider", "since", "until"}),
}
"""Which filters mean something for which kind."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead delivery, without anything that says who its person is."""

    id: DeliveryId
    event_id: EventId
    state: DeliveryState
    channel: ChannelName
    provider: ProviderName | None
    """Who holds it or was called last; None: nobody was ever called."""
    urgency: Urgency
    calls: int
    at: datetime
    """When it died."""
    created_at: datetime
    expires_at: datetime
    source: SourceName
    external_id: ExternalId
    agency: str | None
    dossier: DossierCode
    type: EventType
    audience: Audience
    ref: str
    reason: Reason
    code: str | None
    words: str | None
    """What the provider said last, masked."""
    called_at: datetime | None
    """When the last call to a provider began."""
    uncertain: bool
    """A call ended without an answer, so that the message may have been taken."""
    reached: ChannelName | None
    """By which other way the person was reached after all."""
    under_way: ChannelName | None = None
    """Which fallback of it, or which way that it is the fallback of, may still reach the person."""
    overtaken: bool = False
    """A later event of the dossier has made it needless."""

    @property
    def proven_lost(self) -> bool:
        """The provider took it, and has said since that it did not arrive."""
        return self.reason.code in _PROVEN_LOST

    @property
    def may_be_taken(self) -> bool:
        """The provider may have sent it, and nothing since has proven that it did not arrive."""
        return self.state is DeliveryState.UNKNOWN or (self.uncertain and not self.proven_lost)


@dataclass(frozen=True, slots=True)
class StuckEvent:
    """An event that could not be routed. `at` is when it came in."""

    id: EventId
    at: datetime
    source: SourceName
    external_id: ExternalId
    agency: str | None
    dossier: DossierCode
    type: EventType
    reason: Reason


@dataclass(frozen=True, slots=True)
class OrphanReceipt:
    """A callback as it came. `readings` is how often it was read in vain."""

    id: ReceiptId
    at: datetime
    provider: ProviderName
    method: str
    readings: int


Item = Letter | StuckEvent | OrphanReceipt


@dataclass(frozen=True, slots=True)
class Group:
    """How many dead letters share state, way, reason and code; `unreached` of them have not been reached otherwise."""

    state: DeliveryState
    channel: ChannelName
    provider: ProviderName | None
    reason: Reason
    code: str | None
    words: str | None
    letters: int
    unreached: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a provider, as the attempt row tells it."""

    number: int
    provider: ProviderName | None
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    """None: no answer was ever recorded."""
    code: str | None
    words: str | None
    reference: str | None


def fault_of_why(why: str) -> str | None:
    """What is wrong with an operator's words; None if they can stand in the audit trail for good."""
    if not why.strip():
        return "a reason is expected: the audit trail keeps it"
    if len(why) > WHY_LONGEST:
        return f"at most {WHY_LONGEST} characters are expected, not {len(why)}"
    if _UNWRITABLE.search(why):
        return "it holds control characters; say it in plain text"
    if PERSONAL.search(why) or _LONG_NUMBER.search(why):
        return "it holds what looks like a telephone number, a mail address or a personal number; say it without"
    return None


def fault_of_name(name: str) -> str | None:
    """What is wrong with an operator's name; None if it can stand in the audit trail for good."""
    if PERSONAL.search(name) or not re.fullmatch(rf"[\w.\-]{{1,{NAME_LONGEST}}}", name):
        return f"a short name of letters, digits, dots and hyphens is expected, at most {NAME_LONGEST}, no mail address"
    return None


def masked(text: str) -> str:
    """The text without what looks like a telephone number, a mail address or a personal number."""
    return _LONG_NUMBER.sub("***", PERSONAL.sub("***", text))


def identifier(text: str) -> DeliveryId | ReceiptId | None:
    """The id that a text writes: of a delivery or an event, or, all digits, of a receipt; None for any other text."""
    if re.fullmatch(r"[0-9]{1,18}", text):
        return ReceiptId(int(text))
    try:
        return DeliveryId(UUID(text))
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """The time that an operator writes, in Vietnam where no zone is named; None for any other text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not EARLIEST_YEAR <= at.year < LATEST_YEAR:
        return None
    return at if at.tzinfo else at.replace(tzinfo=VIETNAM)
