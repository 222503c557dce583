"""The routing decision: for one event, who is told on which channels, when, and why, or why not.

Total: any event under any rules gets a plan, and every delivery in it carries its reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from notifier.domain.deliveries import SENDABLE, DeliveryState, PlannedDelivery, Position, Urgency
from notifier.domain.events import DossierEvent
from notifier.domain.hours import Bound, WorkingHours, clock_text, next_time, opening, waits, with_rest
from notifier.domain.ids import ChannelName, EventType, InboxOwner
from notifier.domain.preferences import NO_PREFERENCES
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Contact, Recipient
from notifier.domain.suppressions import is_stoppable
from notifier.routing.choices import in_order
from notifier.routing.context import Address, ChannelView, RoutingContext
from notifier.routing.people import addressed, as_recipient
from notifier.routing.rules import Rules
from notifier.routing.tables import Gather, Rule, SendingHours, Tell

TOGETHER = timedelta(seconds=30)
"""Many timers fire at one moment, as when offices open: so long the first of an officer's waits for the others, even
what is urgent."""
NO_ADDRESS = frozenset({ReasonCode.NO_EMAIL, ReasonCode.ADDRESS_BOUNCED, ReasonCode.NO_MOBILE, ReasonCode.NO_ZALO_LINK})


@dataclass(frozen=True, slots=True)
class RecipientPlan:
    """One person and every channel of the rule for them, the portal inbox first."""

    recipient: Recipient
    deliveries: tuple[PlannedDelivery, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    recipients: tuple[RecipientPlan, ...]
    notes: tuple[Reason, ...]
    """About the event as a whole: no rule, nobody to tell, nobody who can be reached."""

    def count(self, state: DeliveryState) -> int:
        return sum(each.state is state for one in self.recipients for each in one.deliveries)


@dataclass(frozen=True, slots=True)
class _Case:
    """One person's part of the decision."""

    event: DossierEvent
    rule: Rule
    tell: Tell
    recipient: Recipient
    rules: Rules
    context: RoutingContext
    now: datetime
    citizen: bool
    urgency: Urgency
    gathered_at: datetime | None
    """When this officer's messages go out together; None for one that never waits for others."""
    expires_at: datetime
    declined: frozenset[ChannelName]
    """Ways that this citizen does not want for notices of this kind."""
    is_obligatory: bool

    @property
    def contact(self) -> Contact:
        return self.recipient.contact

    @property
    def hold_until(self) -> datetime:
        """No citizen hears of it before."""
        hold_until = self.context.course.hold_until if self.citizen else None
        return hold_until.astimezone(UTC) if hold_until else self.now


def _case(
    event: DossierEvent,
    rule: Rule,
    tell: Tell,
    recipient: Recipient,
    rules: Rules,
    context: RoutingContext,
    now: datetime,
) -> _Case:
    urgency = tell.urgency or rule.urgency
    gathered_at = _gathered_at(event, tell, urgency, recipient.contact, context, now)
    hours = rules.allowed_hours(tell.to, urgency, quiet=False, window=None, working=context.working)
    # What comes before days off is still of use to an officer after them; a citizen is never off so long.
    first = opening(gathered_at or now, hours) if tell.to.is_staff else now
    deadline = (first or now) + rules.deadline(urgency)
    if rule.until_appointment and event.appointment and event.appointment.at:
        deadline = min(deadline, event.appointment.at.astimezone(UTC))
    citizen = not tell.to.is_staff
    kind = rules.kinds.get(rule.kind) if citizen and rule.kind else None
    chosen = context.preferences.get(recipient.contact.inbox, NO_PREFERENCES)
    return _Case(
        event=event,
        rule=rule,
        tell=tell,
        recipient=recipient,
        rules=rules,
        context=context,
        now=now,
        citizen=citizen,
        urgency=urgency,
        gathered_at=gathered_at,
        expires_at=deadline,
        declined=chosen.declines(rule.kind) if kind and rule.kind else frozenset(),
        is_obligatory=kind is not None and kind.is_obligatory,
    )


