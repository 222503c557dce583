"""What lies on one officer's desk and is due at one moment goes out as one message: a digest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.deliveries import SENDABLE, DeliveryState, Urgency, most_urgent
from notifier.domain.directory import Directory
from notifier.domain.dossiers import Person
from notifier.domain.events import DIGEST, DossierEvent, Progress
from notifier.domain.ids import NO_DOSSIER, ChannelName, DeliveryId, EventId, ExternalId, InboxOwner, SourceName, uuid7
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.reminders.digest import most_urgent_first
from notifier.routing.context import RoutingContext
from notifier.routing.plan import RecipientPlan, plan_by
from notifier.routing.rules import Rules
from notifier.routing.tables import Tell
from notifier.store import deliveries, desks, events, plans
from notifier.store.deliveries import Move, Work
from notifier.store.desks import Lying
from notifier.store.plans import NewDelivery, NewPlan, due_lanes
from notifier.store.pool import Connection
from workers.steps.contexts import for_agency, kind_of, routing_context
from workers.steps.fallbacks import Released
from workers.steps.understanding import all_understood
from workers.wiring import App

OURS = SourceName("notifier")
"""The source of events that speak of several dossiers."""
NOBODY = Progress(None, (), (), None, None, None, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the messages of one officer that go out as one have in common."""

    person: Person
    audience: Audience
    channels: tuple[ChannelName, ...]
    """By which each of them would have gone."""
    urgency: Urgency
    """That of the most urgent."""


async def gather(
    app: App, connection: Connection, held: Sequence[Work], released: Released, now: datetime
) -> list[Work]:
    """Put together what can be, of desks that are held; answers the work that is left."""
    owners = {work.delivery.desk for work in held if _may_be_gathered(work)}
    gathered: set[DeliveryId] = set()
    for owner in sorted(owner for owner in owners if owner):
        lying = await desks.lying(connection, owner, now)
        if len({each.event_id for each in lying}) > 1:
            gathered |= await _into_one(app, connection, owner, lying, released, now)
    return [work for work in held if work.delivery.id not in gathered]


def _may_be_gathered(work: Work) -> bool:
    return work.delivery.desk is not None and work.delivery.state in SENDABLE and work.calls == 0


async def _into_one(
    app: App,
    connection: Connection,
    owner: InboxOwner,
    lying: Sequence[Lying],
    released: Released,
    now: datetime,
) -> set[DeliveryId]:
    ids = list(dict.fromkeys(each.event_id for each in lying))
    told = most_urgent_first(all_understood(await events.read(connection, ids), app.profiles), now)
    digest = digest_of(EventId(uuid7(now)), told, now)
    agency = digest.dossier.agency
    context = for_agency(routing_context(app.setups, app.secret, now), app.setups, agency)
    context = replace(context, working=app.calendars.working(agency))
    bundle = Bundle(
        lying[0].person,
        lying[0].audience,
        tuple(dict.fromkeys(each.channel for each in lying)),
        most_urgent(each.urgency for each in lying),
    )
    planned = plan_digest(digest, bundle, owner, app.rules, context, now)
    if planned is None:
        return set()
    count = Reason(ReasonCode.EVENT_DIGEST, {"count": str(len(told))})
    await events.insert_routed(
        connection,
        digest.id,
        source=OURS,
        type_=DIGEST,
        dossier_code=NO_DOSSIER,
        lane=app.rules.lane(DIGEST),
        agency=agency,
        document={"HoSo": {"MaHoSo": NO_DOSSIER}, "NhacViec": [str(id_) for id_ in ids]},
        reason=count,
        now=now,
    )
    new = [
        NewDelivery(DeliveryId(uuid7(now)), planned.recipient, kind_of(app, each.channel), each)
        for each in planned.deliveries
    ]
    await plans.store(connection, [NewPlan(digest.id, OURS, [planned.recipient], new)], now)
    released.lanes |= due_lanes(new, now)
    return await _supersede(app, connection, lying, digest.id, len(told), now)


async def _supersede(
    app: App, connection: Connection, lying: Sequence[Lying], digest: EventId, count: int, now: datetime
) -> set[DeliveryId]:
    reason = Reason(ReasonCode.GATHERED, {"count": str(count), "digest": str(digest)})
    behind = await desks.fallbacks(connection, {each.recipient_id for each in lying})
    ways = [(each.id, each.state) for each in lying] + behind
    moves = [Move(id_, state, DeliveryState.SUPERSEDED, None, reason) for id_, state in ways]
    moved = await deliveries.move(connection, moves, actor=app.name, now=now)
    await desks.told_in(connection, moved, digest)
    return moved


def digest_of(id_: EventId, told: Sequence[DossierEvent], at: datetime) -> DossierEvent:
    """The event that tells of these, the most urgent first; what it says of one dossier is that of the first."""
    return replace(
        told[0],
        id=id_,
        external_id=ExternalId(str(id_)),
        type=DIGEST,
        occurred_at=at,
        received_at=at,
        seq=None,
        reminder=None,
        gathered=tuple(told),
    )


def plan_digest(
    digest: DossierEvent, bundle: Bundle, owner: InboxOwner, rules: Rules, context: RoutingContext, now: datetime
) -> RecipientPlan | None:
    """How an officer gets a digest; None where no rule says so. Whoever is no handler gets it as a head does.

    It goes out as its messages would have: by all of their channels, and as soon as the most urgent of them.
    """
    rule = rules.rules.get(DIGEST)
    if rule is None:
        return None
    person = (bundle.person,)
    is_handler = bundle.audience is Audience.HANDLER
    progress = replace(NOBODY, next_handlers=person if is_handler else (), heads=() if is_handler else person)
    alone = replace(context, inbox_owner=lambda *_: owner, directory=Directory(), merged_until={})
    told = tuple(_as_urgent(tell, bundle) for tell in rule.tell)
    decided = plan_by(rule.model_copy(update={"tell": told}), replace(digest, progress=progress), rules, alone, now)
    return decided.recipients[0] if decided.recipients else None


def _as_urgent(tell: Tell, bundle: Bundle) -> Tell:
    behind = tuple(channel for channel in tell.fallback if channel not in bundle.channels)
    return tell.model_copy(update={"send": bundle.channels, "fallback": behind, "urgency": bundle.urgency})
