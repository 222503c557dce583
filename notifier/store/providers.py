"""Providers: the state that all workers share of each, the permits to call it, and what its calls came to.

A row is only changed while it is held (`hold`), by a decision of `notifier.delivery.gate`, together with its audit row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from notifier.delivery.gate import Circuit, ProviderState, Punctuality
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.pool import Connection


async def enrol(connection: Connection, names: Mapping[ProviderName, ChannelName], now: datetime) -> None:
    """Make sure that each of these has a row."""
    await connection.execute(
        "INSERT INTO provider (name, channel, counted_from, changed_at)"
        " SELECT name, channel, $3, $3 FROM unnest($1::text[], $2::text[]) AS p(name, channel) ORDER BY name"
        " ON CONFLICT (name) DO UPDATE SET channel = excluded.channel WHERE provider.channel <> excluded.channel",
        list(names.keys()),
        list(names.values()),
        now,
    )


async def read(connection: Connection) -> list[ProviderState]:
    return [_state(row) for row in await connection.fetch("SELECT * FROM provider")]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a provider stands: its state, since when and why, what was given to it today and what came of it lately."""

    state: ProviderState
    changed_at: datetime
    reason: Reason | None
    used: int
    """Messages of `day`, counted where it has a quota."""
    remaining: int | None
    daily: int | None
    remaining_at: datetime | None
    """How many it still took today and how many a day, by its own word of that moment."""
    day: date | None
    calls: dict[str, int]
    """What its calls since a moment came to, and `proven` and `late` receipts."""


_STANDINGS = """
SELECT p.*, m.counts FROM provider p CROSS JOIN LATERAL (
    SELECT jsonb_build_object({sums}) AS counts FROM provider_minute c WHERE c.provider = p.name AND c.minute >= $1
) m ORDER BY p.channel, p.name
"""  # provider_minute_pkey


async def standings(connection: Connection, since: datetime) -> list[Standing]:
    """All providers that were ever configured, with the counts of their calls since a moment."""
    sums = ", ".join(f"'{name}', coalesce(sum(c.{name}), 0)" for name in _COLUMNS)
    return [
        Standing(
            state=_state(row),
            changed_at=row["changed_at"],
            reason=Reason(ReasonCode(row["reason"]), row["details"]) if row["reason"] else None,
            used=row["used"],
            remaining=row["remaining"],
            daily=row["daily"],
            remaining_at=row["remaining_at"],
            day=row["day"],
            calls=row["counts"],
        )
        for row in await connection.fetch(_STANDINGS.format(sums=sums), since)
    ]


async def hold(connection: Connection, name: ProviderName) -> ProviderState | None:
    """The state of a provider, nobody else's to change until the transaction ends."""
    row = await connection.fetchrow("SELECT * FROM provider WHERE name = $1 FOR NO KEY UPDATE", name)
    return _state(row) if row else None


_WRITE = """
WITH written AS (
    UPDATE provider SET circuit = $2, until = $3, trips = $4, good = $5, bad = $6, counted_from = $7,
        demoted_until = $8, demotions = $9, pace = $10,
        probe = CASE WHEN $2 = 'half_open' THEN probe END,
        reason = coalesce($11, reason), details = CASE WHEN $11::text IS NULL THEN details ELSE $12::jsonb END,
        changed_at = CASE WHEN $11::text IS NULL THEN changed_at ELSE $13 END
    WHERE name = $1
)
INSERT INTO audit (at, actor, reason, details) SELECT $13, $14, $11, $12::jsonb WHERE $11::text IS NOT NULL
"""


async def write(
    connection: Connection, state: ProviderState, reason: Reason | None, *, actor: str, now: datetime
) -> None:
    """Store the state of a provider that is held; a change that has a reason is audited with it."""
    await connection.execute(
        _WRITE,
        state.name,
        state.circuit.value,
        state.until,
        state.trips,
        round(state.good),
        round(state.bad),
        state.counted_from,
        state.demoted_until,
        state.demotions,
        state.pace,
        reason.code.value if reason else None,
        dict(reason.values) if reason else {},
        now,
        actor,
    )


_PROBE = """
WITH claimed AS (
    UPDATE provider SET circuit = 'half_open', until = $3, probe = $2, changed_at = $4
    WHERE name = $1 AND circuit IN ('open', 'half_open') AND (until <= $4 OR until > $4 + $5)
    RETURNING name
)
INSERT INTO audit (at, actor, reason, details) SELECT $4, $2, $6, $7::jsonb FROM claimed RETURNING seq
"""


