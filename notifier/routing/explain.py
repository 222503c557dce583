"""A plan in words, for people who ask what would happen. No names, no addresses."""

from notifier.domain.deliveries import PlannedDelivery
from notifier.domain.events import DossierEvent
from notifier.domain.hours import clock_text
from notifier.domain.labels import audience_label, state_label
from notifier.domain.recipients import Recipient
from notifier.routing.overtaking import ALONE, Course
from notifier.routing.plan import Plan, RecipientPlan

TITLE = ("Sự kiện {type}, hồ sơ {code}", "Event {type}, dossier {code}")
OVERTAKES = (
    "thay cho {type}: tin nào của sự kiện ấy chưa gửi cho công dân thì không gửi nữa",
    "overtakes {type}: what was not sent of it to the citizen is not sent any more",
)
STATE_WIDTH = 14


def explain(plan: Plan, event: DossierEvent, locale: str, course: Course = ALONE) -> list[str]:
    """Lines for a terminal: the event, its notes, then each person with each channel, its state, time and reason."""
    column = 0 if locale == "vi" else 1
    lines = [TITLE[column].format(type=event.type, code=event.dossier.code)]
    lines += [f"! {note.text(locale)}" for note in plan.notes]
    lines += [f"! {OVERTAKES[column].format(type=each.type)}" for each in course.overtakes]
    for one in plan.recipients:
        lines += _person(one, locale)
    return lines


def _person(one: RecipientPlan, locale: str) -> list[str]:
    width = max([STATE_WIDTH, *(len(state_label(each.state, locale)) + 2 for each in one.deliveries)])
    return [f"{_who(one.recipient, locale)}:", *(_line(each, locale, width) for each in one.deliveries)]


def _who(recipient: Recipient, locale: str) -> str:
    label = audience_label(recipient.audience, locale)
    return f"{label} {recipient.ref}" if recipient.audience.is_staff else label


def _line(delivery: PlannedDelivery, locale: str, width: int) -> str:
    at = clock_text(delivery.due_at) if delivery.due_at else ""
    return (
        f"  {delivery.channel:<8}{state_label(delivery.state, locale):<{width}}{at:<13}{delivery.reason.text(locale)}"
    )
