"""The table of faults. Each says what it does, for how many events, and how many doubles it may cause.

Every kill may cause one double at most, and that one shown as unknown; nothing else may cause any.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from notifier.settings import ROOT
from notifier.telemetry.marks import Mark
from tests.chaos import harm
from tests.chaos.bulk import bulk_run
from tests.chaos.stand import WORKERS
from tests.chaos.trial import Trial

Inflict = Callable[[Trial], Awaitable[None]]
CODE = tuple(ROOT / part for part in ("channels", "notifier", "workers"))


@dataclass(frozen=True, slots=True)
class Fault:
    """`weight` is its share of the load; `seconds` is about how long its events are posted."""

    name: str
    inflict: Inflict
    seconds: float = 10.0
    weight: float = 1.0
    small_disk: bool = False
    """Needs an installation of its own whose database lies on a small file system."""
    starts_at: str | None = None
    """Local time that the clock shows at its beginning, HH:MM; else it goes on."""


def quick_catalogue() -> list[Fault]:
    """At least one fault of each family, some of them together: what CI has the time for."""
    marks = [mark for mark in _QUICK_MARKS if mark not in unpassed()]
    receipts = harm.misbehaving("duplicate_receipt", "receipt_first", "forged_receipt")
    return [
        Fault("SIGKILL of four processes, SIGTERM of one", harm.in_turn(harm.killing_a_few, harm.draining("urgent-2"))),
        Fault(f"SIGKILL at {len(marks)} marks", harm.killing_at(marks, 1, None), seconds=8),
        Fault("SIGSTOP, receipts twice, early and forged", harm.at_once(harm.freezing("normal-1"), receipts)),
        Fault("Redis FLUSHALL, then away", harm.in_turn(harm.flush_often, harm.redis_away(60, quick_seconds=6))),
        Fault("PostgreSQL SIGKILL, connections cut", harm.in_turn(harm.kill_postgres, harm.cut_connections)),
        Fault("providers in trouble, token revoked", harm.in_turn(harm.troubled, harm.revoke_often), seconds=8),
        Fault("clock jumps forward and back", harm.clock_jumps, seconds=5),
        *_bulk(),
    ]


def catalogue() -> list[Fault]:
    """Every fault, in the order of a full run."""
    return [*_processes(), *_marks(), *_redis(), *_postgres(), *_providers(), *_bulk(), *_clock()]


def unpassed() -> list[Mark]:
    """Marks that no code passes, so that no fault can happen at them."""
    text = "\n".join(file.read_text(encoding="utf-8") for folder in CODE for file in folder.rglob("*.py"))
    return [mark for mark in Mark if not re.search(rf"\bMark\.{mark.name}\b", text)]


def _processes() -> Iterator[Fault]:
    yield Fault("nothing at all (calm)", harm.nothing, seconds=6)
    yield Fault("SIGKILL web", harm.killing("web", times=3), seconds=12)
    yield Fault("SIGKILL dispatcher", harm.killing("dispatcher-1", "dispatcher-2", times=4), seconds=12)
    for role in WORKERS[::2]:
        lane = role.partition("-")[0]
        yield Fault(f"SIGKILL {lane} workers", harm.killing(f"{lane}-1", f"{lane}-2", times=4), seconds=12)
    yield Fault("SIGKILL of everything at once", harm.kill_everything, seconds=8)
    yield Fault("SIGKILL web, workers and dispatcher in turn", harm.killing_a_few, seconds=7)
    yield Fault("SIGTERM of each process", harm.drain_each, seconds=15)
    for role in ("web", "urgent-1", "dispatcher-1"):
        yield Fault(f"SIGSTOP {role} for longer than a lease", harm.freezing(role), seconds=15)


_STAGES = {
    "intake": "intake",
    "callback": "storing callbacks",
    "route": "routing",
    "attempt": "the attempt's commit",
    "call": "the provider's call",
    "record": "the result's commit",
    "receipts": "reading callbacks",
    "ring": "ringing",
    "reap": "reaping",
    "token": "the token's renewal",
    "tell": "telling the dossier system",
}
"""The first word of a mark → what happens there."""
_PROVOKED = {"ring": harm.flush_redis, "reap": harm.kill_a_worker}
_QUICK_MARKS = (Mark.INTAKE_AFTER_COMMIT, Mark.ROUTE_BEFORE_COMMIT, Mark.ATTEMPT_AFTER_COMMIT, Mark.CALL_AFTER)
_KILLS_PER_MARK = 3
_SECONDS_PER_MARK = {"token": 30}
"""Where more time is needed than usual: a renewal waits until the lease of the one before has ended."""
_FROZEN_SECONDS_PER_MARK = {"token": 40}
_KILLS_PER_RENEWAL_MARK = 2


def _marks() -> Iterator[Fault]:
    missing = set(unpassed())
    for word in dict.fromkeys(_word(mark) for mark in Mark):
        marks = [mark for mark in Mark if _word(mark) == word and mark not in missing]
        if not marks:
            continue
        if word == "token":
            kill, freeze = harm.killing_at_renewals(marks, _KILLS_PER_RENEWAL_MARK), harm.freezing_at_renewals(marks)
        else:
            kill = harm.killing_at(marks, _KILLS_PER_MARK, _PROVOKED.get(word))
            freeze = harm.freezing_at(marks, _PROVOKED.get(word))
        yield Fault(
            f"SIGKILL at {len(marks)} marks of {_STAGES[word]}",
            kill,
            seconds=_SECONDS_PER_MARK.get(word, 7) * len(marks),
        )
        yield Fault(
            f"SIGSTOP at {len(marks)} marks of {_STAGES[word]}",
            freeze,
            seconds=_FROZEN_SECONDS_PER_MARK.get(word, 21) * len(marks),
        )


def _word(mark: Mark) -> str:
    return mark.value.partition(".")[0]


def _redis() -> Iterator[Fault]:
    yield Fault("Redis FLUSHALL", harm.flush_often, seconds=6)
    yield Fault("Redis SIGKILL, nothing on disk", harm.kill_redis, seconds=8)
    yield Fault("Redis away", harm.redis_away(60, quick_seconds=8), seconds=12)


def _postgres() -> Iterator[Fault]:
    yield Fault("PostgreSQL fast restart", harm.restart_postgres, seconds=10)
    yield Fault("PostgreSQL SIGKILL", harm.kill_postgres, seconds=8)
    yield Fault("PostgreSQL away", harm.postgres_away(30), seconds=12)
    yield Fault("PostgreSQL cuts every connection in mid-transaction", harm.cut_connections, seconds=8)
    yield Fault("PostgreSQL's disk is full", harm.fill_disk, seconds=12, small_disk=True)


def _providers() -> Iterator[Fault]:
    yield Fault("providers accept and never answer", harm.misbehaving("accept_then_hang", share=6), seconds=8)
    yield Fault("providers answer and never accept", harm.misbehaving("html"), seconds=8)
    yield Fault("providers stay silent", harm.misbehaving("hang", share=6), seconds=8)
    yield Fault("5xx storm", harm.misbehaving("server_error"), seconds=8)
    yield Fault("429 with Retry-After", harm.misbehaving("throttle"), seconds=8)
    yield Fault("providers answer drop by drop", harm.misbehaving("slow", seconds=1.5), seconds=8)
    yield Fault("mail: connection reset after DATA", harm.misbehaving("drop", "accept_then_drop"), seconds=8)
    yield Fault("receipts twice", harm.misbehaving("duplicate_receipt"), seconds=6)
    yield Fault("receipts before the answer, and in reverse", harm.misbehaving("receipt_first", "reversed_receipts"))
    yield Fault("receipts late", harm.misbehaving("accept", receipt_seconds=8), seconds=6)
    yield Fault("receipts forged", harm.misbehaving("forged_receipt", "wrong_signature"), seconds=6)
    yield Fault("providers in trouble, all at once", harm.troubled, seconds=7)
    yield Fault("token revoked while all workers send", harm.revoke_often, seconds=8)


def _bulk() -> Iterator[Fault]:
    yield Fault("bulk run of one source", bulk_run, seconds=10, weight=0.0)


def _clock() -> Iterator[Fault]:
    yield Fault("clock jumps forward and back", harm.clock_jumps, seconds=8)
    yield Fault("clock leaps over quiet hours and midnight", harm.leap_over_the_night, seconds=8, starts_at="20:59")
