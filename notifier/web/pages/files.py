"""Styles, scripts and pictures of the pages: those of the folder `static`, under an address that changes with them."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from aiohttp import web

from notifier.web.problems import ProblemError

FOLDER = Path(__file__).parent.parent / "static"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Name → content, media type, version."""
    found = {}
    for path in FOLDER.iterdir():
        if path.is_file():
            content = path.read_bytes()
            kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            found[path.name] = (content, kind, hashlib.sha256(content).hexdigest()[:12])
    return found


def address_of_file(name: str) -> str:
    """The address of a file, with its version."""
    return f"/static/{name}?v={_files()[name][2]}"


async def show_file(request: web.Request) -> web.Response:
    """The file; kept for a year by who asked for the version that it has."""
    try:
        content, kind, version = _files()[request.match_info["name"]]
    except KeyError:
        raise ProblemError("not-found", "There is no such file.") from None
    is_current = request.query.get("v") == version
    charset = "utf-8" if kind.startswith("text/") else None
    keep = "public, max-age=31536000, immutable" if is_current else "public, max-age=300"
    return web.Response(body=content, content_type=kind, charset=charset, headers={"Cache-Control": keep})
