"""Reading requests: bodies with a limit and a deadline, bearer tokens with a scope."""

import asyncio
import hmac

from aiohttp import web

from notifier.settings import Scope
from notifier.web.keys import APP
from notifier.web.problems import ProblemError

CHUNK_BYTES = 65_536


async def read_body(request: web.Request) -> bytes:
    """The whole body. Raises the problems `body-too-large` and `body-timeout`, which close the connection."""
    limits = request.app[APP].settings.web
    too_large = ProblemError("body-too-large", f"At most {limits.max_body_bytes} bytes are taken in.", close=True)
    if request.content_length is not None and request.content_length > limits.max_body_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_timeout_seconds):
            async for chunk in request.content.iter_chunked(CHUNK_BYTES):
                body += chunk
                if len(body) > limits.max_body_bytes:
                    raise too_large
    except TimeoutError:
        raise ProblemError(
            "body-timeout", f"The body was not complete after {limits.body_timeout_seconds:g} s.", close=True
        ) from None
    return bytes(body)


def require(request: web.Request, scope: Scope) -> str:
    """The name of the calling system. Raises the problems `unauthorized` and `forbidden`."""
    kind, _, offered = request.headers.get("Authorization", "").partition(" ")
    caller = None
    for name, known in request.app[APP].settings.api_tokens.items():
        if hmac.compare_digest(known.token.get_secret_value().encode(), offered.strip().encode()):
            caller = (name, known.scopes)
    if kind.lower() != "bearer" or caller is None:
        raise ProblemError("unauthorized", "Send `Authorization: Bearer …` with a token from [api_tokens].")
    if scope not in caller[1]:
        raise ProblemError("forbidden", f"This token does not have the scope {scope.value}.")
    return caller[0]


def whole_number(request: web.Request, name: str, default: int, *, least: int, most: int) -> int:
    """A number from the query. Raises the problem `invalid-query`, naming what is expected."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text[:19]) <= most):
        raise ProblemError("invalid-query", f"The parameter {name} is a whole number from {least} to {most}.")
    return int(text)
