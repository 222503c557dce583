"""What routing must know of channels and identities, as values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from channels.base import AddressKind
from channels.registry import ProviderSetup, serving
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


def views_of(setups: Mapping[ChannelName, ChannelSetup]) -> dict[ChannelName, ChannelView]:
    """What routing must know of the channels."""
    return {
        name: ChannelView(
            address=_ADDRESSES[setup.capabilities.address],
            quiet=setup.capabilities.quiet,
            window=setup.capabilities.window,
            proves=setup.capabilities.proves_delivery,
            staff_by_phone=bool(getattr(setup.providers[0].settings, "staff_by_phone", False)),
        )
        for name, setup in setups.items()
    }


def routing_context(setups: "dict[ChannelName, ChannelSetup] | Any", secret: bytes, now: datetime) -> RoutingContext:
    """What routing must know of the channels and of identities, for an event that is the only one of its dossier."""

    def owner(audience: Audience, person: Person, event: DossierEvent) -> InboxOwner:
        return owner_of(secret, audience, person, event)

    return RoutingContext(views_of(setups), lambda: RecipientId(uuid7(now)), owner)


def for_agency(
    context: RoutingContext, setups: Mapping[ChannelName, ChannelSetup], agency: str | None
) -> RoutingContext:
    """The same for the messages of one agency: a channel that nobody carries for it is off, and people are known by
    their ids at the Official Account that speaks for it.
    """
    carriers = {name: serving(setup.providers, agency) for name, setup in setups.items()}
    views = {name: replace(view, enabled=bool(carriers.get(name))) for name, view in context.channels.items()}
    accounts = [each.name for found in carriers.values() for each in found if _is_account(each)]
    return replace(context, channels=views, account=accounts[0] if accounts else context.account)


def _is_account(provider: ProviderSetup) -> bool:
    return provider.capabilities.address is AddressKind.ZALO


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
