"""When something may be sent: hours of the day in the local time of Vietnam, and the working hours of an agency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from notifier.domain.clock import VIETNAM
from notifier.domain.reasons import Reason, ReasonCode


@dataclass(frozen=True, slots=True)
class Hours:
    """From `opens` up to, not including, `closes`, every day. They may run over midnight; equal times are the whole day."""

    opens: time
    closes: time
    closed: ReasonCode
    """The reason that is given while they are closed; its sentence names `until`."""

    def hold(self, at: datetime) -> bool:
        local = at.astimezone(VIETNAM).time()
        if self.opens < self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes

    def next_open(self, at: datetime) -> datetime:
        return at if self.hold(at) else next_time(at, self.opens)


@dataclass(frozen=True, slots=True)
class Rest:
    """When a person wants no message, every day: from `begins` up to, not including, `ends`. It may run over midnight."""

    begins: time
    ends: time

    @property
    def waking(self) -> Hours:
        return Hours(self.ends, self.begins, ReasonCode.OWN_HOURS)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The working time of an agency. `next_open` answers the moment itself while it is working time."""

    next_open: Callable[[datetime], datetime]
    closed: ReasonCode = ReasonCode.WORKING_HOURS

    def hold(self, at: datetime) -> bool:
        return self.next_open(at) == at


Bound = Hours | WorkingHours
_ROUNDS = 8
"""Of looking for a moment in which all are open; each round takes up to a day where two of them never meet."""


def next_time(at: datetime, local: time) -> datetime:
    """The first moment from `at` on when the clock on the wall shows `local`; in the zone of `at`."""
    today = datetime.combine(at.astimezone(VIETNAM).date(), local, VIETNAM)
    moment = today if today >= at else today + timedelta(days=1)
    return moment.astimezone(at.tzinfo)


def opening(at: datetime, hours: Sequence[Bound]) -> datetime | None:
    """The first moment from `at` on in which all `hours` are open; None if they never are together."""
    moment = at
    for _ in range(_ROUNDS):
        following = max((each.next_open(moment) for each in hours), default=moment)
        if following == moment:
            return moment
        moment = following
    return None


def with_rest(hours: Sequence[Bound], rest: Rest | None, at: datetime, until: datetime) -> tuple[Bound, ...]:
    """`hours` and the person's own, which come first; these are passed over where it could then go only after `until`."""
    if rest is None:
        return tuple(hours)
    opens = opening(at, heeding := (rest.waking, *hours))
    return heeding if opens is not None and opens < until else tuple(hours)


def waits(at: datetime, hours: Sequence[Bound], until: datetime) -> Reason:
    """Why something waits from `at` to `until`: the first of `hours` that is closed at `at` says so."""
    closed = next((each.closed for each in hours if not each.hold(at)), ReasonCode.QUIET_HOURS)
    return Reason(closed, {"until": clock_text(until)})


def clock_text(at: datetime, *, seconds: bool = False) -> str:
    """Local time and day as people write them: `07:00 20/11`."""
    local = at.astimezone(VIETNAM)
    return f"{local:%H:%M:%S %d/%m}" if seconds else f"{local:%H:%M %d/%m}"
