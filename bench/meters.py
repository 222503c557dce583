"""What processes used, read from /proc: it needs nothing in them, and costs them nothing."""

import os
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis import Redis

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)
"""Of the fields after the name in /proc/PID/stat: ppid; utime, stime, cutime, cstime (proc(5) counts them from 4 and 14)."""


def family(pid: int, apart: Container[int] = ()) -> set[int]:
    """The process and all that descends from it and still runs, without the families of those `apart`."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found, coming = set(), [pid]
    while coming:
        each = coming.pop()
        found.add(each)
        coming += [child for child in children.get(each, []) if child not in apart]
    return found


def named(pid: int) -> dict[str, int]:
    """The process ids of its family by the names that top shows."""
    return {_name(each): each for each in family(pid)}


def cpu_seconds(pid: int, apart: Container[int] = ()) -> float:
    """Of the whole family since it began, those of it that have ended included."""
    return sum(sum(map(int, fields[_TIMES])) for each in family(pid, apart) if (fields := _stat(each))) / TICK


def memory_bytes(pid: int, apart: Container[int] = ()) -> tuple[int, int]:
    """RSS and PSS of the family. PSS shares out what several have in common, so that it adds up."""
    rss = pss = 0
    for each in family(pid, apart):
        try:
            lines = (PROC / str(each) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        found = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
        rss, pss = rss + found.get("Rss", 0) * 1024, pss + found.get("Pss", 0) * 1024
    return rss, pss


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "gone"


def _stat(pid: int) -> list[str]:
    """The fields after the name; none of a process that is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class Reading:
    """All meters at one moment. `cpu` in seconds by role."""

    cpu: Mapping[str, float]
    wal: int
    redis_commands: int

    def since(self, before: "Reading") -> "Reading":
        """What was used since `before`."""
        cpu = {role: round(seconds - before.cpu.get(role, 0.0), 3) for role, seconds in self.cpu.items()}
        return Reading(cpu, self.wal - before.wal, self.redis_commands - before.redis_commands)


async def read(pids: Mapping[str, int], database: asyncpg.Connection, redis: Redis) -> Reading:
    cpu = {role: cpu_seconds(pid, set(pids.values())) for role, pid in pids.items()}
    wal = int(await database.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))
    return Reading(cpu, wal, int(redis.info("stats")["total_commands_processed"]))


def memory(pids: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """RSS and PSS in bytes by role."""
    return {role: memory_bytes(pid, set(pids.values())) for role, pid in pids.items()}
