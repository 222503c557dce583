"""Who is told of an event or a reminder, by which way and when, read off `rules.toml` the slow and simple way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from notifier.domain.directory import Officer
from tests.support.naive_calendar import ZONE, Minutes
from tests.support.naive_reminders import RULES, Fact, minutes_of

MERGE = timedelta(minutes=RULES["gathering"]["merge_minutes"])
DIGESTS = tuple(time.fromisoformat(each) for each in RULES["gathering"]["digest_at"])
TIMERS_OF_ONE_MOMENT = timedelta(seconds=30)
"""So long the first of many reminders may wait for the others."""
ZALO_OPENS, ZALO_CLOSES = time(6, 5), time(21, 55)
DAY_OPENS, DAY_CLOSES = time(7), time(21)
"""Citizens are not disturbed outside of these."""
NEXT_MORNING = time(7, 30)


@dataclass(frozen=True, slots=True)
class Expected:
    """One person is told of one thing by one way, once: not before `earliest`, not after `latest`."""

    fact: Fact
    ref: str
    channel: str
    earliest: datetime
    latest: datetime
    gather: str | None = None


def expected(fact: Fact, officers: Mapping[str, Officer], *, citizens: bool) -> Iterator[Expected]:
    """What comes of a fact. Without `citizens` only officers."""
    rule = RULES["rules"].get(fact.type)
    if rule is None:
        return
    unit = fact.event.dossier.handling_unit
    minutes = minutes_of(unit.code if unit else "")
    seen: set[str] = set()
    for tell in rule["tell"]:
        if fact.number < tell.get("from_number", 1) or (tell["to"] == "citizen" and not citizens):
            continue
        for ref in _who(fact, tell["to"], officers):
            if ref not in seen:
                seen.add(ref)
                urgency = tell.get("urgency", rule["urgency"])
                for channel in _ways(fact, tell, officers.get(ref)):
                    earliest, latest = _when(fact, ref, urgency, tell.get("gather"), channel, minutes)
                    yield Expected(fact, ref, channel, earliest, latest, tell.get("gather"))


def _who(fact: Fact, audience: str, officers: Mapping[str, Officer]) -> Sequence[str]:
    """Those named, or those whom the directory has for the unit; each by who is there that day."""
    unit = fact.event.dossier.handling_unit
    code = unit.code if unit else ""
    match audience:
        case "citizen":
            return ["citizen"] if fact.event.dossier.owner else []
        case "handler":
            named: Sequence[str] = fact.handlers
        case "head":
            of_unit = sorted(each.code for each in officers.values() if each.role == "head" and each.unit == code)
            named = fact.heads or of_unit
        case _:
            named = [each.code for each in officers.values() if each.role == "director" and each.unit == f"{code}.02"]
    return [_there(officers[each], officers, fact.at.astimezone(ZONE).date()) for each in named]


def _there(officer: Officer, officers: Mapping[str, Officer], day: date) -> str:
    away = officer.leave_from and officer.leave_until and officer.leave_from <= day <= officer.leave_until
    left = officer.gone_at and officer.gone_at <= day
    return _there(officers[officer.deputy or ""], officers, day) if away or left else officer.code


def _ways(fact: Fact, tell: Mapping[str, Any], officer: Officer | None) -> list[str]:
    """All of `send` that reach the person, else the first of `fallback` that does. The inbox is told of elsewhere."""
    if officer:
        reaching = {"sms", "email"} | ({"zalo"} if officer.zalo else set())
    else:
        consent = fact.event.dossier.consent
        reaching = {name for name in ("zalo", "sms", "email") if getattr(consent, name)}
    first = [each for each in tell["send"] if each in reaching]
    return first or [each for each in tell.get("fallback", ()) if each in reaching][:1]


def _when(
    fact: Fact, ref: str, urgency: str, gather: str | None, channel: str, minutes: Minutes
) -> tuple[datetime, datetime]:
    at = fact.at
    if ref == "citizen":
        awake = _next(at, NEXT_MORNING) if urgency == "bulk" else _within(at, DAY_OPENS, DAY_CLOSES)
        return awake, awake
    if urgency == "urgent":
        latest = at + TIMERS_OF_ONE_MOMENT if gather else at
        return (
            (_within(at, ZALO_OPENS, ZALO_CLOSES), _within(latest, ZALO_OPENS, ZALO_CLOSES))
            if channel == "zalo"
            else (at, latest)
        )
    if gather == "digest":
        digest = next_digest(at, minutes)
        return digest, digest
    soonest = minutes.next(at)
    latest = minutes.next(soonest + MERGE) if gather else soonest
    return soonest, latest


def next_digest(at: datetime, minutes: Minutes) -> datetime:
    """The next moment after `at` at which digests go out: on a working day, before it ends."""
    day = at.astimezone(ZONE).date()
    for each in (day, *minutes.after(day)):
        for hour in DIGESTS:
            moment = datetime.combine(each, hour, ZONE)
            if moment > at and minutes.works(each) and moment < minutes.closing(each):
                return moment
    raise AssertionError("the list of minutes is too short")


def _within(at: datetime, opens: time, closes: time) -> datetime:
    return at if opens <= at.astimezone(ZONE).time() < closes else _next(at, opens)


def _next(at: datetime, hour: time) -> datetime:
    """The next time the clock shows this hour."""
    today = datetime.combine(at.astimezone(ZONE).date(), hour, ZONE)
    return today if today >= at else today + timedelta(days=1)
