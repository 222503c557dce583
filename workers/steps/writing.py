"""Write the messages of deliveries that are about to be sent, and keep them as they go out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from channels.registry import ProviderSetup
from notifier.delivery.decide import NotCalled, after_template_fault
from notifier.domain.content import Content, ContentKind
from notifier.domain.errors import TemplateFault
from notifier.domain.events import DIGEST, DossierEvent
from notifier.domain.ids import AttemptId, EventId, EventType
from notifier.domain.opaque import lookup_token
from notifier.domain.outcomes import Outcome
from notifier.domain.steps import Step as Decision
from notifier.reminders.digest import most_urgent_first
from notifier.rendering.renderer import RenderRequest
from notifier.routing.plan import sensitive
from notifier.store import attempts, events, wordings
from notifier.store.deliveries import Work
from notifier.store.events import ClaimedEvent
from notifier.store.pool import Connection
from notifier.telemetry.metrics import TEMPLATE_FAULTS
from workers.steps.gathering import digest_of
from workers.steps.understanding import all_understood, understood
from workers.wiring import App

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Sending:
    """One delivery in this worker's hands whose attempt row is committed."""

    work: Work
    attempt: AttemptId
    provider: ProviderSetup
    content: Content | None = None
    template: str = ""
    version: str = ""
    result: Decision | None = None
    outcome: Outcome | NotCalled | None = None

    @property
    def number(self) -> int:
        """Of the attempt, from 1."""
        return self.work.calls + 1


async def write(app: App, sendings: Sequence[Sending]) -> None:
    """Write the messages and keep them. One that cannot be written is decided here; the others go on."""
    now = app.clock()
    told = await _events(app, sendings)
    render = app.renderer.sitting()
    for sending in sendings:
        delivery, recipient = sending.work.delivery, sending.work.recipient
        event = told[delivery.event_id]
        try:
            sending.content = render(_request(app, sending.work, event, now))
            sending.template = f"{event.type}/{recipient.locale}/{recipient.audience}"
            sending.version = app.renderer.version(
                event.type, recipient.audience, recipient.locale, delivery.content_kind
            )
        except TemplateFault as fault:
            TEMPLATE_FAULTS.labels(delivery.channel).inc()
            log.error("a message cannot be rendered", extra={"delivery": delivery.id, "code": fault.code})  # noqa: TRY400 - the fault is named
            sending.result = after_template_fault(fault.template, fault.fact)
        except Exception as error:
            TEMPLATE_FAULTS.labels(delivery.channel).inc()
            log.exception("rendering failed", extra={"delivery": delivery.id})
            sending.content = None
            sending.result = after_template_fault(event.type, type(error).__name__)
    written = [
        (each.work.delivery.id, each.content, each.work.delivery.content_kind, each.template, each.version)
        for each in sendings
        if each.content is not None
    ]
    async with app.pool.acquire() as connection:
        await attempts.keep_contents(connection, written, now)
        await _keep_wordings(app, connection, sendings, now)


async def _keep_wordings(app: App, connection: Connection, sendings: Sequence[Sending], now: datetime) -> None:
    """Keep the text of each version when this process first writes by it: versions can be compared later."""
    new: dict[tuple[str, ContentKind, str], str] = {}
    for each in sendings:
        kind = each.work.delivery.content_kind
        key = (each.template, kind, each.version)
        if each.content is not None and key not in app.renderer.kept:
            recipient, type_ = each.work.recipient, EventType(each.template.partition("/")[0])
            new[key] = app.renderer.text(type_, recipient.audience, recipient.locale, kind)
    if new:
        await wordings.keep(connection, new, now)
        app.renderer.kept.update(new)


async def _events(app: App, sendings: Sequence[Sending]) -> dict[EventId, DossierEvent]:
    """What is told of, once however many messages tell of it; digests with the events that they put together."""
    async with app.pool.acquire() as connection:
        stored = await events.read(connection, list({each.work.delivery.event_id for each in sendings}))
        digests = [(each, _told_in(each)) for each in stored if each.type == DIGEST]
        parts = await events.read(connection, [id_ for _, ids in digests for id_ in ids]) if digests else []
    told = {each.id: each for each in all_understood(parts, app.profiles)}
    return {each.id: understood(each, app.profiles) for each in stored if each.type != DIGEST} | {
        digest.id: digest_of(
            digest.id, most_urgent_first([told[each] for each in ids], app.clock()), digest.occurred_at
        )
        for digest, ids in digests
    }


def _told_in(digest: ClaimedEvent) -> list[EventId]:
    return [EventId(UUID(each)) for each in digest.document["NhacViec"]]


def _request(app: App, work: Work, event: DossierEvent, now: datetime) -> RenderRequest:
    token = lookup_token(app.secret, event.source, event.dossier.code, work.recipient.ref)
    return RenderRequest(
        event=event,
        recipient=work.recipient,
        kind=work.delivery.content_kind,
        link=f"{app.settings.public_url}/t/{token}",
        hotline=app.settings.hotline(*event.dossier.units),
        sender_name=app.settings.sender_name,
        sensitive=partial(sensitive, rules=app.rules),
        now=now,
    )
