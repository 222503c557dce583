"""What tests of the web process share: bearer tokens, posting exact bytes, and what every refusal has in common."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from notifier.cli.playground import PROVINCE, Playground
from notifier.intake.problems import PROBLEMS
from tests.support.intake import event
from tests.support.sandbox import QUICK
from tests.support.stack import post_event, settle, signed
from workers.wiring import App

CLOUD_EVENT = "application/cloudevents+json"


def quick(ground: Playground) -> Playground:
    """The same installation with providers that report at once."""
    return replace(ground, sandbox=replace(ground.sandbox, delays=QUICK))


def bearer(ground: Playground) -> dict[str, str]:
    """The header of a caller that may read inboxes and timelines."""
    return {"Authorization": f"Bearer {ground.api_token}"}


async def post(
    client: aiohttp.ClientSession,
    ground: Playground,
    body: bytes,
    *,
    content_type: str = CLOUD_EVENT,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    source: str = PROVINCE,
) -> aiohttp.ClientResponse:
    """Post these very bytes, signed; the answer is read. `headers` win over those of the signature."""
    sent = {"Content-Type": content_type, **signed(ground, body, source=source), **(headers or {})}
    async with client.post("/v1/events", data=body, headers=sent, params=params) as answer:
        await answer.read()
    return answer


async def problem(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """The problem document of an answer that is one in every respect."""
    document: dict[str, Any] = await answer.json(content_type="application/problem+json")
    known = PROBLEMS[document["code"]]
    assert document.keys() - {"errors"} == {"type", "title", "status", "detail", "instance", "code"}
    assert (answer.status, document["status"], document["title"]) == (known.status, known.status, known.title)
    assert document["type"].endswith(f"/problems/{known.code}")
    assert document["instance"].startswith("urn:uuid:")
    return document


async def look_up(client: aiohttp.ClientSession, ground: Playground, **who: Any) -> str:
    """The name of the inbox of one person."""
    async with client.post("/v1/inbox/lookup", json=who, headers=bearer(ground)) as answer:
        name: str = (await answer.json())["inbox"]
        return name


async def get(client: aiohttp.ClientSession, ground: Playground, path: str, **params: str) -> Any:
    """The JSON at a path that only a caller with a token may read."""
    async with client.get(path, params=params, headers=bearer(ground)) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def told(app: App, client: aiohttp.ClientSession, ground: Playground, *, messages: int = 1) -> None:
    """Take in so many events, each of a dossier of its own of one citizen, and store their messages in the inboxes."""
    for number in range(messages):
        changes = {"/id": f"I-{number}", "/data/HoSo/ThongBaoZalo": False, "/data/HoSo/ThongBaoEmail": False}
        if number:
            changes["/data/HoSo/MaHoSo"] = f"H01.14-261119-{number:04}"
        await post_event(client, ground, event(changes))
    await settle(app, states={"planned", "sending"})


@dataclass
class Cable:
    """Stands between the service and PostgreSQL's socket, and can be pulled. `url` is the way through it."""

    database_url: str
    url: str = ""
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _port: int = 0

    async def plug(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        name = urlsplit(self.database_url).path
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}{name}"

    async def pull(self) -> None:
        """Cut every connection and refuse new ones."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        directory = parse_qs(urlsplit(self.database_url).query)["host"][0]
        far_reader, far_writer = await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.5432")
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(_pump(reader, far_writer))
                ways.create_task(_pump(far_reader, writer))
        finally:
            self._tasks.discard(task)
            for each in (writer, far_writer):
                each.transport.abort()
                with suppress(ConnectionError):
                    await each.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
