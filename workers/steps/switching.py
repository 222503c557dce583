"""What an operator switches: a provider on and off, which one of a channel is preferred; and what a pause would hold up.

Each change is audited. A channel and a source are paused by `pauses` alone: nothing else is to be decided.
"""

from datetime import datetime

from notifier.delivery import gate
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.reach import EVERYWHERE
from notifier.store import now as standing
from notifier.store import providers, traffic
from notifier.store.pauses import Kind
from notifier.store.pool import Connection


async def pause_provider(connection: Connection, name: ProviderName, by: str, why: str, now: datetime) -> bool:
    """Give it nothing until it is resumed; False if there is no such provider."""
    async with connection.transaction():
        if (state := await providers.hold(connection, name)) is None:
            return False
        await providers.write(connection, *gate.paused(state, by, why), actor=f"operator:{by}", now=now)
    return True


async def resume_provider(connection: Connection, name: ProviderName, by: str, why: str, now: datetime) -> bool:
    """Let messages pass again, whatever kept them; False if there is no such provider."""
    async with connection.transaction():
        if (state := await providers.hold(connection, name)) is None:
            return False
        await providers.write(connection, *gate.resumed(state, by, why, now), actor=f"operator:{by}", now=now)
    return True


async def prefer_provider(
    connection: Connection, name: ProviderName, by: str, why: str, *, until: datetime, now: datetime
) -> bool:
    """Use this one before the others of its channel until `until`; False if there is no such provider, or no other."""
    async with connection.transaction():
        known = {state.name: state.channel for state in await providers.read(connection)}
        rivals = sorted(each for each, channel in known.items() if channel == known.get(name))
        if rivals in ([], [name]):
            return False
        states = [state for each in rivals if (state := await providers.hold(connection, each))]
        for changed, reason in gate.preferred(states, name, by, why, until):
            await providers.write(connection, changed, reason, actor=f"operator:{by}", now=now)
    return True


async def held_up(connection: Connection, kind: Kind, name: str, now: datetime) -> int:
    """How many events of a source, or messages of a channel, wait now: a pause holds them, and its end lets them go."""
    if kind is Kind.CHANNEL:
        return await standing.waiting_for(connection, ChannelName(name), now)
    waits = await traffic.waiting(connection, now, EVERYWHERE)
    return sum(each.rows for each in waits if each.kind == "event" and each.source == name)
