"""Every failure leaves as a problem document (RFC 9457), also those that the framework finds."""

import logging
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from notifier.domain.errors import FieldError, IntakeError
from notifier.intake.problems import MEDIA_TYPE, PROBLEMS, problem_document
from notifier.store.pool import DATABASE_DOWN
from notifier.telemetry.metrics import REQUEST_SECONDS, REQUESTS
from notifier.web.keys import APP, PEOPLE, PROBLEM_PAGE

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

RETRY_AFTER_SECONDS = {
    "database-unavailable": 5,
    "busy": 2,
    "backlog": 30,
    "identity-unavailable": 10,
    "too-many-streams": 30,
}
_NOT_TAKEN = 'Bearer error="invalid_token"'  # RFC 6750, section 3.1
CHALLENGES = {
    "unauthorized": "Bearer",
    **dict.fromkeys(("token-invalid", "token-not-for-us", "token-expired", "token-early"), _NOT_TAKEN),
    **dict.fromkeys(("ticket-spent", "session-ended"), _NOT_TAKEN),
}
_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 415: "unsupported-media-type"}


class ProblemError(Exception):
    """Ends a request with the problem of this code (`notifier.intake.problems`)."""

    def __init__(self, code: str, detail: str, errors: tuple[FieldError, ...] = (), *, close: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.close = close
        """The request's body was not read to its end, so the connection cannot be used again."""


def problem_response(
    request: web.Request, code: str, detail: str, errors: tuple[FieldError, ...] = (), *, occurrence: str | None = None
) -> web.Response:
    """`occurrence` is the id under which the logs tell of it, where they do. People get a page instead of a document."""
    if request.path.startswith(PEOPLE):
        return request.app[PROBLEM_PAGE](request, code, detail)
    document = problem_document(
        code,
        detail=detail,
        instance=f"urn:uuid:{occurrence or uuid.uuid4()}",
        base_url=request.app[APP].settings.public_url,
        errors=errors,
    )
    response = web.json_response(document, status=document["status"], content_type=MEDIA_TYPE)
    if code in RETRY_AFTER_SECONDS:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS[code])
    if document["status"] == 401:  # noqa: PLR2004 - RFC 9110 asks for the header with this status
        response.headers["WWW-Authenticate"] = CHALLENGES.get(code, "Signature")
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a problem document, and count every answer."""
    route = request.match_info.route.resource.canonical if request.match_info.route.resource else "none"
    with REQUEST_SECONDS.labels(route).time():
        response = await _answer(request, handler)
    REQUESTS.labels(route, response.status).inc()
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        response = problem_response(request, error.code, error.detail, error.errors)
        if error.close:
            response.force_close()
        return response
    except IntakeError as error:
        return problem_response(request, error.problem, error.detail, error.errors)
    except web.HTTPException as error:
        code = _BY_STATUS.get(error.status)
        if code is None:
            raise
        response = problem_response(request, code, PROBLEMS[code].meaning)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except (*DATABASE_DOWN, TimeoutError):
        occurrence = str(uuid.uuid4())
        log.warning("a request failed: the database cannot be reached", exc_info=True, extra={"request": occurrence})
        detail = "Nothing was stored. Send it again."
        return problem_response(request, "database-unavailable", detail, occurrence=occurrence)
    except Exception:
        occurrence = str(uuid.uuid4())
        log.exception("a request failed", extra={"request": occurrence})
        detail = "Nothing is acknowledged. Send it again."
        return problem_response(request, "internal", detail, occurrence=occurrence)
