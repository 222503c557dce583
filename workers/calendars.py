"""The working calendars as this process knows them: read at first use, and again once a minute."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from datetime import time as time_of_day

from notifier.domain.clock import VIETNAM
from notifier.domain.errors import YearMissing
from notifier.domain.hours import WorkingHours
from notifier.reminders.calendar import Calendar, Calendars, next_opening
from notifier.store import calendar
from notifier.store.pool import Connection

AGAIN_SECONDS = 60.0
NONE = Calendars((), ())
DAYS_AHEAD = 60


class Shelf:
    """Of one process."""

    def __init__(self, known: Calendars = NONE) -> None:
        self._calendars = known
        self._read_at = float("-inf")

    async def look(self, connection: Connection) -> None:
        """Read them again if that is due."""
        if time.monotonic() - self._read_at >= AGAIN_SECONDS:
            self._calendars = await calendar.read(connection)
            self._read_at = time.monotonic()

    def of(self, agency: str | None) -> Calendar:
        return self._calendars.of(agency or "")

    def working(self, agency: str | None) -> WorkingHours:
        """The working hours of an agency. In a year whose calendar is missing every hour counts: nobody is left untold."""
        known = self.of(agency)

        def opens(at: datetime) -> datetime:
            try:
                return next_opening(known, at)
            except YearMissing:
                return at

        return WorkingHours(opens)

    def digests(self, agency: str | None, times: Sequence[time_of_day]) -> Callable[[datetime], datetime]:
        """The next moment at which digests go out: on working days of an agency, before it closes."""
        known = self.of(agency)

        def next_of(now: datetime) -> datetime:
            today = now.astimezone(VIETNAM).date()
            for ahead in range(DAYS_AHEAD):
                day = today + timedelta(days=ahead)
                for at in sorted(times):
                    moment = datetime.combine(day, at, VIETNAM)
                    if moment > now and _works_then(known, moment):
                        return moment.astimezone(now.tzinfo)
            return now

        return next_of


def _works_then(known: Calendar, moment: datetime) -> bool:
    """Whether working time goes on or begins on the day of `moment`, from then on."""
    try:
        return next_opening(known, moment).date() == moment.date()
    except YearMissing:
        return True
