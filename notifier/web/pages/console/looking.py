"""What the lists of the console share: which agencies the operator looks at, and where a page of a list begins."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from notifier.audit.dead import moment
from notifier.domain.directory import Agency, by_every_code
from notifier.domain.reach import Reach, narrowed, reach_from
from notifier.reminders.reports.sheets import clean
from notifier.reminders.reports.units import Agencies
from notifier.store import directory
from notifier.store.pool import Connection
from notifier.web.access.visits import OperatorVisit
from notifier.web.problems import ProblemError

NUMBER_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sight:
    """What an operator sees of the province, and what of it they ask for."""

    agencies: Agencies
    choices: tuple[Agency, ...]
    """Those they may ask for."""
    asked: str | None
    within: Reach


async def sight_of(connection: Connection, visit: OperatorVisit) -> Sight:
    """By the parameter `agency`. One that is not theirs is refused like one that does not exist."""
    agencies = Agencies(by_every_code(await directory.agencies(connection)))
    asked = clean(visit.request.query.get("agency")) or None
    seen = reach_from(agencies.by_code, visit.who.agencies)
    within = narrowed(seen, agencies.by_code, asked)
    if within is None:
        raise ProblemError("not-found", "There is no such agency.")
    known = {agency.code: agency for agency in agencies.by_code.values() if seen.includes(agency.code)}
    return Sight(agencies, tuple(known[code] for code in sorted(known)), asked, within)


def cursor(*values: object) -> str:
    """Where a page begins, as text for an address."""
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode()


def read_cursor(text: str | None, kinds: Sequence[Any]) -> list[Any] | None:
    """What `cursor` was given, each made by its kind; None without one. Raises `invalid-query`."""
    if not text:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text))
        return [kind(value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError):
        raise ProblemError("invalid-query", "The parameter after is not one that a page of ours gave.") from None


def text_in(value: Any) -> str:
    """A text of a cursor that the database can hold. Raises `ValueError` for any other."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value


def moment_in(text: Any) -> datetime:
    """A time of a cursor, aware. Raises `ValueError` for any other."""
    at = moment(text)
    if at is None:
        raise ValueError(text)
    return at


def number_in(value: Any) -> int:
    """A number of a cursor that the database can hold. Raises `ValueError` for any other."""
    number = int(value)
    if abs(number) > NUMBER_MOST:
        raise ValueError(value)
    return number


def address(path: str, given: Mapping[str, str | None]) -> str:
    """The address of a page with those parameters that say something."""
    said = {name: value for name, value in given.items() if value}
    return f"{path}?{urlencode(said)}" if said else path