def _gathered_at(
    event: DossierEvent, tell: Tell, urgency: Urgency, contact: Contact, context: RoutingContext, now: datetime
) -> datetime | None:
    soon = now + TOGETHER if event.reminder else now
    open_until = max(now, context.merged_until.get(contact.inbox, soon))
    match tell.gather:
        case None:
            return None
        case _ if urgency is Urgency.URGENT:
            return min(soon, open_until)
        case Gather.DIGEST:
            return context.digest_at(now)
        case Gather.MERGE:
            return open_until


def plan(event: DossierEvent, rules: Rules, context: RoutingContext, now: datetime) -> Plan:
    """Decide about one event. All times of the plan are UTC; `now` is any aware time."""
    rule = rules.rules.get(event.type)
    if rule is None:
        return Plan((), (Reason(ReasonCode.EVENT_NO_RULE, {"type": event.type}),))
    return plan_by(rule, event, rules, context, now)


def plan_by(rule: Rule, event: DossierEvent, rules: Rules, context: RoutingContext, now: datetime) -> Plan:
    """Decide about one event by this rule."""
    recipients: list[RecipientPlan] = []
    notes: list[Reason] = []
    for someone in addressed(event, rule, context, now):
        if isinstance(someone, Reason):
            notes.append(someone)
            continue
        recipient = as_recipient(someone, event, context)
        case = _case(event, rule, someone.tell, recipient, rules, context, now.astimezone(UTC))
        deliveries = tuple(_deliveries(case))
        recipients.append(RecipientPlan(recipient, deliveries))
        if _out_of_reach(case, deliveries):
            notes.append(Reason(ReasonCode.EVENT_NO_CONTACT, {"audience": recipient.audience.value}))
    return Plan(tuple(recipients), tuple(notes))


def sensitive(event: DossierEvent, rules: Rules) -> bool:
    """Whether open channels must stay neutral: the procedure's own name would tell something intimate."""
    dossier, known = event.dossier, rules.sensitive
    if dossier.procedure_code and dossier.procedure_code.startswith(known.procedures):
        return True
    names = f"{dossier.procedure_name or ''}\n{dossier.field_name or ''}".casefold()
    return any(word.casefold() in names for word in known.words)


def tells_citizen(plan: Plan, context: RoutingContext) -> bool:
    """Whether the citizen is going to be told by more than the inbox."""
    return any(
        each.state in SENDABLE and context.channels[each.channel].address is not Address.INBOX
        for one in plan.recipients
        if not one.recipient.audience.is_staff
        for each in one.deliveries
    )


def merges_until(working: WorkingHours, now: datetime, merge: timedelta) -> datetime:
    """Until when a message that may wait and comes now can be put off, so that it goes out together with others."""
    return working.next_open(working.next_open(now) + merge)


def windows(plan: Plan, merge: timedelta) -> dict[InboxOwner, datetime]:
    """Until when each desk puts together what comes after its next message. A digest makes nothing else wait."""
    return {
        each.desk: each.due_at + merge
        for one in plan.recipients
        for each in one.deliveries
        if each.desk and each.due_at and each.reason.code is not ReasonCode.DIGESTED
    }


def _deliveries(case: _Case) -> list[PlannedDelivery]:
    planned = list(_planned(case))
    return [_handed_over(case, each, planned[place + 1 :]) for place, each in enumerate(planned)]


def _planned(case: _Case) -> Iterator[PlannedDelivery]:
    declined = {channel for channel in case.declined if not _is_inbox(case, channel)}
    send, fallback = in_order(case.tell, declined, is_obligatory=case.is_obligatory)
    send.sort(key=lambda channel: not _is_inbox(case, channel))
    firsts = [_sent(case, channel, Position.FIRST, 0, _by_rule(case.event.type)) for channel in send]
    yield from firsts
    tried = [each for each in firsts if not _is_inbox(case, each.channel)]
    for rank, channel in enumerate(fallback, start=1):
        after = ", ".join(each.channel for each in tried)
        if not any(each.state in SENDABLE for each in tried) or _is_owed(case, channel, tried):
            chosen = _sent(case, channel, Position.FALLBACK, rank, _why_fallback(case, channel, after))
        else:
            chosen = _standing_by(case, channel, rank, after)
        if not (case.declined and _is_inbox(case, channel)):  # after a choice, the inbox alone is not enough
            tried.append(chosen)
        yield chosen


