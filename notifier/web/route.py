"""What is known of one address: its handler, and what its documentation says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    summary: str
    answers: dict[int, str]
    """Status → what it means. Failures are problem documents."""
    body: dict[str, type[BaseModel] | dict[str, Any]] = field(default_factory=dict)
    """Media type → model or schema of the request."""
    query: dict[str, str] = field(default_factory=dict)
    """Parameter → what it does."""
    security: str | None = None
    """`bearer`, `inbox` or `webhook`."""
    media_type: str = "application/json"
