"""Take events in: what was understood becomes durable, once; what comes again gets the first answer.

Requests that come at the same time are committed together, as if they had come one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from notifier.domain.dossiers import Move, Status, classify
from notifier.domain.errors import IntakeError
from notifier.domain.ids import DossierKey, EventId, EventType, ExternalId, SourceName, uuid7
from notifier.domain.order import Place, later
from notifier.intake.accept import Accepted
from notifier.intake.vendor import derive_type
from notifier.routing.rules import Rules
from notifier.store import intake
from notifier.store.due import Kind
from notifier.store.intake import EventKey, NewEvent, Standing, StoredEvent
from notifier.store.pool import concerns_all
from notifier.telemetry.marks import Mark, pass_by
from workers.batching import Batches
from workers.wiring import App

MOST_EVENTS = 256
"""Of one transaction."""
USUAL_BYTES = 4096
"""Of one event. A document so many times as large counts as so many events more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One event that is stored now, or was before (`duplicate`)."""

    index: int
    event_id: EventId
    external_id: ExternalId
    type: EventType
    warnings: tuple[str, ...]
    duplicate: bool


Answer = Taken | IntakeError


@dataclass(frozen=True, slots=True)
class Post:
    """What one request brings: all of it becomes durable, or nothing."""

    source: SourceName
    items: Sequence[Accepted]
    now: datetime


Intake = Batches[Post, list[Answer]]


def new_intake(app: App) -> Intake:
    """The door of one process. Close it before the app."""
    return Batches(partial(_take_in_all, app), most=MOST_EVENTS, weigh=_weight, concerns_all=concerns_all)


async def take_in(door: Intake, post: Post) -> list[Answer]:
    """Commit the events and ring for them; one answer per item, in order.

    After it returns, every `Taken` is durable. Raises what the database raises; then nothing is.
    """
    return await door.do(post) if post.items else []


def _weight(post: Post) -> int:
    return sum(1 + len(item.text) // USUAL_BYTES for item in post.items)


async def _take_in_all(app: App, posts: Sequence[Post]) -> list[list[Answer]]:
    try:
        answers, fresh = await _commit(app, posts)
    except intake.IdTaken:
        answers, fresh = await _commit(app, posts)
    pass_by(Mark.INTAKE_AFTER_COMMIT)
    app.bell.ring(Kind.EVENT, *{event.lane for event in fresh})
    return answers


async def _commit(app: App, posts: Sequence[Post]) -> tuple[list[list[Answer]], list[NewEvent]]:
    brought = [(post, item) for post in posts for item in post.items]
    dossiers = [DossierKey(post.source, item.dossier_code) for post, item in brought]
    ids = iter(sorted(EventId(uuid7(post.now)) for post, _ in brought))
    async with app.pool.acquire() as connection, connection.transaction():
        stand = await intake.lock_dossiers(connection, dossiers, posts[-1].now)
        known = await intake.find(connection, [EventKey(post.source, item.external_id) for post, item in brought])
        ledger = _Ledger(app.rules, stand, known)
        answers = [[ledger.enter(post, item, next(ids)) for item in post.items] for post in posts]
        if ledger.fresh:
            await intake.insert(connection, ledger.fresh, ledger.stand)
        pass_by(Mark.INTAKE_BEFORE_COMMIT)
    return answers, ledger.fresh


@dataclass(slots=True)
class _Ledger:
    """What a batch has come to so far: where its dossiers stand, which ids were used, and what is to be stored."""

    rules: Rules
    stand: dict[DossierKey, Standing]
    known: dict[EventKey, StoredEvent]
    fresh: list[NewEvent] = field(default_factory=list)

    def enter(self, post: Post, item: Accepted, id_: EventId) -> Answer:
        key = EventKey(post.source, item.external_id)
        first, fingerprint = self.known.get(key), bytes.fromhex(item.fingerprint)
        if first is not None and first.fingerprint != fingerprint:
            return IntakeError(
                "event-id-reused", f"The id of item {item.index} was used for an event of other content."
            )
        stored = first or self._store(post, item, id_, fingerprint)
        self.known[key] = stored
        return Taken(item.index, stored.id, item.external_id, stored.type, stored.warnings, duplicate=first is not None)

    def _store(self, post: Post, item: Accepted, id_: EventId, fingerprint: bytes) -> StoredEvent:
        dossier = DossierKey(post.source, item.dossier_code)
        relation = related(item, self.stand[dossier], Place(id_, item.seq, item.occurred_at, post.now))
        event = NewEvent(
            id=id_,
            source=post.source,
            external_id=item.external_id,
            type=relation.type,
            dossier_code=item.dossier_code,
            seq=item.seq,
            status=item.status,
            transition=relation.transition,
            occurred_at=item.occurred_at,
            received_at=post.now,
            fingerprint=fingerprint,
            warnings=item.warnings,
            lane=self.rules.lane(relation.type),
            document=item.text,
        )
        self.fresh.append(event)
        describes = bool(item.document["HoSo"].get("ChuHoSo"))
        self.stand[dossier] = _moved(self.stand[dossier], event, describes=describes, late=relation.late)
        return StoredEvent(event.id, event.type, fingerprint, item.warnings)


def _moved(stands: Standing, event: NewEvent, *, describes: bool, late: bool) -> Standing:
    """Where a dossier stands after an event. One that comes late only describes what nothing has described before."""
    described_by = event.id if describes and (not late or stands.described_by is None) else stands.described_by
    if late or event.status is None:
        return replace(stands, described_by=described_by)
    return Standing(event.status, event.place, described_by)


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
