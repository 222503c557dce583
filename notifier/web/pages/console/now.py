"""The home of the console: what needs a human, and how the service stands now, in the last hour and the last day."""

from datetime import datetime, timedelta

from aiohttp import web

from notifier.delivery.gate import Circuit, ProviderState
from notifier.domain.deliveries import Urgency
from notifier.domain.hours import clock_text
from notifier.domain.reach import Reach
from notifier.store import traffic
from notifier.store.providers import Standing
from notifier.store.traffic import Flow
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.acts import reach
from notifier.web.pages.console.attention import LANES, findings
from notifier.web.pages.console.charts import Chart, Series
from notifier.web.pages.console.snapshot import Snapshot, take
from notifier.web.pages.page import visited

CALLS = ("accepted", "throttled", "transient", "permanent", "unknown")
CIRCUITS = {
    Circuit.CLOSED: (("chạy", "passes"), "good"),
    Circuit.OPEN: (("ngừng", "shut"), "stop"),
    Circuit.HALF_OPEN: (("thử lại", "tried"), "wait"),
    Circuit.PAUSED: (("tạm dừng", "paused"), "stop"),
}
"""The words for a circuit, and the CSS class of its tag."""
WAITS = {"event": ("sự kiện", "events"), "delivery": ("tin", "messages")}


async def show_now(visit: OperatorVisit) -> web.Response:
    """The whole page."""
    within = await reach(visit)
    return visited(visit, "console/now", {**await _live(visit, within), "day": await _day(visit, within)})


async def show_live(visit: OperatorVisit) -> web.Response:
    """The parts of it that change by the second, for the page's script."""
    return visited(visit, "console/now_live", await _live(visit, await reach(visit)))


async def _live(visit: OperatorVisit, within: Reach) -> dict[str, object]:
    app = visit.app
    snapshot = await take(app, within)
    async with app.pool.acquire() as connection:
        minute = snapshot.at.replace(second=0, microsecond=0)
        hour = await traffic.flow(connection, minute - timedelta(minutes=59), timedelta(minutes=1), 60, within)
    return {
        "now": snapshot,
        "clock": clock_text(snapshot.at, seconds=True),
        "findings": findings(snapshot),
        "hour": charts("hour", hour),
        "totals": totals(hour),
        "lanes": lanes(snapshot),
        "circuits": CIRCUITS,
        "share": error_share,
        "left": quota_left,
        "waits": WAITS,
        "lane_names": LANES,
        "ordered": sorted(snapshot.standings, key=lambda each: (each.state.channel, each.state.name)),
        "rate": lambda state: rate_of(visit, state),
    }


async def _day(visit: OperatorVisit, within: Reach) -> list[Chart]:
    at = visit.app.clock().replace(second=0, microsecond=0)
    step = timedelta(minutes=30)
    end = at.replace(minute=at.minute - at.minute % 30) + step
    async with visit.app.pool.acquire() as connection:
        return charts("day", await traffic.flow(connection, end - 48 * step, step, 48, within))


def charts(id_: str, rows: list[Flow]) -> list[Chart]:
    """What came in and what calls came to, of the same stretches of time."""
    starts = [row.at for row in rows]
    return [
        Chart(
            f"{id_}-events",
            ("Sự kiện nhận vào", "Events taken in"),
            starts,
            [Series(("sự kiện", "events"), "bar", [row.events for row in rows])],
        ),
        Chart(
            f"{id_}-calls",
            ("Gọi nhà cung cấp", "Calls to providers"),
            starts,
            [
                Series(("nhận", "taken"), "bar bar-good", [row.accepted for row in rows]),
                Series(("sẽ thử lại", "to be repeated"), "bar bar-wait", [row.passing for row in rows]),
                Series(("từ chối, không rõ", "refused, unknown"), "bar bar-stop", [row.lost for row in rows]),
            ],
        ),
    ]


def totals(rows: list[Flow]) -> dict[str, int]:
    return {name: sum(getattr(row, name) for row in rows) for name in ("events", "accepted", "passing", "lost")}


def lanes(snapshot: Snapshot) -> list[tuple[Urgency, dict[str, int], timedelta | None, int | None]]:
    """For each lane: how much of each kind waits, for how long the oldest, and how many workers serve it."""
    found = []
    for lane in Urgency:
        mine = [each for each in snapshot.waiting if each.lane is lane]
        rows = {kind: sum(each.rows for each in mine if each.kind == kind) for kind in WAITS}
        oldest: datetime | None = min((each.oldest for each in mine), default=None)
        workers = None if snapshot.workers is None else snapshot.workers[lane]
        found.append((lane, rows, snapshot.at - oldest if oldest else None, workers))
    return found


def error_share(standing: Standing) -> int | None:
    """Per cent of the calls of the last minutes that did not go well; None if there were none."""
    calls = sum(standing.calls[name] for name in CALLS)
    return round(100 * (calls - standing.calls["accepted"]) / calls) if calls else None


def quota_left(standing: Standing, quota: int | None) -> int | None:
    """Messages it may still be given today: by its own word, else by our count; None where nothing limits it."""
    if standing.remaining is not None:
        return standing.remaining
    return max(0, quota - standing.used) if quota is not None else None


def rate_of(visit: OperatorVisit, state: ProviderState) -> float | None:
    """Messages a second that it is given at most, at its present pace."""
    setup = visit.app.providers[state.name]
    rate = setup.limits.rate_per_second or setup.capabilities.rate_per_second
    return rate * state.pace if rate else None
