"""Whom mail is not sent to: asked when mail is planned and again before it goes; learnt from refusals and bounces."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from channels.base import AddressKind
from channels.registry import ProviderSetup
from channels.smtp_codes import NO_SUCH_ADDRESS
from notifier.delivery.decide import NotCalled
from notifier.domain.deliveries import SENDABLE, DeliveryState
from notifier.domain.ids import ChannelName, DeliveryId
from notifier.domain.opaque import address_key, stop_token
from notifier.domain.outcomes import Outcome, Permanent
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.domain.recipients import Contact
from notifier.domain.steps import Step
from notifier.domain.suppressions import SuppressionKind, Suppressions, is_stoppable
from notifier.store import suppressions
from notifier.store.deliveries import Work
from notifier.store.pool import Connection
from workers.wiring import App


def stop_link(app: App, work: Work) -> str | None:
    """Where the person can stop mail of this kind; None for what must be told."""
    if not is_stoppable(work.recipient.audience, work.delivery.urgency):
        return None
    return f"{app.settings.public_url}/u/{stop_token(app.secret, work.delivery.id)}"


async def known_against(app: App, connection: Connection, contacts: Sequence[Contact]) -> Suppressions:
    """What stands against mail to these people."""
    if not contacts:
        return Suppressions()
    addresses = {
        each.email: (SuppressionKind.BOUNCED, address_key(app.secret, each.email)) for each in contacts if each.email
    }
    owners = {each.inbox: (SuppressionKind.STOPPED, str(each.inbox)) for each in contacts}
    found = await suppressions.against(connection, [*addresses.values(), *owners.values()])
    return Suppressions(
        {address: found[key] for address, key in addresses.items() if key in found},
        frozenset(owner for owner, key in owners.items() if key in found),
    )


async def barred_meanwhile(app: App, connection: Connection, held: Sequence[Work]) -> Mapping[DeliveryId, Step]:
    """What must not be sent any more, of deliveries in this worker's hands. One that may have left already goes on."""
    asked = [
        work
        for work in held
        if work.delivery.state in SENDABLE and work.delivery.provider is None and is_mail(app, work.delivery.channel)
    ]
    known = await known_against(app, connection, [work.recipient.contact for work in asked])
    reasons = {
        work.delivery.id: known.against(
            work.recipient.contact,
            stoppable=is_stoppable(work.recipient.audience, work.delivery.urgency),
            planned=True,
        )
        for work in asked
    }
    return {id_: Step(DeliveryState.CANCELLED, None, reason) for id_, reason in reasons.items() if reason}


async def learn_from_outcomes(
    app: App,
    connection: Connection,
    ended: Iterable[tuple[DeliveryId, ProviderSetup, Contact, Outcome | NotCalled | None]],
    now: datetime,
) -> None:
    """Suppress the addresses of which a provider said that they do not exist."""
    for delivery_id, provider, contact, outcome in ended:
        if isinstance(outcome, Permanent):
            await _bounced(app, connection, provider, delivery_id, contact.email, outcome.code, now)


async def learn_from_receipt(
    app: App, connection: Connection, provider: ProviderSetup, delivery_id: DeliveryId, fact: ReceiptFact, now: datetime
) -> None:
    """Suppress the address of a delivery whose bounce says that it does not exist.

    The address is ours, not the bounce's: what it says is believed of the one mail that its token names.
    """
    if fact.kind is ReceiptKind.FAILED and fact.code in NO_SUCH_ADDRESS:
        found = await suppressions.addressee(connection, delivery_id)
        await _bounced(app, connection, provider, delivery_id, found.email if found else None, fact.code, now)


async def _bounced(
    app: App,
    connection: Connection,
    provider: ProviderSetup,
    delivery_id: DeliveryId,
    email: str | None,
    code: str,
    now: datetime,
) -> None:
    if provider.capabilities.address is not AddressKind.EMAIL or code not in NO_SUCH_ADDRESS or not email:
        return
    key = (SuppressionKind.BOUNCED, address_key(app.secret, email))
    reason = Reason(ReasonCode.RECIPIENT_BOUNCED, {"code": code})
    await suppressions.add(connection, key, delivery_id, reason, actor=f"provider:{provider.name}", now=now, code=code)


def is_mail(app: App, channel: ChannelName) -> bool:
    setup = app.setups.get(channel)
    return setup is not None and setup.capabilities.address is AddressKind.EMAIL
