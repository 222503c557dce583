"""Dead letters for operators: listed and counted, shown with their story, sent again or dropped. Scope `operate`."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from notifier.audit.dead import (
    OF_KIND,
    Action,
    Filters,
    Item,
    Kind,
    fault_of_why,
    identifier,
    moment,
)
from notifier.audit.dead_report import group_json, item_json
from notifier.domain.deliveries import DeliveryState
from notifier.domain.errors import FieldError
from notifier.domain.reasons import ReasonCode
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import read
from notifier.settings import Scope
from notifier.store.dead import Cursor
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path, read_body, require
from workers.steps import dead as steps
from workers.steps.dead_story import story_json, tell

PAGE_MOST, ORDER_MOST, IDS_MOST = 200, 10_000, 1_000


def _time(value: object) -> object:
    at = moment(value) if isinstance(value, str) else None
    if at is None:
        expected = "a time like 2026-11-25T08:00, in Vietnam where no zone is named"
        raise PydanticCustomError("time", "{expected}", {"expected": expected})
    return at


Text = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
Moment = Annotated[datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]


class DeadFilters(BaseModel):
    """Which dead letters; every field that is given must fit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    state: Literal["failed", "expired", "unknown"] | None = None
    channel: Text | None = None
    provider: Text | None = None
    code: Text | None = Field(None, description="the provider's own code, of its last word")
    reason: ReasonCode | None = None
    type: Text | None = Field(None, description="of the event")
    source: Text | None = None
    agency: Text | None = Field(None, description="code of the unit that handles the dossier")
    dossier: Text | None = None
    since: Moment | None = None
    until: Moment | None = Field(None, description="not included")
    unreached: bool = Field(False, description="only people whom no other way but the portal inbox has reached")

    def filters(self) -> Filters:
        given = self.model_dump(include=set(DeadFilters.model_fields))
        return Filters(**given | {"state": DeliveryState(self.state) if self.state else None})


class DeadQuery(DeadFilters):
    """A page of the list."""

    kind: Kind = Kind.DELIVERY
    limit: int = Field(50, ge=1, le=PAGE_MOST)
    cursor: Text | None = None
    locale: Literal["vi", "en"] = "vi"