def _is_owed(case: _Case, channel: ChannelName, tried: Sequence[PlannedDelivery]) -> bool:
    """The rule sends by this channel at once, and by none of those that the person chose would it be known to arrive."""

    def proves(name: ChannelName) -> bool:
        view = case.context.channels.get(name)
        return view is not None and view.proves

    proven = any(each.state in SENDABLE and proves(each.channel) for each in tried)
    return channel in case.tell.send and proves(channel) and not proven


def _why_fallback(case: _Case, channel: ChannelName, missed: str) -> Reason:
    if channel in case.declined:
        return Reason(ReasonCode.OBLIGATED)
    return Reason(ReasonCode.FALLBACK_USED, {"missed": missed}) if missed else _by_rule(case.event.type)


def _handed_over(case: _Case, delivery: PlannedDelivery, behind: Sequence[PlannedDelivery]) -> PlannedDelivery:
    """With a fallback behind it, it must reach its provider while the fallback would still be of use."""
    waits_behind = any(each.state is DeliveryState.STANDBY for each in behind)
    if (
        delivery.state not in SENDABLE
        or delivery.due_at is None
        or not waits_behind
        or _is_inbox(case, delivery.channel)
    ):
        return delivery
    latest = delivery.due_at + case.rules.handover_wait(delivery.channel)
    return replace(delivery, expires_at=min(delivery.expires_at, latest))


def _sent(case: _Case, channel: ChannelName, position: Position, rank: int, why: Reason) -> PlannedDelivery:
    """The delivery as it is if its turn has come: planned for the reason `why`, held, or not to be sent."""

    def decided(state: DeliveryState, reason: Reason, due_at: datetime | None) -> PlannedDelivery:
        desk = case.contact.inbox if _gathers(case, channel) else None
        return PlannedDelivery(channel, position, rank, state, reason, due_at, case.expires_at, case.urgency, desk)

    if refused := _refused(case, channel):
        return decided(*refused, None)
    held = _held(case, channel, case.context.channels[channel])
    if held is None:
        return decided(DeliveryState.PLANNED, why, case.now)
    until, reason = held
    return decided(DeliveryState.HELD, reason, until)


def _standing_by(case: _Case, channel: ChannelName, rank: int, after: str) -> PlannedDelivery:
    """A fallback: sent only if those before it reach nobody; not at all if something stands against it."""
    refused = _refused(case, channel)
    waits_for = ReasonCode.OBLIGATORY_WAITS if channel in case.declined else ReasonCode.FALLBACK_WAITS
    state, reason = refused or (DeliveryState.STANDBY, Reason(waits_for, {"after": after}))
    due_at = None if refused else case.expires_at
    return PlannedDelivery(channel, Position.FALLBACK, rank, state, reason, due_at, case.expires_at, case.urgency)


def _refused(case: _Case, channel: ChannelName) -> tuple[DeliveryState, Reason] | None:
    """How a delivery ends before it begins, and why; None if nothing stands against it."""
    if case.citizen and (overtaker := case.context.course.overtaken_by):
        return DeliveryState.SUPERSEDED, Reason(ReasonCode.CAME_TOO_LATE, {"type": overtaker})
    if case.citizen and case.context.told_by:
        return DeliveryState.SUPPRESSED, Reason(ReasonCode.TOLD_BY_OTHER, {"source": case.context.told_by})
    view = case.context.channels.get(channel)
    if view is None or not view.enabled:
        return DeliveryState.SUPPRESSED, Reason(ReasonCode.CHANNEL_OFF)
    if refusal := _refusal(case, channel, view):
        return DeliveryState.SUPPRESSED, refusal
    return None


