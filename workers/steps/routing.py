"""Route events: load, decide who is told how, store the plan in one transaction, ring for what is due."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels.base import AddressKind
from notifier.domain.content import ContentKind
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.dossiers import Person
from notifier.domain.events import DossierEvent
from notifier.domain.ids import ChannelName, DeliveryId, EventId, InboxOwner, RecipientId, uuid7
from notifier.domain.opaque import dossier_inbox, inbox_owner, lookup_token, token_hash
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.intake.codes import SourceProfile
from notifier.intake.translate import to_domain
from notifier.routing.context import Address, ChannelView, RoutingContext
from notifier.routing.plan import Plan, plan
from notifier.store import events, lookups, plans
from notifier.store.events import ClaimedEvent
from notifier.store.plans import NewDelivery
from notifier.telemetry.metrics import NO_CONTACT
from workers.queues import Step
from workers.wiring import App, ChannelSetup

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
AGAIN_AFTER = timedelta(seconds=30)

_ADDRESSES = {
    AddressKind.INBOX: Address.INBOX,
    AddressKind.EMAIL: Address.EMAIL,
    AddressKind.PHONE: Address.PHONE,
    AddressKind.ZALO: Address.ZALO,
}


async def route(app: App, ids: Sequence[str]) -> None:
    """Route those of the events that still wait for it. One that fails is put off; the others go on."""
    async with app.pool.acquire() as connection:
        claimed = await events.claim(connection, [EventId(UUID(id_)) for id_ in ids], app.name, LEASE)
    for waiting in claimed:
        try:
            await _route_one(app, waiting)
        except Exception:
            log.exception("an event could not be routed now", extra={"event": waiting.id})
            async with app.pool.acquire() as connection:
                await events.postpone(connection, waiting.id, app.name, app.clock() + AGAIN_AFTER)


async def _route_one(app: App, waiting: ClaimedEvent) -> None:
    now = app.clock()
    profile = app.profiles.get(waiting.source) or SourceProfile(name=waiting.source)
    try:
        event = understood(waiting, profile)
    except ValueError as error:
        reason = Reason(ReasonCode.EVENT_UNROUTABLE, {"code": type(error).__name__})
        async with app.pool.acquire() as connection:
            await events.finish(connection, waiting.id, app.name, "unroutable", [reason], now)
        log.exception("a stored event cannot be read", extra={"event": waiting.id})
        return
    decided = plan(event, app.rules, routing_context(app.setups, app.secret, now, told_before=waiting.told_before), now)
    planned = [
        NewDelivery(DeliveryId(uuid7(now)), one.recipient, kind_of(app, each.channel), each)
        for one in decided.recipients
        for each in one.deliveries
    ]
    async with app.pool.acquire() as connection, connection.transaction():
        if not await events.finish(connection, waiting.id, app.name, "routed", notes(decided), now):
            return
        await plans.store(connection, event.id, [one.recipient for one in decided.recipients], planned, now)
        for one in decided.recipients:
            token = lookup_token(app.secret, event.source, event.dossier.code, one.recipient.ref)
            until = now + timedelta(days=app.settings.lookup_days)
            await lookups.remember(connection, token_hash(token), event.source, event.dossier.code, until)
    if any(note.code is ReasonCode.EVENT_NO_CONTACT for note in decided.notes):
        NO_CONTACT.inc()
    for lane in Urgency:
        if due := [each.id for each in planned if each.plan.urgency is lane and _is_due(each, now)]:
            app.bell.ring(lane, Step.DELIVER, due)


def _is_due(new: NewDelivery, now: datetime) -> bool:
    return new.plan.due_at is not None and new.plan.due_at <= now


def understood(stored: ClaimedEvent, profile: SourceProfile) -> DossierEvent:
    """The event of a stored row. A document without the full dossier borrows what was last known of it."""
    document: dict[str, Any] = stored.document
    if stored.details and not document["HoSo"].get("ChuHoSo"):
        given = {name: value for name, value in document["HoSo"].items() if value not in (None, "")}
        document = {**document, "HoSo": {**stored.details, **given}}
    return to_domain(
        event_id=stored.id,
        source=stored.source,
        external_id=stored.external_id,
        event_type=stored.type,
        occurred_at=stored.occurred_at,
        received_at=stored.received_at,
        seq=stored.seq,
        document=document,
        profile=profile,
    )


def routing_context(
    setups: "dict[ChannelName, ChannelSetup] | Any", secret: bytes, now: datetime, *, told_before: bool
) -> RoutingContext:
    """What routing must know of the channels and of identities."""
    views = {
        name: ChannelView(
            address=_ADDRESSES[setup.capabilities.address],
            quiet=setup.capabilities.quiet,
            window=setup.capabilities.window,
            staff_by_phone=bool(getattr(setup.settings, "staff_by_phone", False)),
        )
        for name, setup in setups.items()
    }

    def owner(audience: Audience, person: Person, event: DossierEvent) -> InboxOwner:
        return owner_of(secret, audience, person, event)

    return RoutingContext(views, told_before, lambda: RecipientId(uuid7(now)), owner)


def owner_of(secret: bytes, audience: Audience, person: Person, event: DossierEvent) -> InboxOwner:
    """Whose inbox: an officer's by code; a citizen's by personal number, else by the contact the dossier gives."""
    if audience.is_staff and person.code:
        return inbox_owner(secret, "staff", person.code)
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


def notes(decided: Plan) -> list[Reason]:
    """The reasons of a plan as a whole, the summary last."""
    counts = {
        state.value: str(decided.count(state))
        for state in (
            DeliveryState.PLANNED,
            DeliveryState.HELD,
            DeliveryState.STANDBY,
            DeliveryState.SUPPRESSED,
        )
    }
    summary = [Reason(ReasonCode.EVENT_ROUTED, counts)] if decided.recipients else []
    return [*decided.notes, *summary]
