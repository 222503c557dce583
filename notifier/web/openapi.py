"""OpenAPI 3.1, made from the table of routes and the pydantic models that read the requests."""

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from notifier import __version__
from notifier.intake.models import EventEnvelope
from notifier.intake.problems import MEDIA_TYPE
from notifier.web.route import Route

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `errors` names each faulty field.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail", "found", "expected"],
                "properties": {
                    "pointer": {"type": "string", "format": "json-pointer"},
                    "detail": {"type": "string"},
                    "found": {"type": "string"},
                    "expected": {"type": "string"},
                },
            },
        },
    },
}

_SECURITY: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of [api_tokens] with the right scope."},
    "inbox": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of the identity provider or a session (`inbox` is `me` or `officer` then), or a "
        "token of [api_tokens] with the scope `inbox`.",
    },
    "webhook": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks 1.0.0, with webhook-id and webhook-timestamp; HMAC-SHA256 (v1).",
    },
}

FIRST_FAILURE = 400


def openapi_document(routes: Sequence[Route]) -> dict[str, Any]:
    """The document that describes these routes; the same for every installation."""
    models = {model for route in routes for model in route.body.values() if isinstance(model, type)} | {EventEnvelope}
    _, schemas = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Notifier",
            "version": __version__,
            "description": "Notices about administrative-procedure dossiers on four channels, with proof.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": _SECURITY,
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in re.findall(r"{(\w+)}", route.path)
            ),
            *(
                {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
                for name, text in route.query.items()
            ),
        ],
        "responses": {str(status): _answer(route, status, text) for status, text in route.answers.items()},
    }
    if route.body:
        operation["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": _schema(model)} for media_type, model in route.body.items()},
        }
    operation["security"] = [{route.security: []}] if route.security else []
    return operation


def _operation_id(route: Route) -> str:
    keyed = "_with_key" if route.path.endswith("{key}") else ""
    return f"{route.handler.__name__}{keyed}_{route.method.lower()}"


def _answer(route: Route, status: int, text: str) -> dict[str, Any]:
    if status == web.HTTPNoContent.status_code:
        return {"description": text}
    if status >= FIRST_FAILURE:
        return {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    schema = {"type": "object"} if route.media_type == "application/json" else {"type": "string"}
    return {"description": text, "content": {route.media_type: {"schema": schema}}}


def _schema(model: type[BaseModel] | dict[str, Any]) -> dict[str, Any]:
    return model if isinstance(model, dict) else {"$ref": f"#/components/schemas/{model.__name__}"}