def _refusal(case: _Case, channel: ChannelName, view: ChannelView) -> Reason | None:
    """Why this person must not or cannot be told on this channel; None if nothing stands against it."""
    if case.citizen and case.rule.first_time_only and case.context.course.told_before:
        return Reason(ReasonCode.STATUS_REPEATED)
    if view.address is Address.INBOX:
        return None
    linked = case.event.dossier.linked_source
    if case.citizen and case.rule.linked_sources_tell and linked in case.rules.linked_sources:
        return Reason(ReasonCode.LINKED_SOURCE, {"linked": linked})
    if case.citizen and not _agreed(case, view.address):
        return Reason(ReasonCode.NO_CONSENT)
    if channel in case.declined and not case.is_obligatory:
        return Reason(ReasonCode.OWN_CHOICE)
    if view.address is Address.EMAIL:
        stoppable = is_stoppable(case.tell.to, case.urgency)
        if reason := case.context.suppressions.against(case.contact, stoppable=stoppable):
            return reason
    return _no_address(case, view)


def _agreed(case: _Case, address: Address) -> bool:
    consent = case.event.dossier.consent
    match address:
        case Address.INBOX:
            return True
        case Address.EMAIL:
            return consent.email
        case Address.PHONE:
            return consent.sms
        case Address.ZALO:
            return consent.zalo


def _no_address(case: _Case, view: ChannelView) -> Reason | None:
    contact = case.contact
    match view.address:
        case Address.INBOX:
            return None
        case Address.EMAIL:
            return None if contact.email else Reason(ReasonCode.NO_EMAIL)
        case Address.PHONE:
            return None if contact.phone else Reason(ReasonCode.NO_MOBILE)
        case Address.ZALO:
            by_phone = contact.phone and (view.staff_by_phone or case.citizen)
            return None if contact.zalo_uid or by_phone else Reason(ReasonCode.NO_ZALO_LINK)


def _held(case: _Case, channel: ChannelName, view: ChannelView) -> tuple[datetime, Reason] | None:
    """Until when it must wait and why; None if it may go now. What could go only too late waits for its deadline."""
    audience, now = case.tell.to, case.now
    resting = None if view.quiet else case.rules.sending_hours(audience, case.urgency)
    morning = next_time(now, resting.opens) if isinstance(resting, SendingHours) and resting.next_morning else now
    gathered = case.gathered_at if case.gathered_at and _gathers(case, channel) else now
    earliest = max(morning, case.hold_until, gathered)
    allowed: Sequence[Bound] = case.rules.allowed_hours(
        audience, case.urgency, quiet=view.quiet, window=view.window, working=case.context.working
    )
    allowed = allowed if view.quiet else with_rest(allowed, case.recipient.rest, earliest, case.expires_at)
    opens = opening(earliest, allowed)
    if opens == now:
        return None
    until = min(opens or case.expires_at, case.expires_at)
    if gathered > now and case.tell.gather is Gather.DIGEST and case.urgency is not Urgency.URGENT:
        return until, Reason(ReasonCode.DIGESTED, {"until": clock_text(until)})
    if opens == gathered > now:
        return until, Reason(ReasonCode.MERGED, {"until": clock_text(until)})
    if opens == earliest > morning:
        return until, Reason(ReasonCode.CORRECTION_HOLD, {"until": clock_text(until, seconds=True)})
    if morning > now:
        return until, Reason(ReasonCode.NEXT_MORNING, {"until": clock_text(until)})
    return until, waits(earliest, allowed, until)


def _gathers(case: _Case, channel: ChannelName) -> bool:
    """Whether it is put together with other messages of the same officer."""
    return case.gathered_at is not None and not _is_inbox(case, channel)


def _is_inbox(case: _Case, channel: ChannelName) -> bool:
    view = case.context.channels.get(channel)
    return view is not None and view.address is Address.INBOX


def _by_rule(event_type: EventType) -> Reason:
    return Reason(ReasonCode.RULE, {"rule": event_type})


def _out_of_reach(case: _Case, deliveries: Sequence[PlannedDelivery]) -> bool:
    """Nothing but the inbox is left, and for want of an address, not by the citizen's own wish alone."""
    others = [each for each in deliveries if not _is_inbox(case, each.channel)]
    return all(each.state is DeliveryState.SUPPRESSED for each in others) and any(
        each.reason.code in NO_ADDRESS for each in others
    )
