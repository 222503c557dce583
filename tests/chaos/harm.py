"""What each fault does to the installation while its events are posted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import redis.asyncio as redis

from notifier.domain.clock import VIETNAM, move_clock
from notifier.sandbox.script import BEHAVIOURS
from notifier.telemetry.marks import Mark
from tests.chaos.stand import ROLES, WORKERS
from tests.chaos.trial import Trial

Inflict = Callable[[Trial], Awaitable[None]]
FLUSHES, CUTS, REVOKES = 6, 6, 4
TROUBLE_SECONDS = 5.0
QUICK_TROUBLE_SECONDS = 4.0
WRITTEN_SECONDS = 0.5
"""After a jump of the clock: until then what was begun before it has been written with the old time."""


async def nothing(trial: Trial) -> None:
    """A run without a fault: what is wrong here is wrong with the harness or the engine at rest."""


# Processes


def killing(*roles: str, times: int) -> Inflict:
    async def inflict(trial: Trial) -> None:
        for number in range(times):
            await _pause(trial, 0.3, 1.2)
            await trial.kill(roles[number % len(roles)])

    return inflict


async def killing_a_few(trial: Trial) -> None:
    for role in ("urgent-1", "web", "dispatcher-1", "normal-1"):
        await _pause(trial, 0.2, 0.6)
        await trial.kill(role)


async def kill_everything(trial: Trial) -> None:
    await _pause(trial, 2, 3)
    async with asyncio.TaskGroup() as killers:
        for role in ROLES:
            killers.create_task(trial.kill(role))


def draining(*roles: str) -> Inflict:
    async def inflict(trial: Trial) -> None:
        for role in roles:
            await _pause(trial, 0.3, 0.8)
            await trial.drain(role)

    return inflict


drain_each = draining(*ROLES)


def freezing(role: str) -> Inflict:
    async def inflict(trial: Trial) -> None:
        await _pause(trial, 1, 2)
        await trial.freeze(role)

    return inflict


def killing_at(marks: Sequence[Mark], times: int, provoke: Inflict | None) -> Inflict:
    async def inflict(trial: Trial) -> None:
        for mark in marks:
            for _ in range(times):
                await _pause(trial, 0.1, 0.4)
                await trial.kill_at(mark, _provoking(trial, provoke))

    return inflict


def freezing_at(marks: Sequence[Mark], provoke: Inflict | None) -> Inflict:
    async def inflict(trial: Trial) -> None:
        for mark in marks:
            await _pause(trial, 0.1, 0.4)
            await trial.freeze_at(mark, _provoking(trial, provoke))

    return inflict


def _provoking(trial: Trial, provoke: Inflict | None) -> Callable[[], Awaitable[None]] | None:
    return None if provoke is None else lambda: provoke(trial)


def killing_at_renewals(marks: Sequence[Mark], times: int) -> Inflict:
    """As `killing_at`, at the renewal of the token, each time waiting until somebody has a good token again."""

    async def inflict(trial: Trial) -> None:
        for mark in marks:
            for _ in range(times):
                await trial.at_renewal(mark, trial.kill_at, lambda: revoke_token(trial))

    return inflict


def freezing_at_renewals(marks: Sequence[Mark]) -> Inflict:
    """Likewise."""

    async def inflict(trial: Trial) -> None:
        for mark in marks:
            await trial.at_renewal(mark, trial.freeze_at, lambda: revoke_token(trial))

    return inflict


def in_turn(*inflicts: Inflict) -> Inflict:
    """One after the other, for a row that says more in less time."""

    async def inflict(trial: Trial) -> None:
        for each in inflicts:
            await each(trial)

    return inflict


def at_once(*inflicts: Inflict) -> Inflict:
    """Side by side; only what cannot be taken for each other's work."""

    async def inflict(trial: Trial) -> None:
        async with asyncio.TaskGroup() as all_of_them:
            for each in inflicts:
                all_of_them.create_task(each(trial))

    return inflict


async def kill_a_worker(trial: Trial) -> None:
    await trial.kill(trial.rng.choice(WORKERS))


# Redis


async def flush_redis(trial: Trial) -> None:
    async with redis.from_url(trial.stand.redis.url) as client:
        await client.flushall()


