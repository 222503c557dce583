"""Processes that say that they are alive, and the one among them that leads."""

from datetime import timedelta

from notifier.store.pool import Connection, connection_name


async def beat(connection: Connection, name: str, life: timedelta) -> None:
    """Say that this process is alive; unless it says so again within `life`, what it holds is taken from it."""
    await connection.execute(
        "INSERT INTO process (name, alive_until) VALUES ($1, now() + $2)"
        " ON CONFLICT (name) DO UPDATE SET alive_until = excluded.alive_until",
        name,
        life,
    )


async def dead(connection: Connection) -> list[str]:
    """Processes that have not been heard of in time."""
    return [row["name"] for row in await connection.fetch("SELECT name FROM process WHERE alive_until < now()")]


async def cut_off(connection: Connection, names: list[str]) -> None:
    """End the database connections of these processes: one that stands still holds its locks for as long."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND application_name = ANY ($1::text[])",
        [connection_name(name) for name in names],
    )


async def forget(connection: Connection, name: str) -> None:
    """A process that ends in order, and holds nothing."""
    await connection.execute("DELETE FROM process WHERE name = $1", name)


async def bury(connection: Connection, names: list[str]) -> None:
    """Processes whose work was taken from them. One that has woken up meanwhile has said so, and stays."""
    await connection.execute("DELETE FROM process WHERE name = ANY ($1::text[]) AND alive_until < now()", names)


async def lead(connection: Connection, role: str, name: str, term: timedelta) -> bool:
    """Be the one that does this work for another `term`; False while another is."""
    leader = await connection.fetchval(
        "INSERT INTO leader AS l (role, name, until) VALUES ($1, $2, now() + $3)"
        " ON CONFLICT (role) DO UPDATE SET name = excluded.name, until = excluded.until"
        " WHERE l.name = excluded.name OR l.until < now() RETURNING name",
        role,
        name,
        term,
    )
    return leader is not None


async def resign(connection: Connection, role: str, name: str) -> None:
    """Let another one lead at once."""
    await connection.execute("DELETE FROM leader WHERE role = $1 AND name = $2", role, name)
