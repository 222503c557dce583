"""One address of a page. Pages are for people: they are in no OpenAPI document."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from notifier.domain.operators import Permission
from notifier.web.access.visits import CitizenPage, OperatorPage, for_citizens, for_operators

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Page:
    method: str
    path: str
    handler: Handler


def console_page(method: str, path: str, handler: OperatorPage, permission: Permission = Permission.SEE) -> Page:
    """For operators who have the permission."""
    return Page(method, path, for_operators(handler, permission))


def citizen_page(method: str, path: str, handler: CitizenPage) -> Page:
    """For a person at their own inbox."""
    return Page(method, path, for_citizens(handler))


def open_page(method: str, path: str, handler: Handler) -> Page:
    """For everybody: nothing is known of who looks."""
    return Page(method, path, handler)
