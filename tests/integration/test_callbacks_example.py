"""The receiver that the documentation shows, as its reader would run it."""

import asyncio
import sqlite3
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from notifier.cli.playground import free_port
from notifier.domain.clock import move_clock, system_clock
from notifier.settings import ROOT
from tests.support.callbacks import D, listener, new_secret
from tests.support.documents import blocks
from tests.support.waiting import until

(EXAMPLE,) = blocks(ROOT / "docs" / "how-to" / "receive-delivery-events.md", "python")


@asynccontextmanager
async def example(directory: Path, secret: str, port: int):
    """The example as a process of its own, once it listens."""
    text = EXAMPLE.replace("whsec_REPLACE", secret).replace("9000", str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", text, cwd=directory, stderr=asyncio.subprocess.DEVNULL
    )

    async def listens() -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return True
        return False

    await until(listens, 20, "the example to listen")
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_the_example_keeps_the_last_fact_of_each_message_and_refuses_a_forgery(app, ground, tmp_path):
    move_clock(ground.clock_file, system_clock())
    secret, port = new_secret(), free_port(9000)
    async with example(tmp_path, secret, port):
        async with listener(app, url=f"http://127.0.0.1:{port}/", secrets=[secret]) as there:
            id_ = await there.message(D.ACCEPTED, D.DELIVERED)
            for _ in range(2):
                await app.pool.execute("UPDATE callback SET lease_until = NULL")
                await there.work()
            await app.pool.execute("UPDATE callback SET state = 'pending', due_at = $1", app.clock())
            await there.work()
        async with listener(app, url=f"http://127.0.0.1:{port}/", secrets=[new_secret()]) as forger:
            await forger.message(D.ACCEPTED)
            await forger.work()
            last = (await forger.rows())[-1]

    kept = sqlite3.connect(tmp_path / "thongbao.db")
    rows = kept.execute("SELECT id, type, seq FROM message").fetchall()
    kept.close()
    assert rows == [(str(id_), "thongbao.da_nhan", 2)]
    assert last["last_status"] == 401
