"""Events explained one after the other, each as if those before it had just come in. No database, nothing sent."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from notifier.domain.dossiers import Status
from notifier.domain.errors import IntakeError
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode, EventId, SourceName
from notifier.domain.order import Place, gap_before, spans_text
from notifier.domain.reasons import Reason, ReasonCode
from notifier.intake import cloudevents
from notifier.intake.accept import Accepted, Refused, understand
from notifier.intake.codes import SourceProfile, status_of
from notifier.intake.translate import to_domain
from notifier.routing.context import RoutingContext
from notifier.routing.explain import explain
from notifier.routing.overtaking import Course, Told, course
from notifier.routing.plan import Plan, plan, tells_citizen
from notifier.routing.rules import Rules
from notifier.store.intake import Standing
from notifier.store.overtaking import Claim
from workers.steps.intake import Related, related
from workers.steps.waves import claim_of


class _Dossier(NamedTuple):
    source: SourceName
    code: DossierCode


class Rehearsed(NamedTuple):
    event: DossierEvent
    plan: Plan
    course: Course

    def lines(self, locale: str) -> list[str]:
        return explain(self.plan, self.event, locale, self.course)


@dataclass(slots=True)
class Rehearsal:
    """What the events so far have left behind, as the database would keep it."""

    rules: Rules
    routing: RoutingContext
    now: datetime
    _told: dict[_Dossier, list[Told]] = field(default_factory=lambda: defaultdict(list))
    _standing: dict[_Dossier, Standing] = field(default_factory=dict)
    _claims: list[Claim] = field(default_factory=list)

    def explain(self, item: Accepted, profile: SourceProfile, locale: str) -> list[str]:
        """Who would be told of an event that comes now, and what of the earlier ones it stops, as lines for a terminal."""
        return self.decide(item, profile).lines(locale)

    def decide(self, item: Accepted, profile: SourceProfile) -> "Rehearsed":
        """The same as values."""
        dossier = _Dossier(profile.name, item.dossier_code)
        place = Place(self._next_id(), item.seq, item.occurred_at, self.now)
        stands = self._standing.get(dossier) or Standing(_stated_before(item, profile))
        relation = related(item, stands, place)
        event = self._event(item, profile, relation, place)
        mine, others = Told(place, relation.type, relation.transition), self._told[dossier]
        context = replace(self.routing, course=course(mine, others, self.rules, self.now))
        decided = self._plan(event, context)
        missing = spans_text(gap_before(place, [each.place for each in others]))
        if missing:
            gap = Reason(ReasonCode.EVENT_SEQ_GAP, {"missing": missing})
            decided = replace(decided, notes=(gap, *decided.notes))
        others.append(mine)
        if mine.corrects:
            gone = {each.place.id for each in context.course.overtakes}
            self._claims = [claim for claim in self._claims if claim.event_id not in gone]
        if item.status is not None and not relation.late:
            self._standing[dossier] = Standing(item.status, place)
        return Rehearsed(event, decided, context.course)

    def _plan(self, event: DossierEvent, context: RoutingContext) -> Plan:
        decided = plan(event, self.rules, context, self.now)
        claim = claim_of(event, self.rules)
        if claim is None or not tells_citizen(decided, context):
            return decided
        first = next((each.source for each in self._claims if _same(each, claim)), None)
        self._claims.append(claim)
        return plan(event, self.rules, replace(context, told_by=first), self.now) if first else decided

    def _event(self, item: Accepted, profile: SourceProfile, relation: Related, place: Place) -> DossierEvent:
        return to_domain(
            event_id=place.id,
            source=profile.name,
            external_id=item.external_id,
            event_type=relation.type,
            occurred_at=item.occurred_at,
            received_at=self.now,
            seq=item.seq,
            document=item.document,
            profile=profile,
        )

    def _next_id(self) -> EventId:
        """Ids grow with the order in which the events come."""
        return EventId(UUID(int=sum(len(told) for told in self._told.values())))


def decided(
    body: bytes, rehearsal: Rehearsal, profiles: Mapping[SourceName, SourceProfile], source: str | None
) -> Iterator[Rehearsed | IntakeError]:
    """What is decided of each event of a body as it would be posted, or why one cannot be understood."""
    try:
        incoming = cloudevents.read_request("application/json", {}, {"source": source} if source else {}, body)
    except IntakeError as error:
        yield error
        return
    profile = profiles.get(incoming.source) or SourceProfile(incoming.source)
    for item in understand(incoming, profile, rehearsal.now):
        yield item.error if isinstance(item, Refused) else rehearsal.decide(item, profile)


def _stated_before(item: Accepted, profile: SourceProfile) -> Status | None:
    """The status before, as the event itself states it: nothing else is known of its dossier."""
    stated = item.document["HoSo"].get("TrangThaiTruoc")
    return status_of(str(stated), profile) if stated is not None else None


def _same(one: Claim, other: Claim) -> bool:
    return (
        one.source != other.source
        and (one.type, one.status, one.day) == (other.type, other.status, other.day)
        and not set(one.codes).isdisjoint(other.codes)
    )
