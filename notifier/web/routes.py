"""Every address for programs, with what its documentation says: the router and OpenAPI are made from this table."""

from functools import cache
from typing import Any

from aiohttp import web

from notifier.intake.models import EventEnvelope
from notifier.web.api import callbacks, dead, events, gaps, operations, receipts, reports, timeline
from notifier.web.directory_routes import DIRECTORY_ROUTES
from notifier.web.inbox_routes import INBOX_ROUTES
from notifier.web.openapi import openapi_document
from notifier.web.route import Route
from notifier.web.zalo_routes import ZALO_ROUTES

_ENVELOPE = EventEnvelope
_BARE: dict[str, Any] = {
    "description": "Also taken: a bare array of DongBoHoSoMC or CapNhatTienDoHoSoMC records, or an object whose `data` "
    "is such an array. Name the source by `?source=` or the header `ce-source`.",
    "oneOf": [
        {"$ref": "#/components/schemas/EventEnvelope"},
        {"type": "array", "maxItems": 100, "items": {"type": "object"}},
        {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "maxItems": 100}}},
    ],
}


async def show_openapi(_request: web.Request) -> web.Response:
    return web.json_response(_described())


@cache
def _described() -> dict[str, Any]:
    return openapi_document(ROUTES)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/events",
        events.post_events,
        "Take in dossier events: CloudEvents 1.0 (structured, binary, batch) or bare sync records, signed as "
        "Standard Webhooks",
        {
            202: "Committed. A repeat gets the same answer with `duplicate: true`; a list is answered item by item.",
            400: "Broken JSON, or not in the encoding that is announced",
            401: "Signature missing, wrong or stale; source unknown",
            408: "The body came too slowly",
            413: "Too large",
            415: "Content-Type not understood",
            422: "Fields missing or not of their form; id used for other content",
            429: "Too much is waiting; send again after Retry-After",
            503: "Nothing was stored; send again after Retry-After",
        },
        body={
            "application/cloudevents+json": _ENVELOPE,
            "application/cloudevents-batch+json": {
                "type": "array",
                "maxItems": 100,
                "items": {"$ref": "#/components/schemas/EventEnvelope"},
            },
            "application/json": _BARE,
        },
        query={"source": "the source, where the body does not name it"},
        security="webhook",
    ),
    *(
        Route(
            method,
            path,
            receipts.take_receipt,
            "Take in a provider's delivery receipt; proven genuine in the provider's own way",
            {200: "Stored", 401: "Not genuine", 404: "No such channel", 413: "Too large"},
            media_type="text/plain",
        )
        for path in ("/v1/receipts/{provider}", "/v1/receipts/{provider}/{key}")
        for method in ("GET", "POST")
    ),
    *INBOX_ROUTES,
    Route(
        "GET",
        "/v1/dossiers/{source}/{code}/timeline",
        timeline.show_timeline,
        "The whole story of one dossier's notices, in order, with reasons",
        {200: "The story", 401: "No token", 404: "No such dossier"},
        query={"locale": "`vi` (default) or `en`"},
        security="bearer",
    ),
    Route(
        "GET",
        "/v1/gaps",
        gaps.list_gaps,
        "Events that did not come: numbers (`seq`) that were missing before one that came, oldest first",
        {
            200: "A page; `next` leads on, perhaps from an empty one",
            400: "A parameter is not of its form",
            401: "No token",
        },
        query={
            "source": "only of this one",
            "since": "a time, in Vietnam where no zone is named",
            "open": "`true`: only those of which something is still missing",
            "after": "`next` of the page before",
        },
        security="bearer",
    ),
    Route(
        "GET",
        "/v1/callbacks",
        callbacks.list_callbacks,
        "What became of the notices of one dossier system: its delivery events after a cursor, in order, each once",
        {200: "A page", 400: "A parameter is not of its form", 401: "No token", 403: "Another source's"},
        query={
            "cursor": "continue after the page that gave this text; without it from the beginning",
            "limit": "1 to 500, default 100",
            "source": "not needed: the token has one source; another one is refused",
        },
        security="bearer",
    ),
    Route(
        "GET",
        "/v1/dead",
        dead.list_dead,
        "Dead letters, newest first, with counts by what they died of",
        {200: "A page; `next` leads on", 400: "A filter is not of its form", 401: "No token", 403: "Not this token"},
        query={
            "kind": "`delivery` (default), `event` that cannot be routed, or `receipt` without a delivery",
            **dict.fromkeys(("channel", "provider", "source", "agency", "dossier"), "only of this one"),
            "state": "`failed`, `expired` or `unknown`",
            "code": "the provider's own code, of its last word",
            "reason": "code of a reason, such as `failed.refused`",
            "type": "type of the event",
            "since": "a time, in Vietnam where no zone is named",
            "until": "a time, not included",
            "unreached": "`true`: only people whom no other way but the portal inbox has reached",
            "limit": "1 to 200, default 50",
            "cursor": "`next` of the page before",
            "locale": "`vi` (default) or `en`",
        },
        security="bearer",
    ),
    Route(
        "GET",
        "/v1/dead/{id}",
        dead.show_dead,
        "One dead letter with every decision and call, and what a retry would meet",
        {200: "The letter", 401: "No token", 403: "Not this token", 404: "No dead letter"},
        query={"locale": "`vi` (default) or `en`"},
        security="bearer",
    ),
    *(
        Route(
            "POST",
            f"/v1/dead/{action}",
            handler,
            f"{summary}; with `dry_run` only say what would be done. A repeat finds nothing left to do",
            {
                200: "How many were found, done, and kept, and why; `more`: repeat it to go on",
                400: "A field is not of its form",
                401: "No token",
                403: "Not this token",
            },
            body={"application/json": dead.DeadOrder},
            security="bearer",
        )
        for action, handler, summary in (
            ("retry", dead.retry_dead, "Send dead letters again"),
            ("drop", dead.drop_dead, "Give dead letters up"),
        )
    ),
    *DIRECTORY_ROUTES,
    *ZALO_ROUTES,
    Route(
        "GET",
        "/v1/reports/{name}",
        reports.show_report,
        "A report: `coverage`, `acceptance`, `apologies`, `on-time` or `late-list`; JSON, or a file where it is asked for",
        {
            200: "The report",
            400: "A parameter is not of its form",
            401: "No token",
            403: "Not this token",
            404: "No such report",
            503: "Another report is being made; ask again after Retry-After",
        },
        query={
            "period": "`ky21_20` (default), `thang` (default of the late list), `quy`, `quy15_14` or `tuan`",
            "of": "which one: 2026-11, 2026-Q4, 2026-W47; default the last completed",
            "from": "instead of `period` and `of`: the first day",
            "to": "the last day, included",
            "agency": "only this one and those below it",
            "table": "only this table; for CSV the default is the first",
            "format": "`json`, `csv` or `xlsx`; default what `Accept` names, else `json`",
        },
        security="bearer",
    ),
    Route("GET", "/healthz", operations.healthz, "Whether the process answers", {200: "It does"}),
    Route("GET", "/readyz", operations.readyz, "Whether events can be taken in, and why not", {200: "Yes", 503: "No"}),
    Route("GET", "/metrics", operations.metrics, "Prometheus metrics", {200: "Metrics"}, media_type="text/plain"),
    Route(
        "GET",
        "/problems/{code}",
        operations.problem_page,
        "What a problem means and what to do about it",
        {200: "A page", 404: "No such problem"},
        media_type="text/plain",
    ),
    Route("GET", "/openapi.json", show_openapi, "This description", {200: "OpenAPI 3.1"}),
)
