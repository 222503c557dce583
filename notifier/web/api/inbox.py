"""The portal inbox for the provincial portal and its mobile app: look up, page, unread count, mark read, live."""

import asyncio
import json
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from notifier.domain.ids import ChannelName, DeliveryId, DossierCode, InboxOwner, SourceName
from notifier.domain.opaque import dossier_inbox, inbox_owner
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.intake.contacts import email_address, mobile_e164
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import read
from notifier.settings import Scope
from notifier.store import inbox
from notifier.store.inbox import InboxMessage
from notifier.store.pool import DATABASE_DOWN
from notifier.web.keys import APP, WATCH
from notifier.web.problems import ProblemError
from notifier.web.requests import DIGITS_MOST, digits, name_in_path, read_body, require, whole_number
from workers.steps import apply_fact

KEEP_ALIVE_SECONDS = 15
PAGE_MOST = 100
BATCH = 100
PORTAL = ChannelName("portal")


class DossierName(BaseModel):
    """A dossier as its source names it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    source: Annotated[str, Field(min_length=1, max_length=255)]
    code: Annotated[str, Field(min_length=1, max_length=255)]


class InboxQuery(BaseModel):
    """Whose inbox: exactly one of these. Sent in a body, because none of it may stand in a URL.

    A citizen's inbox is named by the personal number, else by the phone, else by the email of the dossier;
    `dossier` names the inbox of a dossier that has none of them.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    personal_number: Annotated[str, Field(pattern=r"^\d{9,12}$")] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    staff_code: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    dossier: DossierName | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "InboxQuery":
        if len(self.model_fields_set) != 1 or None in self.model_dump(include=self.model_fields_set).values():
            raise PydanticCustomError("one_of", "{expected}", {"expected": f"exactly one of {', '.join(WAYS)}"})
        return self

    def owner(self, secret: bytes) -> InboxOwner | None:
        """The inbox that is named, in the one spelling that routing uses; None where a value has none."""
        if self.dossier is not None:
            return dossier_inbox(secret, SourceName(self.dossier.source), DossierCode(self.dossier.code))
        ways = {
            "personal_number": self.personal_number,
            "phone": mobile_e164(self.phone),
            "email": email_address(self.email),
            "staff": self.staff_code,
        }
        return next((inbox_owner(secret, kind, value) for kind, value in ways.items() if value), None)


WAYS = tuple(InboxQuery.model_fields)


async def look_up(request: web.Request) -> web.Response:
    """The opaque name of one person's inbox. Every name is answered alike, known or not."""
    require(request, Scope.INBOX)
    query = read(InboxQuery, normalised(parse_json(await read_body(request))))
    if isinstance(query, tuple):
        raise ProblemError("invalid-query", "The question names no inbox.", query)
    owner = query.owner(request.app[APP].secret)
    if owner is None:
        raise ProblemError("invalid-query", "No mobile number of Vietnam or address of mail has this form.")
    return web.json_response({"inbox": owner})


async def list_messages(request: web.Request) -> web.Response:
    """Newest first. `before` continues after the last `seq` of the page before."""
    require(request, Scope.INBOX)
    owner = InboxOwner(name_in_path(request, "inbox"))
    before = whole_number(request, "before", 0, least=1, most=10**DIGITS_MOST) or None
    limit = whole_number(request, "limit", 20, least=1, most=PAGE_MOST)
    async with request.app[APP].pool.acquire() as connection:
        page = await inbox.page(
            connection, owner, before=before, unread_only=request.query.get("unread") == "true", limit=limit
        )
        unread = await inbox.unread(connection, owner)
    return web.json_response(
        {
            "messages": [_as_json(message) for message in page],
            "unread": unread,
            "next_before": page[-1].seq if len(page) == limit else None,
        }
    )


async def mark_read(request: web.Request) -> web.Response:
    """Reading is proof of delivery: the message's delivery becomes `read`. A second time changes nothing."""
    require(request, Scope.INBOX)
    app = request.app[APP]
    owner = InboxOwner(name_in_path(request, "inbox"))
    try:
        message = DeliveryId(UUID(request.match_info["message"]))
    except ValueError:
        raise ProblemError("not-found", "There is no such message in this inbox.") from None
    now = app.clock()
    async with app.pool.acquire() as connection, connection.transaction():
        found, marked = await inbox.mark_read(connection, owner, message, now)
        if marked:
            fact = ReceiptFact(ReceiptKind.READ, message, None, now)
            await apply_fact(app, connection, app.setups[PORTAL].providers[0], fact, now)
    if not found:
        raise ProblemError("not-found", "There is no such message in this inbox.")
    return web.Response(status=204)


async def stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events: what came after `Last-Event-ID` first, then live. The id of an event is its `seq`.

    A stream that loses the database ends; the client comes back by itself and misses nothing.
    """
    require(request, Scope.INBOX)
    app, watch = request.app[APP], request.app[WATCH]
    owner = InboxOwner(name_in_path(request, "inbox"))
    async with app.pool.acquire() as connection:
        last = _last_event_id(request)
        seen = last if last is not None else await inbox.newest_seq(connection, owner)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    await response.write(b"retry: 3000\n\n")
    with watch.watching(owner) as news, suppress(*DATABASE_DOWN, TimeoutError):
        while not watch.closing.is_set():
            news.clear()
            seen = await _send_new(request, response, owner, seen)
            try:
                await asyncio.wait_for(news.wait(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                await response.write(b": still here\n\n")
    return response


async def _send_new(request: web.Request, response: web.StreamResponse, owner: InboxOwner, seen: int) -> int:
    while True:
        async with request.app[APP].pool.acquire() as connection:
            fresh = await inbox.after(connection, owner, seen, BATCH)
        for message in fresh:
            data = json.dumps(_as_json(message), ensure_ascii=False)
            await response.write(f"id: {message.seq}\nevent: message\ndata: {data}\n\n".encode())
            seen = message.seq
        if len(fresh) < BATCH:
            return seen


def _last_event_id(request: web.Request) -> int | None:
    return digits(request.headers.get("Last-Event-ID", ""))


def _as_json(message: InboxMessage) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "seq": message.seq,
        "title": message.title,
        "body": message.body,
        "link": message.link,
        "source": message.source,
        "dossier_code": message.dossier_code,
        "created_at": message.created_at.isoformat(),
        "read_at": message.read_at and message.read_at.isoformat(),
    }
