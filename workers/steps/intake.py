"""Take events in: what was understood becomes durable, once; what comes again gets the first answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import Urgency
from notifier.domain.dossiers import Status
from notifier.domain.errors import IntakeError
from notifier.domain.ids import EventId, EventType, ExternalId, uuid7
from notifier.intake.accept import Accepted
from notifier.intake.codes import SourceProfile
from notifier.intake.vendor import derive_type
from notifier.store import events
from notifier.store.events import NewEvent
from notifier.store.pool import Connection
from workers.queues import Step
from workers.wiring import App


@dataclass(frozen=True, slots=True)
class Taken:
    """One event that is stored now, or was before (`duplicate`)."""

    index: int
    event_id: EventId
    external_id: ExternalId
    type: EventType
    warnings: tuple[str, ...]
    duplicate: bool
    lane: Urgency


async def take_in(
    app: App, profile: SourceProfile, items: Sequence[Accepted], now: datetime
) -> list[Taken | IntakeError]:
    """Commit the events and ring for them; one answer per item, in order.

    After it returns, every `Taken` is durable. Raises what the database raises; then nothing is.
    """
    answers: list[Taken | IntakeError] = []
    async with app.pool.acquire() as connection, connection.transaction():
        known = await events.lock_dossiers(connection, profile.name, [item.dossier_code for item in items], now)
        for item in items:
            previous = known[item.dossier_code]
            type_ = item.event_type or _derived(item, previous)
            answer = await _store(app, connection, profile, item, type_, now)
            answers.append(answer)
            if isinstance(answer, Taken) and not answer.duplicate and item.status is not None:
                known[item.dossier_code] = item.status
    for lane in Urgency:
        fresh = [a.event_id for a in answers if isinstance(a, Taken) and not a.duplicate and a.lane is lane]
        if fresh:
            app.bell.ring(lane, Step.ROUTE, fresh)
    return answers


def _derived(item: Accepted, previous: Status | None) -> EventType:
    assert item.status is not None  # noqa: S101 - a bare record without a status is refused
    return derive_type(item.status, previous, is_progress=item.is_progress)


async def _store(
    app: App, connection: Connection, profile: SourceProfile, item: Accepted, type_: EventType, now: datetime
) -> Taken | IntakeError:
    lane = app.rules.lane(type_)
    event = NewEvent(
        id=EventId(uuid7(now)),
        source=profile.name,
        external_id=item.external_id,
        type=type_,
        dossier_code=item.dossier_code,
        seq=item.seq,
        status=item.status,
        describes_dossier=bool(item.document["HoSo"].get("ChuHoSo")),
        occurred_at=item.occurred_at,
        received_at=now,
        fingerprint=bytes.fromhex(item.fingerprint),
        warnings=item.warnings,
        lane=lane,
        document=item.document,
    )
    if await events.insert(connection, event):
        return Taken(item.index, event.id, event.external_id, type_, item.warnings, duplicate=False, lane=lane)
    first = await events.find(connection, profile.name, item.external_id)
    assert first is not None  # noqa: S101 - the insert has just met it, and events are never deleted
    if first.fingerprint != event.fingerprint:
        return IntakeError("event-id-reused", f"The id of item {item.index} was used for an event of other content.")
    return Taken(item.index, first.id, item.external_id, first.type, first.warnings, duplicate=True, lane=lane)
