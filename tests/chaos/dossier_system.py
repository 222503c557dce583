"""The dossier system's own door: where it hears what became of its notices."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

SECRET = "whsec_Y2hhb3MtaGFybmVzcy1jaGFvcy1oYXJuZXNzLTEyMzQ="


class DossierSystem:
    """Counts what it is told by `webhook-id`; the same one may come again, that is what the id is for."""

    def __init__(self, port: int) -> None:
        self.heard: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{port}/thong-bao"
        self._port = port

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        application = web.Application()
        application.add_routes([web.post("/thong-bao", self._hear)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        await request.read()
        self.heard[request.headers["webhook-id"]] += 1
        return web.Response(status=204)