async def flush_often(trial: Trial) -> None:
    for _ in range(FLUSHES // 2 if trial.quick else FLUSHES):
        await _pause(trial, 0.4, 0.9)
        await flush_redis(trial)
        await trial.over()


async def kill_redis(trial: Trial) -> None:
    for _ in range(2):
        await _pause(trial, 1, 2)
        await trial.stand.redis.kill()
        await trial.stand.redis.start()
        await trial.over()


def redis_away(seconds: float, *, quick_seconds: float) -> Inflict:
    async def inflict(trial: Trial) -> None:
        await _pause(trial, 1, 2)
        await trial.stand.redis.kill()
        await asyncio.sleep(quick_seconds if trial.quick else seconds)
        await trial.stand.redis.start()
        await trial.over()

    return inflict


# PostgreSQL


async def restart_postgres(trial: Trial) -> None:
    for _ in range(2):
        await _pause(trial, 1, 2)
        await trial.stand.postgres.stop("fast")
        await trial.stand.postgres.start()
        await trial.over()


async def kill_postgres(trial: Trial) -> None:
    for _ in range(1 if trial.quick else 2):
        await _pause(trial, 1, 2)
        await trial.stand.postgres.kill()
        await trial.stand.postgres.start()
        await trial.over()


def postgres_away(seconds: float) -> Inflict:
    async def inflict(trial: Trial) -> None:
        await _pause(trial, 1, 2)
        await trial.stand.postgres.stop("immediate")
        await asyncio.sleep(seconds)
        await trial.stand.postgres.start()
        await trial.over()

    return inflict


async def cut_connections(trial: Trial) -> None:
    cut = 0
    for _ in range(CUTS // 2 if trial.quick else CUTS):
        await _pause(trial, 0.3, 0.8)
        rows = await trial.stand.ask(
            "SELECT state LIKE '%transaction%' OR state = 'active' AS busy, pg_terminate_backend(pid)"
            " FROM pg_stat_activity WHERE application_name LIKE 'notifier-%'"
        )
        cut += sum(bool(row["busy"]) for row in rows)
    await trial.over()
    trial.notes.append(f"{cut} transactions cut")


async def fill_disk(trial: Trial) -> None:
    stand = trial.stand
    assert stand.disk is not None
    await _pause(trial, 2, 3)
    await asyncio.to_thread(stand.disk.fill)
    await asyncio.sleep(6)
    stand.disk.free()
    if not stand.postgres.is_running():
        trial.notes.append("PostgreSQL had gone down")
        await stand.postgres.start()
    await trial.over()


# Providers


def misbehaving(*names: str, share: int = 1, **args: float) -> Inflict:
    """Every provider that knows one of these behaviours shows the first it knows, for a while.

    Where the behaviour keeps a caller waiting, only one recipient in `share` meets it.
    """

    async def inflict(trial: Trial) -> None:
        await _pause(trial, 0.5, 1)
        for name in names:
            await _misbehave(trial, name, args, times=None if share == 1 else 10)
            await asyncio.sleep(TROUBLE_SECONDS / len(names))
            await trial.stand.providers.behave_well()
        await trial.over()

    return inflict


async def troubled(trial: Trial) -> None:
    """A few of everything, in one go."""
    await _pause(trial, 0.5, 1)
    for name, times in {
        "server_error": 20,
        "throttle": 20,
        "html": 10,
        "accept_then_drop": 5,
        "drop": 5,
        "accept_then_hang": 4,
        "hang": 4,
        "receipt_first": 20,
        "duplicate_receipt": 20,
        "forged_receipt": 20,
    }.items():
        await _misbehave(trial, name, {}, times=times)
    await asyncio.sleep(QUICK_TROUBLE_SECONDS)
    await trial.stand.providers.behave_well()
    await trial.over()


async def _misbehave(trial: Trial, name: str, args: dict[str, float], times: int | None) -> None:
    behaviour = BEHAVIOURS[name]
    fitting = {key: value for key, value in args.items() if key in {*behaviour.args, "receipt_seconds"}}
    if name in {"hang", "accept_then_hang"}:
        fitting = {"seconds": 6.0, **fitting}
    await trial.stand.providers.behave(
        *(
            {"channel": channel, "behave": name, "args": fitting, "times": times}
            for channel in sorted(behaviour.channels)
        )
    )


async def revoke_token(trial: Trial) -> None:
    await trial.stand.providers.revoke_token()


async def revoke_often(trial: Trial) -> None:
    for _ in range(REVOKES // 2 if trial.quick else REVOKES):
        await _pause(trial, 0.8, 1.4)
        await revoke_token(trial)
        await trial.over()


# Clock


async def clock_jumps(trial: Trial) -> None:
    """An hour forward, and back again."""
    for jump in (timedelta(hours=1), -timedelta(hours=1)):
        await _pause(trial, 1.5, 2)
        _move(trial, jump)
        await asyncio.sleep(WRITTEN_SECONDS)
        await trial.over()


async def leap_over_the_night(trial: Trial) -> None:
    """From within a minute of the evening's end, over midnight, to the moment at which all that waits may go."""
    await asyncio.sleep(4)
    now = trial.stand.clock().astimezone(VIETNAM)
    move_clock(trial.stand.ground.clock_file, now.replace(hour=21, minute=5))
    await asyncio.sleep(3)
    morning = (now + timedelta(days=1)).replace(hour=7, minute=31)
    move_clock(trial.stand.ground.clock_file, morning)
    await trial.over()


def _move(trial: Trial, jump: timedelta) -> None:
    move_clock(trial.stand.ground.clock_file, trial.stand.clock() + jump)


async def _pause(trial: Trial, least: float, most: float) -> None:
    """A moment that the seed decides."""
    await asyncio.sleep(trial.rng.uniform(least, most))
