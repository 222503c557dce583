"""The verdict on one fault: what the 202s promised, against what the database shows and the providers took.

Nothing here asks anybody anything: values in, findings out. So it can be fed errors, and tests do.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.events import Invented
from tests.chaos.providers import Ledger

SAYS_SENT = frozenset({"accepted", "delivered", "read"})
ENDED = frozenset({"failed", "expired", "suppressed", "superseded", "cancelled", "unknown"})
NEVER_NEEDED = frozenset({"standby", "suppressed", "cancelled", "superseded"})
TAKES_KEY = frozenset({"sms", "portal"})
"""Here a double is never allowed: the gateway drops it by its RequestId, the inbox by the delivery."""
_HEX = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Shown:
    """One delivery as the database shows it."""

    id: str
    """32 hexadecimal digits."""
    event: str
    audience: str
    channel: str
    recipient: str
    state: str
    reason: str | None
    """The latest reason in its audit trail."""
    waits: bool
    """Its due time is yet to come."""
    was_unknown: bool
    """It is or was shown as unknown."""
    in_inbox: int = 0
    keyless: str | None = None
    """Where its message carries no key: what the ledger knows it by."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known after a fault."""

    accepted: Sequence[Invented]
    routed: Mapping[str, bool]
    """Which of the accepted events the database knows, and whether they are routed."""
    deliveries: Sequence[Shown]
    ledger: Ledger
    gaps: int = 0
    """Numbers that are missing in portal inboxes."""
    told: frozenset[str] = frozenset()
    """Callbacks that the database shows as sent."""
    heard: frozenset[str] = frozenset()
    """Callbacks that the dossier system got."""


@dataclass(slots=True)
class Findings:
    accepted: int = 0
    deliveries: int = 0
    """Those that had to be sent: without fallbacks that were never needed."""
    delivered: int = 0
    """Those that a provider or the inbox took."""
    unknown: int = 0
    dropped: int = 0
    """Doubles that a provider recognised by their key."""
    lost: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    """By channel."""
    hidden: int = 0
    """Doubles of deliveries that were never shown as unknown."""
    strays: int = 0
    gaps: int = 0
    examples: list[str] = field(default_factory=list)
    """Which deliveries were lost."""


def examine(evidence: Evidence) -> Findings:
    """What was lost, what came twice, what is unknown."""
    found = Findings(accepted=len(evidence.accepted), gaps=evidence.gaps)
    taken, dropped = _by_delivery(evidence)
    of_event: dict[str, list[Shown]] = defaultdict(list)
    of_person: dict[str, list[Shown]] = defaultdict(list)
    for shown in evidence.deliveries:
        of_event[shown.event].append(shown)
        of_person[shown.recipient].append(shown)
    for event in evidence.accepted:
        found.lost.update(_never_planned(event, of_event[event.id], routed=evidence.routed.get(event.id)))
    for shown in evidence.deliveries:
        count = shown.in_inbox if shown.channel == "portal" else taken[shown.id]
        _count(found, shown, count)
        if why := _lost(shown, count, of_person[shown.recipient]):
            found.lost[why] += 1
            found.examples.append(f"{why}: {shown.event}, delivery {shown.id}, {shown.reason}")
    found.lost.update({"callback sent, but nobody heard it": len(evidence.told - evidence.heard)})
    found.lost = +found.lost
    found.dropped = sum(dropped.values())
    found.deliveries += sum(found.lost[why] for why in ("event missing", "event not routed", "never planned"))
    return found


def strays(ledger: Ledger, deliveries: Iterable[Shown]) -> int:
    """Messages that providers took and no delivery accounts for. `deliveries` are all of the run."""
    known = {key for shown in deliveries for key in (shown.id, shown.keyless) if key}
    return sum(count for keys in ledger.values() for key, (count, _) in keys.items() if delivery_of(key) not in known)


def _by_delivery(evidence: Evidence) -> tuple[Counter[str], Counter[str]]:
    """How often each delivery was taken, and how many doubles of it were dropped."""
    keyless = {shown.keyless: shown.id for shown in evidence.deliveries if shown.keyless}
    ours = {shown.id for shown in evidence.deliveries}
    taken: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for keys in evidence.ledger.values():
        for key, (count, doubles) in keys.items():
            name = keyless.get(key, delivery_of(key))
            if name in ours:
                taken[name] += count
                dropped[name] += doubles
    return taken, dropped


def delivery_of(key: str) -> str:
    """The delivery that a key names: RequestId and tracking_id are its id, a Message-ID begins with it."""
    if key.startswith("sha256:"):
        return key
    found = _HEX.search(key.replace("-", ""))
    return found.group() if found else key


def _count(found: Findings, shown: Shown, count: int) -> None:
    if count or shown.state not in NEVER_NEEDED:
        found.deliveries += 1
    found.delivered += count > 0
    found.unknown += shown.state == "unknown"
    if count > 1:
        found.duplicates[shown.channel] += count - 1
        found.hidden += 0 if shown.was_unknown else count - 1


def _never_planned(event: Invented, shown: Sequence[Shown], *, routed: bool | None) -> Counter[str]:
    """The promised deliveries that do not exist."""
    if not routed:
        return Counter({"event missing" if routed is None else "event not routed": event.promised.total()})
    missing = event.promised - Counter((each.audience, each.channel) for each in shown)
    return +Counter({"never planned": missing.total()})


def _lost(shown: Shown, count: int, person: Sequence[Shown]) -> str | None:
    """Why this delivery counts as lost; None if it reached a provider or visibly ended, or visibly waits its turn."""
    if shown.state in SAYS_SENT:
        return None if count else f"{shown.channel} {shown.state}, but nobody took it"
    if shown.state in ENDED:
        return None if shown.reason else f"{shown.channel} {shown.state} without a reason"
    if shown.state == "standby":
        hopes = SAYS_SENT | {"unknown", "planned", "held", "sending"}
        hope = any(each.state in hopes for each in person if each.channel != "portal")
        return None if hope and shown.waits else f"{shown.channel} fallback never taken"
    if shown.state == "held" and shown.waits:
        return None
    return f"{shown.channel} still {shown.state}"
