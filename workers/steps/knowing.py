"""What routing must know of events: their agencies, officers and citizens. A few questions for a whole wave."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from notifier.domain.directory import Directory
from notifier.domain.events import DossierEvent
from notifier.domain.ids import EventId, ProviderName
from notifier.domain.learning import taught
from notifier.domain.opaque import inbox_owner
from notifier.domain.recipients import Audience, Contact
from notifier.routing.context import RoutingContext
from notifier.routing.overtaking import Course
from notifier.routing.people import Addressed, addressed, staff_of
from notifier.store import directory, preferences
from notifier.store.pool import Connection
from workers.steps.contexts import for_agency, owner_of, routing_context
from workers.steps.suppressing import is_mail, known_against
from workers.wiring import App


async def contexts_of(
    app: App, connection: Connection, wave: Sequence[tuple[DossierEvent, Course]], now: datetime
) -> dict[EventId, RoutingContext]:
    """What must be known of each event beside the desks of its officers. What the events teach is kept, in their order."""
    await app.calendars.look(connection)
    events = [event for event, _ in wave]
    plain = _by_agency(app, {event.dossier.agency for event in events}, now)
    contexts = {event.id: replace(plain[event.dossier.agency], course=course) for event, course in wave}
    taught_by = await _directories(connection, events, contexts, now)
    contexts = {id_: replace(context, directory=taught_by[id_]) for id_, context in contexts.items()}
    contexts |= await _with_citizens(app, connection, events, contexts)
    return await _heeding(app, connection, events, contexts, now)


def _by_agency(app: App, agencies: Iterable[str | None], now: datetime) -> dict[str | None, RoutingContext]:
    """Channels, account and hours."""
    plain = routing_context(app.setups, app.secret, now)
    return {
        agency: replace(
            for_agency(plain, app.setups, agency),
            working=app.calendars.working(agency),
            digest_at=app.calendars.digests(agency, app.rules.gathering.digest_at),
        )
        for agency in agencies
    }


async def _directories(
    connection: Connection, events: Sequence[DossierEvent], contexts: Mapping[EventId, RoutingContext], now: datetime
) -> dict[EventId, Directory]:
    """The directory as it is after each event, for what the events can ask of it."""
    codes = {code for event in events for code in staff_of(event)}
    units = {unit for event in events for unit in event.dossier.units}
    before = after = await directory.around(connection, codes, units)
    directories = {}
    for event in events:
        directories[event.id] = after = taught(after, event, contexts[event.id].account)
    await directory.learn(connection, before, after, now)
    return directories


async def _with_citizens(
    app: App, connection: Connection, events: Sequence[DossierEvent], contexts: Mapping[EventId, RoutingContext]
) -> dict[EventId, RoutingContext]:
    """The contexts of events that citizens are told of, with what each has chosen, and their own id at the account
    where they have proven one.
    """
    told, asked = [], []
    for event in events:
        person, rule = event.dossier.addressee, app.rules.rules.get(event.type)
        if person is None or rule is None or rule.citizens is None:
            continue
        owner = owner_of(app.secret, Audience.CITIZEN, person, event)
        also = [inbox_owner(app.secret, "phone", person.phone)] if person.phone else []
        account = app.accounts.get(ProviderName(contexts[event.id].account))
        told.append((event.id, owner))
        asked.append((account.settings.oa_id if account else None, [owner, *also]))
    found = await preferences.of_citizens(connection, asked)
    return {
        id_: replace(contexts[id_], preferences={owner: chosen}, linked={owner: uid} if uid else {})
        for (id_, owner), (chosen, uid) in zip(told, found, strict=True)
    }


async def _heeding(
    app: App,
    connection: Connection,
    events: Sequence[DossierEvent],
    contexts: dict[EventId, RoutingContext],
    now: datetime,
) -> dict[EventId, RoutingContext]:
    """The contexts with what stands against mail to those who may be told by it."""
    mailed = [contact for event in events for contact in _mailed(app, event, contexts[event.id], now)]
    known = await known_against(app, connection, mailed)
    return {id_: replace(context, suppressions=known) for id_, context in contexts.items()} if known else contexts


def _mailed(app: App, event: DossierEvent, context: RoutingContext, now: datetime) -> list[Contact]:
    rule = app.rules.rules.get(event.type)
    mails = (
        {each.to for each in rule.tell if any(is_mail(app, way) for way in (*each.send, *each.fallback))}
        if rule
        else ()
    )
    if rule is None or not mails:
        return []
    return [
        Contact(context.inbox_owner(each.tell.to, each.person, event), email=each.person.email)
        for each in addressed(event, rule, context, now)
        if isinstance(each, Addressed) and each.person.email and each.tell.to in mails
    ]
