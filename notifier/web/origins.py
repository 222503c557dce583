"""Which web sites' pages may call the inbox API and load our scripts in a browser (CORS, as the Fetch standard has it).

No cookie is ever used here, so a page can do nothing but what the token in its hands allows.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from notifier.web.keys import APP

PREFIXES = ("/v1/inbox/", "/static/")
"""The second for the web component, a module that another origin's page loads."""
_REMEMBERED_SECONDS = "600"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A browser asks before it lets a page send a token."""
    if request.method == "OPTIONS" and _is_allowed(request) and "Access-Control-Request-Method" in request.headers:
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
                "Access-Control-Max-Age": _REMEMBERED_SECONDS,
            },
        )
    return await handler(request)


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the page read the answer, streams and problems included."""
    if request.path.startswith(PREFIXES):
        response.headers["Vary"] = "Origin"
        if _is_allowed(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def _is_allowed(request: web.Request) -> bool:
    allowed = request.app[APP].settings.inbox.allowed_origins
    return request.path.startswith(PREFIXES) and request.headers.get("Origin") in allowed
