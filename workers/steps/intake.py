"""Take events in: what was understood becomes durable, once; what comes again gets the first answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import Urgency
from notifier.domain.dossiers import Move, Status, classify
from notifier.domain.errors import IntakeError
from notifier.domain.ids import EventId, EventType, ExternalId, SourceName, uuid7
from notifier.domain.order import Place, later
from notifier.intake.accept import Accepted
from notifier.intake.codes import SourceProfile
from notifier.intake.vendor import derive_type
from notifier.store import events
from notifier.store.events import NewEvent, Standing
from notifier.store.pool import Connection
from notifier.telemetry.marks import Mark, pass_by
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
        in_order = sorted(EventId(uuid7(now)) for _ in items)
        for item, id_ in zip(items, in_order, strict=True):
            event = _new(app, profile.name, item, known[item.dossier_code], id_, now)
            answer = await _store(connection, event, item)
            answers.append(answer)
            if isinstance(answer, Taken) and not answer.duplicate and event.status is not None and not event.late:
                known[item.dossier_code] = Standing(event.status, _place(event))
        pass_by(Mark.INTAKE_BEFORE_COMMIT)
    pass_by(Mark.INTAKE_AFTER_COMMIT)
    app.bell.ring(*{each.lane for each in answers if isinstance(each, Taken) and not each.duplicate})
    return answers


@dataclass(frozen=True, slots=True)
class Related:
    """How an event relates to where its dossier stands."""

    type: EventType
    transition: Move | None
    late: bool


def related(item: Accepted, stands: Standing, place: Place) -> Related:
    """An event that comes late tells of the past: it neither corrects nor surprises, and moves nothing back."""
    late = stands.last is not None and later(stands.last, place)
    type_ = item.event_type or _derived(item, None if late and item.status is not stands.status else stands.status)
    if item.status is None:
        return Related(type_, None, late)
    return Related(type_, Move.NORMAL if late else classify(stands.status, item.status), late)


def _derived(item: Accepted, previous: Status | None) -> EventType:
    assert item.status is not None  # noqa: S101 - a bare record without a status is refused
    return derive_type(item.status, previous, is_progress=item.is_progress)


def _new(app: App, source: SourceName, item: Accepted, stands: Standing, id_: EventId, now: datetime) -> NewEvent:
    relation = related(item, stands, Place(id_, item.seq, item.occurred_at, now))
    return NewEvent(
        id=id_,
        source=source,
        external_id=item.external_id,
        type=relation.type,
        dossier_code=item.dossier_code,
        seq=item.seq,
        status=item.status,
        transition=relation.transition,
        late=relation.late,
        describes_dossier=bool(item.document["HoSo"].get("ChuHoSo")),
        occurred_at=item.occurred_at,
        received_at=now,
        fingerprint=bytes.fromhex(item.fingerprint),
        warnings=item.warnings,
        lane=app.rules.lane(relation.type),
        document=item.document,
    )


def _place(event: NewEvent) -> Place:
    return Place(event.id, event.seq, event.occurred_at, event.received_at)


async def _store(connection: Connection, event: NewEvent, item: Accepted) -> Taken | IntakeError:
    def taken(id_: EventId, type_: EventType, warnings: tuple[str, ...], *, duplicate: bool) -> Taken:
        return Taken(item.index, id_, item.external_id, type_, warnings, duplicate=duplicate, lane=event.lane)

    if await events.insert(connection, event):
        return taken(event.id, event.type, item.warnings, duplicate=False)
    first = await events.find(connection, event.source, item.external_id)
    assert first is not None  # noqa: S101 - the insert has just met it, and events are never deleted
    if first.fingerprint != event.fingerprint:
        return IntakeError("event-id-reused", f"The id of item {item.index} was used for an event of other content.")
    return taken(first.id, first.type, first.warnings, duplicate=True)
