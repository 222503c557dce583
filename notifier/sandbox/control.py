"""What tests and the demo use: the script, the captured messages as JSON, and the stream."""

import json
from typing import Any

from aiohttp import web

from notifier.domain.errors import SettingsError
from notifier.sandbox.cards import card_of_news
from notifier.sandbox.messages import News, same_address
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import BEHAVIOURS

_HEARTBEAT_SECONDS = 15.0


def routes(parts: Parts) -> list[web.RouteDef]:
    async def show_script(request: web.Request) -> web.Response:
        del request
        table = {
            name: {"does": what.does, "channels": sorted(what.channels), "args": ["receipt_seconds", *what.args]}
            for name, what in BEHAVIOURS.items()
        }
        return web.json_response({"rules": parts.script.rules(), "behaviours": table})

    async def add_rules(request: web.Request) -> web.Response:
        try:
            parts.script.add(json.loads(await request.read()))
        except ValueError:
            return web.json_response({"detail": "The body is not JSON."}, status=400)
        except SettingsError as wrong:
            return web.json_response({"detail": str(wrong)}, status=422)
        return web.json_response({"rules": parts.script.rules()}, status=201)

    async def drop_rules(request: web.Request) -> web.Response:
        del request
        parts.script.clear()
        return web.Response(status=204)

    async def messages(request: web.Request) -> web.Response:
        channel, to = request.query.get("channel"), same_address(request.query.get("to", ""))
        found = [
            message.as_json()
            for message in parts.messages.all()
            if channel in (None, message.channel) and to in ("", message.to)
        ]
        return web.json_response({"messages": found})

    async def stream(request: web.Request) -> web.StreamResponse:
        return await _stream(parts, request)

    return [
        web.get("/sandbox/script", show_script),
        web.post("/sandbox/script", add_rules),
        web.delete("/sandbox/script", drop_rules),
        web.get("/sandbox/messages", messages),
        web.get("/sandbox/stream", stream),
    ]


async def _stream(parts: Parts, request: web.Request) -> web.StreamResponse:
    """Server-sent events from `Last-Event-ID`, else from `?after=`, else from the start.

    A number from the future is from before a restart, so it counts as the start.
    """
    seen = _number(request.headers.get("Last-Event-ID") or request.query.get("after"))
    if seen > parts.messages.seq:
        seen = 0
    reply = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await reply.prepare(request)
    while not parts.messages.closed:
        fresh = await parts.messages.news(seen, seconds=_HEARTBEAT_SECONDS)
        lines = [_event(parts, news) for news in fresh]
        await reply.write("".join(lines).encode() or b": still here\n\n")
        seen = fresh[-1].seq if fresh else seen
    return reply


def _event(parts: Parts, news: News) -> str:
    data: dict[str, Any] = {**news.data, "card": card_of_news(parts.settings, news)}
    return f"id: {news.seq}\nevent: {news.kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