async def claim_probe(
    connection: Connection,
    name: ProviderName,
    prober: str,
    reason: Reason,
    *,
    until: datetime,
    now: datetime,
    longest: timedelta,
) -> bool:
    """Be the one who tries a provider whose circuit is open; until `until` nobody else will."""
    values = dict(reason.values)
    return await connection.fetchval(_PROBE, name, prober, until, now, longest, reason.code.value, values) is not None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What limits a provider: messages a second and a day, and how much of a full second must be left over."""

    rate_per_second: float | None
    daily_quota: int | None
    reserve: float = 0
    """Share of the reserve of permits that this lane leaves to more urgent ones."""


_TAKE = """
WITH held AS (
    SELECT name, CASE WHEN day = $2 THEN used ELSE 0 END AS used,
           least($3::float8, permits + greatest(0, extract(epoch FROM clock_timestamp() - filled_at)) * $4::float8 * pace)
               AS level
    FROM provider WHERE name = $1 FOR NO KEY UPDATE
), taken AS (
    SELECT name, used, level, greatest(0, least(
        $5::int,
        CASE WHEN $4::float8 IS NULL THEN $5::int ELSE floor(level - $6::float8)::int END,
        CASE WHEN $7::int IS NULL THEN $5::int ELSE $7::int - used END
    )) AS number FROM held
)
UPDATE provider SET permits = coalesce(taken.level, 0) - CASE WHEN $4::float8 IS NULL THEN 0 ELSE taken.number END,
    filled_at = clock_timestamp(), day = $2, used = taken.used + taken.number
FROM taken WHERE provider.name = taken.name
RETURNING taken.number, provider.used
"""


async def take_permits(
    connection: Connection, name: ProviderName, wanted: int, allowance: Allowance, today: date
) -> tuple[int, int]:
    """Permits for at most `wanted` calls, and how many have been given out today. Held until the transaction ends.

    A bucket of one second: what is not used in a second is not saved up. Its last part is for the urgent.
    """
    most = None if allowance.rate_per_second is None else max(2.0, allowance.rate_per_second)
    row = await connection.fetchrow(
        _TAKE,
        name,
        today,
        most,
        allowance.rate_per_second,
        wanted,
        (most or 0) * allowance.reserve,
        allowance.daily_quota,
    )
    return (row["number"], row["used"]) if row else (0, 0)


async def note_volume(
    connection: Connection, name: ProviderName, remaining: int, daily: int | None, now: datetime
) -> None:
    """Keep what the provider says of how many messages it takes today; an older word does not replace a newer one."""
    await connection.execute(
        "UPDATE provider SET remaining = $2, daily = coalesce($3, daily), remaining_at = $4"
        " WHERE name = $1 AND coalesce(remaining_at <= $4, true)",
        name,
        remaining,
        daily,
        now,
    )  # primary key


async def note_daily(connection: Connection, name: ProviderName, daily: int) -> None:
    """Keep how many messages a day the provider takes from now on."""
    await connection.execute("UPDATE provider SET daily = $2 WHERE name = $1", name, daily)  # primary key


@dataclass(frozen=True, slots=True)
class MinuteCounts:
    """What calls in one minute came to; `proven` and `late` count receipts for messages taken in that minute."""

    provider: ProviderName
    minute: datetime
    accepted: int = 0
    throttled: int = 0
    transient: int = 0
    permanent: int = 0
    unknown: int = 0
    proven: int = 0
    late: int = 0


_COLUMNS = ("accepted", "throttled", "transient", "permanent", "unknown", "proven", "late")
_COUNT = f"""
INSERT INTO provider_minute (provider, minute, {", ".join(_COLUMNS)})
SELECT * FROM unnest($1::text[], $2::timestamptz[], {", ".join(f"${n}::int[]" for n in range(3, 3 + len(_COLUMNS)))})
ON CONFLICT (provider, minute) DO UPDATE SET
{", ".join(f"{name} = provider_minute.{name} + excluded.{name}" for name in _COLUMNS)}
"""


async def count(connection: Connection, counts: Sequence[MinuteCounts]) -> None:
    """Add these counts to what is known of their minutes."""
    ordered = sorted(counts, key=lambda each: (each.provider, each.minute))
    columns: list[Any] = [[each.provider for each in ordered], [each.minute for each in ordered]]
    columns += [[getattr(each, name) for each in ordered] for name in _COLUMNS]
    await connection.execute(_COUNT, *columns)


async def punctuality(connection: Connection, provider: ProviderName, since: datetime, until: datetime) -> Punctuality:
    """How the messages that a provider took in [since, until) stand: late is a late receipt, or none so far."""
    row = await connection.fetchrow(
        "SELECT coalesce(sum(accepted), 0) AS taken, coalesce(sum(accepted - least(accepted, proven) + late), 0) AS late"
        " FROM provider_minute WHERE provider = $1 AND minute >= $2 AND minute < $3",
        provider,
        since,
        until,
    )  # primary key
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return Punctuality(row["taken"], min(row["late"], row["taken"]))


def _state(row: Any) -> ProviderState:
    return ProviderState(
        name=row["name"],
        channel=row["channel"],
        circuit=Circuit(row["circuit"]),
        counted_from=row["counted_from"],
        until=row["until"],
        trips=row["trips"],
        good=row["good"],
        bad=row["bad"],
        demoted_until=row["demoted_until"],
        demotions=row["demotions"],
        pace=row["pace"],
    )
