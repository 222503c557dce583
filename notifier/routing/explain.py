"""A plan in words, for people who ask what would happen. No names, no addresses."""

from notifier.domain.deliveries import PlannedDelivery
from notifier.domain.events import DossierEvent
from notifier.domain.hours import clock_text
from notifier.domain.labels import audience_label, state_label
from notifier.domain.recipients import Recipient
from notifier.routing.plan import Plan, RecipientPlan

TITLE = ("Sự kiện {type}, hồ sơ {code}", "Event {type}, dossier {code}")


def explain(plan: Plan, event: DossierEvent, locale: str) -> list[str]:
    """Lines for a terminal: the event, its notes, then each person with each channel, its state, time and reason."""
    lines = [TITLE[0 if locale == "vi" else 1].format(type=event.type, code=event.dossier.code)]
    lines += [f"! {note.text(locale)}" for note in plan.notes]
    for one in plan.recipients:
        lines += _person(one, locale)
    return lines


def _person(one: RecipientPlan, locale: str) -> list[str]:
    return [f"{_who(one.recipient, locale)}:", *(_line(each, locale) for each in one.deliveries)]


def _who(recipient: Recipient, locale: str) -> str:
    label = audience_label(recipient.audience, locale)
    return f"{label} {recipient.ref}" if recipient.audience.is_staff else label


def _line(delivery: PlannedDelivery, locale: str) -> str:
    at = clock_text(delivery.due_at) if delivery.due_at else ""
    return f"  {delivery.channel:<8}{state_label(delivery.state, locale):<14}{at:<13}{delivery.reason.text(locale)}"