class DeadOrder(BaseModel):
    """What to do with which dead letters: either those that pass the filters, or those named."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.DELIVERY
    filters: DeadFilters | None = Field(None, description="at least one filter")
    ids: list[Text] | None = Field(None, min_length=1, max_length=IDS_MOST)
    why: str = Field(description="kept in the audit trail for good; no personal data")
    dry_run: bool = Field(False, description="say what would be done, and do nothing")
    reached_too: bool = Field(False, description="retry also where another way has reached the person or is on its way")
    limit: int = Field(ORDER_MOST, ge=1, le=ORDER_MOST, description="so many are looked at, the newest first")

    @model_validator(mode="after")
    def _chooses(self) -> "DeadOrder":
        if (self.filters is None) == (self.ids is None) or (self.filters and not self.filters.filters().named()):
            raise PydanticCustomError("chooses", "{expected}", {"expected": "either filters, at least one, or ids"})
        return self


async def list_dead(request: web.Request) -> web.Response:
    """Counts by what they died of, and the newest letters. With a `cursor` the next page, without counts."""
    require(request, Scope.OPERATE)
    app = request.app[APP]
    query = _valid(DeadQuery, dict(request.query))
    filters = query.filters()
    _refuse_misfits(query.kind, filters, "")
    after = cursor_of(query.kind, query.cursor) if query.cursor else None
    async with app.pool.acquire() as connection:
        items = await steps.found(app, connection, query.kind, filters, after, query.limit)
        groups = [] if after else await steps.groups(app, connection, query.kind, filters)
    return web.json_response(
        {
            "groups": None if after else [group_json(group, query.locale) for group in groups],
            "items": [item_json(item, steps.deduplicating(app), query.locale) for item in items],
            "next": next_of(items) if len(items) == query.limit else None,
        }
    )


async def show_dead(request: web.Request) -> web.Response:
    """One dead letter with every decision, every call, and what a retry would meet."""
    require(request, Scope.OPERATE)
    app = request.app[APP]
    locale = "en" if request.query.get("locale") == "en" else "vi"
    story = await tell(app, name_in_path(request, "id"))
    if story is None:
        raise ProblemError("not-found", "There is no dead letter of this id (any more).")
    return web.json_response(story_json(story, steps.deduplicating(app), locale))


async def retry_dead(request: web.Request) -> web.Response:
    """Send again. What was retried is no dead letter any more, so a second request finds nothing to do."""
    return await _carry_out(request, Action.RETRY)


async def drop_dead(request: web.Request) -> web.Response:
    """Give up. What was dropped is no dead letter any more, so a second request finds nothing to do."""
    return await _carry_out(request, Action.DROP)


async def _carry_out(request: web.Request, action: Action) -> web.Response:
    by = require(request, Scope.OPERATE)
    app = request.app[APP]
    asked = _valid(DeadOrder, normalised(parse_json(await read_body(request))))
    order = _order(asked, action, by)
    groups = []
    if order.ids is None:
        async with app.pool.acquire() as connection:
            groups = await steps.groups(app, connection, order.kind, order.filters)
    report = await steps.carry_out(app, order)
    return web.json_response(
        {
            "dry_run": order.dry_run,
            "groups": [group_json(group, "vi") for group in groups],
            "found": report.found,
            "done": report.done,
            "kept": {why.value: number for why, number in report.kept.items() if number},
            "more": report.more,
        }
    )


def _order(asked: DeadOrder, action: Action, by: str) -> steps.Order:
    if action is Action.DROP and asked.kind is not Kind.DELIVERY:
        raise _invalid("/kind", asked.kind.value, "delivery: events and receipts are kept as they came")
    if fault := fault_of_why(asked.why):
        raise _invalid("/why", f"text of {len(asked.why)} characters", fault)
    filters = asked.filters.filters() if asked.filters else Filters()
    _refuse_misfits(asked.kind, filters, "/filters")
    return steps.Order(
        action=action,
        kind=asked.kind,
        by=by,
        why=asked.why.strip(),
        filters=filters,
        ids=None if asked.ids is None else [_id(asked.kind, place, text) for place, text in enumerate(asked.ids)],
        most=asked.limit,
        reached_too=asked.reached_too,
        dry_run=asked.dry_run,
    )


def _id(kind: Kind, place: int, text: str) -> Any:
    id_ = identifier(text)
    if id_ is None or isinstance(id_, int) is not (kind is Kind.RECEIPT):
        raise _invalid(f"/ids/{place}", f"text of {len(text)} characters", f"the id of a dead {kind.value}, as listed")
    return id_


def _valid(model: type[Any], document: Any) -> Any:
    found = read(model, document)
    if isinstance(found, tuple):
        raise ProblemError("invalid-query", "The question is not of the documented form.", found)
    return found


def _refuse_misfits(kind: Kind, filters: Filters, under: str) -> None:
    for name in filters.named():
        if name not in OF_KIND[kind]:
            raise _invalid(
                f"{under}/{name}", "a value", f"for the kind {kind.value} only {', '.join(sorted(OF_KIND[kind]))}"
            )


def _invalid(pointer: str, found: str, expected: str) -> ProblemError:
    error = FieldError(pointer, f"{pointer.split('/')[1]} is not of the form expected", found, expected)
    return ProblemError("invalid-query", "The question is not of the documented form.", (error,))


def next_of(items: Sequence[Item]) -> str:
    """What asks for the page after these."""
    return base64.urlsafe_b64encode(f"{items[-1].at.isoformat()} {items[-1].id}".encode()).decode()


def cursor_of(kind: Kind, text: str) -> Cursor:
    """Where the page begins that `next_of` asks for. Raises `invalid-query`."""
    wrong = _invalid("/cursor", f"text of {len(text)} characters", "`next` of the page before, of the same kind")
    try:
        at_text, _, id_text = base64.urlsafe_b64decode(text).decode().partition(" ")
    except ValueError:
        raise wrong from None
    at, id_ = moment(at_text), identifier(id_text)
    if at is None or id_ is None or isinstance(id_, int) is not (kind is Kind.RECEIPT):
        raise wrong
    return Cursor(at, id_)
