"""Reading requests: bodies with a limit and a deadline, bearer tokens with a scope."""

import asyncio
import hmac
import re
import unicodedata

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from notifier.settings import Scope
from notifier.web.keys import APP
from notifier.web.problems import ProblemError

CHUNK_BYTES = 65_536
DIGITS_MOST = 18
"""Longer numbers could pass the bounds of what the database keeps."""
NAME_LONGEST = 255
_IN_NO_NAME = re.compile("[\x00\ud800-\udfff]")


async def read_body(request: web.Request) -> bytes:
    """The whole body. Raises `body-too-large`, `body-timeout` or `unreadable-body`, which close the connection."""
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
    except ConnectionError:
        raise ProblemError("body-timeout", "The connection ended before the body did.", close=True) from None
    except (BadHttpMessage, web.RequestPayloadError):
        raise ProblemError("unreadable-body", "The body is not in the encoding it announces.", close=True) from None
    return bytes(body)


def name_in_path(request: web.Request, name: str) -> str:
    """A part of the address, in NFC. Raises the problem `not-found` for text that nothing of ours can be called."""
    text = request.match_info[name]
    if _IN_NO_NAME.search(text):
        raise ProblemError("not-found", "Nothing has a name like this.")
    return unicodedata.normalize("NFC", text)


def name_in_query(request: web.Request, name: str) -> str | None:
    """A parameter of the address that is a name, in NFC; None where it is not there. Raises `invalid-query`."""
    text = request.query.get(name)
    if text is None:
        return None
    if not text or len(text) > NAME_LONGEST or _IN_NO_NAME.search(text):
        raise ProblemError("invalid-query", f"The parameter {name} is a name of 1 to {NAME_LONGEST} characters.")
    return unicodedata.normalize("NFC", text)


def require(request: web.Request, scope: Scope) -> str:
    """The name of the calling system. Raises the problems `unauthorized` and `forbidden`."""
    kind, _, offered = request.headers.get("Authorization", "").partition(" ")
    token = offered.strip().encode("utf-8", "surrogateescape")
    caller = None
    for name, known in request.app[APP].settings.api_tokens.items():
        if hmac.compare_digest(known.token.get_secret_value().encode(), token):
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
    number = digits(text)
    if number is None or not least <= number <= most:
        raise ProblemError("invalid-query", f"The parameter {name} is a whole number from {least} to {most}.")
    return number


def digits(text: str) -> int | None:
    """The number that a text of plain digits writes; None for any other text."""
    return int(text) if re.fullmatch(rf"[0-9]{{1,{DIGITS_MOST}}}", text) else None
