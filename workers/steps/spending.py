"""SMS are paid for before they are sent: what is in no hurry stops first when the month's money of an agency runs out.

A message is charged when it is written and given back when no provider took it. One whose fate is not known stays
charged, and so does one whose worker dies before it gives it back: the sum is never too small.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from notifier.delivery.decide import NotCalled
from notifier.domain.clock import VIETNAM
from notifier.domain.content import SmsContent
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.outcomes import Accepted, Unknown
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import Step
from notifier.settings import Settings
from notifier.store import spending
from notifier.store.pool import Connection
from notifier.store.spending import Charge
from workers.steps.writing import Sending
from workers.wiring import App

NO_AGENCY = ""


async def charge(app: App, sendings: Sequence[Sending]) -> None:
    """Charge the SMS among these. Those that no money is left for are decided here: they fail, with the reason."""
    groups: dict[tuple[str, bool], list[Sending]] = defaultdict(list)
    for each in sendings:
        if isinstance(each.content, SmsContent):
            groups[each.work.agency or NO_AGENCY, each.work.delivery.urgency is Urgency.BULK].append(each)
    if groups:
        async with app.pool.acquire() as connection:
            await _charge_all(app, connection, groups)


async def _charge_all(app: App, connection: Connection, groups: Mapping[tuple[str, bool], Sequence[Sending]]) -> None:
    month = month_of(app.clock())
    for (agency, is_bulk), group in groups.items():
        limit = limit_of(app.settings, agency, is_bulk=is_bulk)
        if await spending.charge(connection, agency, month, [_charge(each) for each in group], limit):
            continue
        for each in group:
            if not await spending.charge(connection, agency, month, [_charge(each)], limit):
                each.content, each.outcome = None, NotCalled()
                each.result = _no_money(agency, month, limit)


async def give_back(connection: Connection, sendings: Sequence[Sending]) -> None:
    """Give back what was charged for messages that were surely not taken; with the commit that says so."""
    free = [
        each.attempt
        for each in sendings
        if isinstance(each.content, SmsContent) and not isinstance(each.outcome, Accepted | Unknown)
    ]
    if free:
        await spending.refund(connection, free)


def limit_of(settings: Settings, agency: str, *, is_bulk: bool) -> int | None:
    """Up to how many đồng a month the SMS of an agency may cost in this lane; None: there is no limit."""
    budget = settings.sms_budgets.get(agency) or settings.sms_budgets.get("default")
    if budget is None:
        return None
    return int(budget.monthly * budget.bulk_share) if is_bulk else budget.monthly


def month_of(now: datetime) -> date:
    return now.astimezone(VIETNAM).date().replace(day=1)


def _charge(sending: Sending) -> Charge:
    """One that its provider may hold already, and would drop the double of, is paid for."""
    assert isinstance(sending.content, SmsContent)  # noqa: S101 - sorted by the caller
    parts = sending.content.parts
    is_paid = sending.work.delivery.provider is not None
    return Charge(sending.attempt, parts, 0 if is_paid else parts * sending.provider.limits.price_per_part)


def _no_money(agency: str, month: date, limit: int | None) -> Step:
    values = {"agency": agency or "-", "month": f"{month:%m/%Y}", "limit": f"{limit or 0:,}".replace(",", ".")}
    return Step(DeliveryState.FAILED, None, Reason(ReasonCode.SMS_BUDGET_SPENT, values))
