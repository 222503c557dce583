"""What all acts of an operator share: a reason that can stand in the trail for good, and what came of it, read from there."""

from notifier.audit.dead import WHY_LONGEST, fault_of_why, identifier
from notifier.domain.operators import Operator
from notifier.domain.reach import Reach
from notifier.store import audit
from notifier.store.reach import reach_of
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.page import language_of
from notifier.web.problems import ProblemError

Both = tuple[str, str]


def why_of(visit: OperatorVisit) -> tuple[str, Both | None]:
    """The reason that the form gives, and what is wrong with it, in both languages."""
    why = visit.form.get("why", "").strip()
    if (fault := fault_of_why(why)) is None:
        return why, None
    if not why:
        return why, ("Cần ghi lý do: lý do được lưu lại lâu dài.", "A reason is needed: it is kept for good.")
    if len(why) > WHY_LONGEST:
        return why, (f"Lý do dài quá {WHY_LONGEST} ký tự.", f"The reason is longer than {WHY_LONGEST} characters.")
    return why, (
        "Lý do có vẻ chứa số điện thoại, thư điện tử, số định danh hoặc ký tự lạ. Hãy viết lại, không nêu người.",
        f"It cannot be kept: {fault}.",
    )


async def told(visit: OperatorVisit) -> str | None:
    """What the act came to that led here, by the row of the trail which the address names, if it is the visitor's own."""
    seq = identifier(visit.request.query.get("note", ""))
    if not isinstance(seq, int):
        return None
    async with visit.app.pool.acquire() as connection:
        reason = await audit.noted(connection, seq, visit.who.actor)
    return reason.text(language_of(visit.request)) if reason else None


async def reach(visit: OperatorVisit) -> Reach:
    """The agencies that the visitor sees and acts for."""
    async with visit.app.pool.acquire() as connection:
        return await reach_of(connection, visit.who.agencies)


def require_province(operator: Operator) -> None:
    """Raises `forbidden` for an account of some agencies: what is about to be switched is everybody's."""
    if operator.agencies:
        raise ProblemError("forbidden", "This concerns the whole province; the account is for some agencies only.")
