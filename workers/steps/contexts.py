"""What routing must know of channels and identities, as values."""

from datetime import datetime
from typing import Any

from channels.base import AddressKind
from notifier.domain.content import ContentKind
from notifier.domain.directory import officer_code
from notifier.domain.dossiers import Person
from notifier.domain.events import DossierEvent
from notifier.domain.ids import ChannelName, InboxOwner, RecipientId, uuid7
from notifier.domain.opaque import dossier_inbox, inbox_owner
from notifier.domain.recipients import Audience
from notifier.routing.context import Address, ChannelView, RoutingContext
from workers.wiring import App, ChannelSetup

_ADDRESSES = {
    AddressKind.INBOX: Address.INBOX,
    AddressKind.EMAIL: Address.EMAIL,
    AddressKind.PHONE: Address.PHONE,
    AddressKind.ZALO: Address.ZALO,
}


def routing_context(setups: "dict[ChannelName, ChannelSetup] | Any", secret: bytes, now: datetime) -> RoutingContext:
    """What routing must know of the channels and of identities, for an event that is the only one of its dossier."""
    views = {
        name: ChannelView(
            address=_ADDRESSES[setup.capabilities.address],
            quiet=setup.capabilities.quiet,
            window=setup.capabilities.window,
            staff_by_phone=bool(getattr(setup.providers[0].settings, "staff_by_phone", False)),
        )
        for name, setup in setups.items()
    }

    def owner(audience: Audience, person: Person, event: DossierEvent) -> InboxOwner:
        return owner_of(secret, audience, person, event)

    return RoutingContext(views, lambda: RecipientId(uuid7(now)), owner)


def owner_of(secret: bytes, audience: Audience, person: Person, event: DossierEvent) -> InboxOwner:
    """Whose inbox: an officer's by code; a citizen's by personal number, else by the contact the dossier gives."""
    if audience.is_staff and person.code:
        return inbox_owner(secret, "staff", officer_code(person.code))
    ways = {
        "personal_number": None if audience.is_staff else person.personal_number,
        "phone": person.phone,
        "email": person.email,
    }
    for kind, value in ways.items():
        if value:
            return inbox_owner(secret, kind, value)
    return dossier_inbox(secret, event.source, event.dossier.code)


def kind_of(app: App, channel: ChannelName) -> ContentKind:
    """What a channel carries; for one that is not configured nothing is ever rendered."""
    setup = app.setups.get(channel)
    return setup.capabilities.content if setup else ContentKind.INBOX
