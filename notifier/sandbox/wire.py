"""How an HTTP provider of the sandbox misbehaves on the wire, whatever its own protocol says."""

import asyncio
from contextlib import suppress
from random import SystemRandom

from aiohttp import web

from notifier.sandbox.parts import Parts
from notifier.sandbox.script import Act

_random = SystemRandom()
WIRE_FAULTS = frozenset({"server_error", "throttle", "html", "hang"})
"""These take nothing."""


async def wire_fault(act: Act, parts: Parts) -> web.Response:
    """The answer to a message that is not taken."""
    match act.name:
        case "server_error":
            return web.Response(status=int(act.args.get("status", 503)))
        case "throttle":
            return web.Response(status=429, headers={"Retry-After": str(act.args.get("seconds", 1))})
        case "html":
            return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
        case _:
            await asyncio.sleep(_seconds(act, parts))
            return web.Response(status=504)


async def answered(request: web.Request, act: Act, reply: web.Response, parts: Parts) -> web.StreamResponse:
    """The answer to a message that was taken: soon, after a long silence, or byte by byte."""
    await think(parts)
    match act.name:
        case "accept_then_hang":
            await asyncio.sleep(_seconds(act, parts))
            return reply
        case "slow":
            return await _drip(request, reply, _seconds(act, parts))
        case _:
            return reply


async def _drip(request: web.Request, whole: web.Response, seconds: float) -> web.StreamResponse:
    body = bytes(whole.body) if isinstance(whole.body, bytes | bytearray) else b""
    reply = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    with suppress(ConnectionResetError):  # the caller has had enough
        await reply.prepare(request)
        for at in range(len(body)):
            await reply.write(body[at : at + 1])
            await asyncio.sleep(seconds / len(body))
        await reply.write_eof()
    return reply


async def think(parts: Parts) -> None:
    """Let half of the provider's time to answer pass."""
    span = parts.settings.delays.answer_seconds
    if any(span):
        await asyncio.sleep(_random.uniform(*span) / 2)


def _seconds(act: Act, parts: Parts) -> float:
    return float(act.args.get("seconds", parts.settings.delays.hang_seconds))
