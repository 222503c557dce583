"""What routing must know of the world beside the event and the rules, as values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from notifier.domain.directory import Directory
from notifier.domain.dossiers import Person
from notifier.domain.events import DossierEvent
from notifier.domain.hours import WorkingHours
from notifier.domain.ids import ChannelName, InboxOwner, RecipientId, SourceName
from notifier.domain.preferences import Preferences
from notifier.domain.recipients import Audience
from notifier.domain.suppressions import Suppressions
from notifier.routing.overtaking import ALONE, Course


class Address(StrEnum):
    """Which part of a contact a channel needs."""

    INBOX = "inbox"
    EMAIL = "email"
    PHONE = "phone"
    ZALO = "zalo"


@dataclass(frozen=True, slots=True)
class ChannelView:
    """What routing must know of a channel."""

    address: Address
    enabled: bool = True
    quiet: bool = False
    """Disturbs nobody, so quiet hours do not apply."""
    window: tuple[time, time] | None = None
    """Local hours in which the provider takes messages; None means always."""
    proves: bool = False
    """Its providers report whether a message has arrived."""
    staff_by_phone: bool = False
    """A Zalo channel that reaches officers by their number too, not only by their Zalo id."""


def _at_once(now: datetime) -> datetime:
    return now


ALWAYS = WorkingHours(_at_once)


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """`channels` holds what is configured; a channel that a rule names and that is not here counts as off."""

    channels: Mapping[ChannelName, ChannelView]
    new_recipient_id: Callable[[], RecipientId]
    inbox_owner: Callable[[Audience, Person, DossierEvent], InboxOwner]
    course: Course = ALONE
    """How the event stands among the others of its dossier."""
    suppressions: Suppressions = field(default_factory=Suppressions)
    """Of those who would be told by mail."""
    told_by: SourceName | None = None
    """Another source has had the citizen told of the same."""
    working: WorkingHours = ALWAYS
    """The working hours of the agency whose event it is."""
    directory: Directory = field(default_factory=Directory)
    merged_until: Mapping[InboxOwner, datetime] = field(default_factory=dict)
    """Whose last message opened a window of merging that is open still, and until when."""
    account: str = "zalo"
    """Name of the Official Account that speaks for the agency; its ids of people are meant."""
    linked: Mapping[InboxOwner, str] = field(default_factory=dict)
    """Citizens who have proven their id at that account."""
    preferences: Mapping[InboxOwner, Preferences] = field(default_factory=dict)
    """What citizens have chosen."""
    digest_at: Callable[[datetime], datetime] = _at_once
    """The next moment at which digests go out."""
