"""A row of the table: findings, times to recover, and whether they keep the bounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from tests.chaos.check import TAKES_KEY, Findings

RECOVER_SECONDS = 15.0
DRAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Waits:
    """How long messages took from the 202 to their provider."""

    what: str
    seconds: Sequence[float]
    bound: float
    """What p99 may be at most."""

    @property
    def p99(self) -> float:
        return percentile(self.seconds, 99) if self.seconds else math.inf

    def told(self) -> str:
        return f"{self.what}: p50 {shown_seconds(percentile(self.seconds, 50))}, p99 {shown_seconds(self.p99)}"

    def as_json(self) -> dict[str, Any]:
        p50, p99 = finite(percentile(self.seconds, 50)), finite(self.p99)
        return {"what": self.what, "count": len(self.seconds), "p50": p50, "p99": p99, "bound": self.bound}


@dataclass(slots=True)
class Row:
    fault: str
    findings: Findings
    allowed: int
    """How many doubles this fault may cause: at most one for each kill, none where nothing was killed."""
    recover: list[float] = field(default_factory=list)
    """Seconds; infinite for what never was in flight again."""
    slowest: list[str] = field(default_factory=list)
    """What recovered last, in words."""
    drains: list[float] = field(default_factory=list)
    """Seconds from SIGTERM to the end of the process."""
    unsettled: int = 0
    refused: int = 0
    """Events that got no 202 though they were posted again and again."""
    waits: list[Waits] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    """What the fault was to do and could not: it proves nothing then."""
    seconds: float = 0.0

    def breaches(self) -> list[str]:
        """Every bound that was passed, in words."""
        found, doubles = self.findings, self.findings.duplicates
        said = [f"{count} lost: {why}" for why, count in sorted(found.lost.items()) if count]
        if doubles.total() > self.allowed:
            said.append(f"{doubles.total()} duplicates, {self.allowed} allowed ({_counts(doubles)})")
        said += [f"{doubles[channel]} duplicates by {channel}" for channel in sorted(TAKES_KEY) if doubles[channel]]
        if found.hidden:
            said.append(f"{found.hidden} duplicates that were never shown as unknown")
        if found.strays:
            said.append(f"{found.strays} messages that no delivery accounts for")
        if found.gaps:
            said.append(f"{found.gaps} gaps in inboxes")
        if self.refused:
            said.append(f"{self.refused} events without a 202")
        if self.unsettled:
            said.append(f"{self.unsettled} not settled in time")
        if (p99 := percentile(self.recover, 99)) > RECOVER_SECONDS:
            said.append(f"p99 of recovery is {shown_seconds(p99)}")
        if max(self.drains, default=0) > DRAIN_SECONDS:
            said.append(f"a drain took {max(self.drains):.0f} s")
        said += [f"{each.told()}, at most {each.bound:g} s allowed" for each in self.waits if each.p99 > each.bound]
        return said + self.not_done

    def cells(self) -> list[str]:
        found = self.findings
        return [
            self.fault,
            str(found.accepted),
            str(found.deliveries),
            str(found.delivered),
            str(found.lost.total()),
            f"{found.duplicates.total()} ({self.allowed})",
            str(found.unknown),
            shown_seconds(percentile(self.recover, 50)) if self.recover else "–",
            shown_seconds(percentile(self.recover, 99)) if self.recover else "–",
            "; ".join(
                [
                    ("FAILED: " + "; ".join(broken)) if (broken := self.breaches()) else "held",
                    *self.notes,
                    *(each.told() for each in self.waits if each.p99 <= each.bound),
                ]
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "fault": self.fault,
            **{each.name: getattr(self.findings, each.name) for each in fields(self.findings)},
            "allowed": self.allowed,
            "recover_p50": finite(percentile(self.recover, 50)),
            "recover_p99": finite(percentile(self.recover, 99)),
            "recover_max": finite(max(self.recover, default=0.0)),
            "recover_count": len(self.recover),
            "slowest": self.slowest,
            "drains": self.drains,
            "unsettled": self.unsettled,
            "refused": self.refused,
            "waits": [each.as_json() for each in self.waits],
            "notes": self.notes,
            "seconds": round(self.seconds, 1),
            "breaches": self.breaches(),
        }


COLUMNS = (
    "fault",
    "accepted",
    "deliveries",
    "delivered",
    "lost",
    "duplicates (allowed)",
    "unknown",
    "recover p50",
    "recover p99",
    "verdict",
)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def shown_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if math.isfinite(seconds) else "never"


def finite(seconds: float) -> float | None:
    return round(seconds, 2) if math.isfinite(seconds) else None


def _counts(doubles: Any) -> str:
    return ", ".join(f"{count} {channel}" for channel, count in sorted(doubles.items()))
