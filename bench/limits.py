"""The floor under every design: what the parts alone can do on this machine, with nothing of ours between them."""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import asyncpg
import uvloop
from aiohttp import web

from bench import load, meters
from bench.events import SOURCE, URGENT, event_id
from bench.processes import answers, output_of, running, until
from bench.servers import Servers
from bench.sides import Ground, new_ground, sinking

MAILS, BATCHES, REQUESTS = 8_000, 40, 6_000
CONNECTIONS = 4
BATCH = 100
"""Events whose rows are written in one transaction."""
MAIL = (
    b"From: thongbao@example.gov.vn\r\nTo: cong-dan@example.vn\r\nSubject: Ho so\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    + b"Yeu cau bo sung ho so, tin thu cua phep do.\r\n" * 140
    + b".\r\n"
)
"""As long as one of ours: 6 KB."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_second` of `what`; `cpu_per_1000` in CPU seconds of both ends."""

    what: str
    per_second: float
    cpu_per_1000: float


async def smtp_limit(ground: Ground, sinks_pid: int) -> Limit:
    """Mails to the sink of the run: by Postfix's `smtp-source` where there is one, else by a client that only pipelines."""
    before, began = meters.cpu_seconds(sinks_pid), time.monotonic()
    if source := which("smtp-source"):
        command = [
            source,
            "-s",
            str(CONNECTIONS),
            "-m",
            str(MAILS),
            "-l",
            str(len(MAIL)),
            "-t",
            "cong-dan-0000001@example.vn",
        ]
        child = await asyncio.create_subprocess_exec(*command, f"127.0.0.1:{ground.sinks.smtp_port}")
        await child.wait()
        name, client = "mails by smtp-source", 0.0
    else:
        client = float(await output_of("bench.limits", f"smtp {ground.sinks.smtp_port}"))
        name = "mails by a client that only pipelines"
    seconds = time.monotonic() - began
    used = client + meters.cpu_seconds(sinks_pid) - before
    return Limit(name, MAILS / seconds, used / MAILS * 1000)


async def _pour(port: int) -> None:
    """Send mails over a few connections, the commands of each in one piece."""

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"HELO bench\r\n")
        await reader.readline()
        for number in range(MAILS // CONNECTIONS):
            head = b"MAIL FROM:<thongbao@example.gov.vn>\r\nRCPT TO:<cong-dan-%07d@example.vn>\r\nDATA\r\n" % number
            writer.write(head)
            for _ in range(3):
                await reader.readline()
            writer.write(MAIL)
            await reader.readline()
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


async def echo_limit(directory: Path) -> Limit:
    """Signed events to a web server that reads and forgets them."""
    ground = new_ground(directory)
    command = {"echo": [sys.executable, "-m", "bench.limits", f"echo {ground.web_port}"]}
    async with running(directory, command, os.environ) as pids:
        await until(lambda: answers(f"{ground.url}/readyz"), "the echo is ready")
        before = meters.cpu_seconds(pids["echo"])
        spec = load.Spec(ground.url, ground.secret, URGENT.name, 1, REQUESTS)
        posted = load.Posted.from_json(await output_of("bench.load", spec.as_json()))
        used = meters.cpu_seconds(pids["echo"]) - before
    seconds = max(posted.taken.values()) - min(posted.sent.values())
    return Limit("events to a server that forgets them", REQUESTS / seconds, used / REQUESTS * 1000)


async def _echo(port: int) -> None:
    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    async def take(request: web.Request) -> web.Response:
        return web.Response(status=202, body=await request.read())

    application = web.Application()
    application.add_routes([web.get("/readyz", ready), web.post("/v1/events", take)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


_OF_ONE_EVENT = {
    "event": "SELECT * FROM event WHERE id = $1",
    "event_payload": "SELECT * FROM event_payload WHERE event_id = $1",
    "recipient": "SELECT * FROM recipient WHERE event_id = $1",
    "delivery": "SELECT * FROM delivery WHERE event_id = $1",
    "content": "SELECT c.* FROM content c JOIN delivery d ON d.id = c.delivery_id WHERE d.event_id = $1",
    "attempt": "SELECT a.* FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.event_id = $1",
    "receipt": "SELECT r.* FROM receipt r JOIN receipt_of o ON o.receipt_id = r.id JOIN delivery d ON d.id = o.delivery_id"
    " WHERE d.event_id = $1",
    "inbox_message": "SELECT i.* FROM inbox_message i JOIN delivery d ON d.id = i.delivery_id WHERE d.event_id = $1",
    "audit": "SELECT * FROM audit WHERE event_id = $1",
}


async def insert_limit(servers: Servers, database_url: str, number: int) -> Limit:
    """The rows that one event of ours leaves, written once each in large batches, without indexes."""
    connection = await asyncpg.connect(database_url)
    try:
        event = await connection.fetchval(
            "SELECT id FROM event WHERE source = $1 AND external_id = $2", SOURCE, event_id(number)
        )
        rows = {
            table: [tuple(row) for row in await connection.fetch(ask, event)] for table, ask in _OF_ONE_EVENT.items()
        }
        for table in rows:
            await connection.execute(f"CREATE TABLE limit_{table} (LIKE {table} INCLUDING STORAGE)")
        used, began = meters.cpu_seconds(servers.pids["PostgreSQL"]), time.monotonic()
        own = time.process_time()
        for _ in range(BATCHES):
            async with connection.transaction():
                for table, records in rows.items():
                    await connection.copy_records_to_table(f"limit_{table}", records=records * BATCH)
        seconds = time.monotonic() - began
        used = meters.cpu_seconds(servers.pids["PostgreSQL"]) - used + time.process_time() - own
        await connection.execute("DROP TABLE " + ", ".join(f"limit_{table}" for table in rows))
    finally:
        await connection.close()
    events = BATCHES * BATCH
    return Limit(
        f"events' rows ({sum(map(len, rows.values()))} each) in batches of {BATCH}",
        events / seconds,
        used / events * 1000,
    )


async def limits(servers: Servers, database_url: str, number: int, directory: Path) -> list[Limit]:
    """All of them, one after the other. `number` is that of an event of which everything is done."""
    ground = new_ground(directory / "smtp")
    async with sinking(ground) as pid:
        smtp = await smtp_limit(ground, pid)
    return [smtp, await echo_limit(directory / "echo"), await insert_limit(servers, database_url, number)]


def main(what: str, port: int) -> None:
    if what == "echo":
        uvloop.run(_echo(port))
    else:
        uvloop.run(_pour(port))
        sys.stdout.write(f"{time.process_time():.4f}")


if __name__ == "__main__":
    wanted, its_port = sys.argv[1].split()
    main(wanted, int(its_port))
