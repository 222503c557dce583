"""What proves a browser: a cookie that no script reads, and with every form a token that no other site knows.

The cookie is `__Host-`, HttpOnly, Secure and SameSite=Lax (RFC 6265bis). A form carries a keyed hash of the session, and
its request must not say that another site made it (Fetch Metadata, Origin).
"""

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict

from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import read_body

TOKEN = re.compile(r"[\w-]{43}", re.ASCII)
"""A token of ours: 256 bits. Whatever else a cookie holds is nothing that we made."""
FIELD, HEADER = "csrf", "X-CSRF-Token"
"""Where a form and a script send the token."""
FIELDS_MOST = 500
_DOMAIN = b"csrf\x00"


def set_cookie(response: web.StreamResponse, name: str, token: str, seconds: float) -> None:
    """`name` begins with `__Host-`: no other host of the domain can set or overwrite it."""
    response.set_cookie(name, token, max_age=int(seconds), path="/", httponly=True, secure=True, samesite="Lax")


def drop_cookie(response: web.StreamResponse, name: str) -> None:
    response.del_cookie(name, path="/", httponly=True, secure=True, samesite="Lax")


def csrf_token(secret: bytes, session: str) -> str:
    """What a form of this session has to carry: 32 characters."""
    digest = hmac.new(secret, _DOMAIN + session.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:32]


async def posted(request: web.Request, session: str) -> MultiDict[str]:
    """The form that was posted. Raises `forbidden` unless it was made by a page of this session."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise ProblemError("unsupported-media-type", "A form is application/x-www-form-urlencoded.", close=True)
    try:
        pairs = parse_qsl((await read_body(request)).decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except ValueError:
        raise ProblemError("invalid-query", "The form cannot be read.") from None
    form = MultiDict((name, value.replace("\r\n", "\n")) for name, value in pairs)
    offered = request.headers.get(HEADER) or form.get(FIELD) or ""
    expected = csrf_token(request.app[APP].secret, session)
    if _is_of_another_site(request) or not hmac.compare_digest(offered.encode("utf-8", "replace"), expected.encode()):
        raise ProblemError("forbidden", "This form was not made by a page of this session. Open the page again.")
    return form


def _is_of_another_site(request: web.Request) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("Origin")
    return origin not in {None, request.app[APP].settings.public_url, f"{request.scheme}://{request.host}"}
