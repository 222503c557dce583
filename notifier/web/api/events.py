"""The webhook: signed dossier events in, 202 once they are committed."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from notifier.domain.errors import IntakeError
from notifier.intake import cloudevents
from notifier.intake.accept import Accepted, Refused, understand
from notifier.intake.problems import PROBLEMS, problem_document
from notifier.intake.signature import Rejection, verify
from notifier.telemetry.metrics import EVENTS
from notifier.web.keys import APP, INTAKE
from notifier.web.pressure import PRESSURE
from notifier.web.problems import ProblemError
from notifier.web.requests import read_body
from workers.steps import Post, Taken, take_in
from workers.wiring import App

_WHY = {
    Rejection.MISSING: "webhook-id, webhook-timestamp and webhook-signature are all needed.",
    Rejection.STALE: "webhook-timestamp is further from our clock than is allowed.",
    Rejection.INVALID: "No secret of this source produces the signature over these bytes.",
}


async def post_events(request: web.Request) -> web.Response:
    """Verify, understand, commit, answer. A list is answered item by item."""
    async with request.app[PRESSURE].taking_in():
        return await _take_in(request)


async def _take_in(request: web.Request) -> web.Response:
    app = request.app[APP]
    body = await read_body(request)
    now = app.clock()
    incoming = cloudevents.read_request(
        request.headers.get("Content-Type", ""), dict(request.headers), dict(request.query), body
    )
    profile = app.profiles.get(incoming.source)
    if profile is None:
        raise ProblemError("unknown-source", "The source that the request names is not configured here.")
    verdict = verify(
        profile.secrets, request.headers, body, now, timedelta(seconds=app.settings.signature_tolerance_seconds)
    )
    if isinstance(verdict, Rejection):
        EVENTS.labels(profile.name, "refused").inc()
        raise ProblemError(verdict.value, _WHY[verdict])
    items = understand(incoming, profile, now)
    accepted = [item for item in items if isinstance(item, Accepted)]
    taken = iter(await take_in(request.app[INTAKE], Post(profile.name, accepted, now)))
    answers = [item.error if isinstance(item, Refused) else next(taken) for item in items]
    for answer in answers:
        EVENTS.labels(profile.name, _result(answer)).inc()
    return _one(answers[0]) if not incoming.many else _list(app, items, answers)


def _one(answer: Taken | IntakeError) -> web.Response:
    if isinstance(answer, IntakeError):
        raise answer
    document = {
        "error_code": "00",
        "message": "đã nhận" if not answer.duplicate else "đã nhận từ trước",
        "ids": [answer.external_id],
        **_taken(answer),
    }
    return web.json_response(document, status=202)


def _list(app: App, items: list[Accepted | Refused], answers: list[Taken | IntakeError]) -> web.Response:
    """202 with one answer per item; if every one is refused, the status of the first refusal."""
    listed = [
        _listed(app, index, item, answer) for index, (item, answer) in enumerate(zip(items, answers, strict=True))
    ]
    refused = [answer for answer in answers if isinstance(answer, IntakeError)]
    all_refused = bool(answers) and len(refused) == len(answers)
    document = {
        "error_code": "00" if not refused else "01",
        "message": f"đã nhận {len(answers) - len(refused)}/{len(answers)}",
        "ids": [answer.external_id for answer in answers if isinstance(answer, Taken)],
        "items": listed,
    }
    return web.json_response(document, status=PROBLEMS[refused[0].problem].status if all_refused else 202)


def _listed(app: App, index: int, item: Accepted | Refused, answer: Taken | IntakeError) -> dict[str, Any]:
    if isinstance(answer, Taken):
        return {"index": index, "id": answer.external_id, "status": "accepted", **_taken(answer)}
    problem = problem_document(
        answer.problem,
        detail=answer.detail,
        instance=f"#/items/{index}",
        base_url=app.settings.public_url,
        errors=answer.errors,
    )
    return {"index": index, "id": item.external_id, "status": "refused", "problem": problem}


def _taken(answer: Taken) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": answer.type, "duplicate": answer.duplicate}
    return shown | ({"warnings": list(answer.warnings)} if answer.warnings else {})


def _result(answer: Taken | IntakeError) -> str:
    if isinstance(answer, IntakeError):
        return "refused"
    return "duplicate" if answer.duplicate else "accepted"
