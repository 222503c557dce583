"""Times as dossier systems write them: yyyyMMddHHmmss in Vietnamese local time, or ISO 8601."""

import re
from datetime import UTC, datetime

from notifier.domain.clock import VIETNAM

_COMPACT = re.compile(r"[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?")
_ISO = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}([T ][0-9:.,]{2,17}(Z|z|[+-][0-9]{2}:?([0-9]{2})?)?)?")
_YEARS = range(1900, 2200)


def parse_time(text: str) -> datetime | None:
    """The moment in UTC. A time without offset is local time of Vietnam; a date alone is its first moment.

    None for year 1, with which .NET systems say that there is no time. Raises ValueError for anything else
    that is not a time between 1900 and 2199.
    """
    text = text.strip()
    if _COMPACT.fullmatch(text):
        digits = text.ljust(14, "0")
        moment = datetime.fromisoformat(f"{digits[:8]}T{digits[8:]}")
    elif _ISO.fullmatch(text):
        moment = datetime.fromisoformat(text.upper())
    else:
        raise ValueError("not a time")
    if moment.year == 1:
        return None
    if moment.year not in _YEARS:
        raise ValueError("not a time of our age")
    return (moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)
