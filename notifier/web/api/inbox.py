"""The portal inbox for the provincial portal and its mobile app: look up, page, unread count, mark read, archive."""

from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from notifier.domain.directory import officer_code
from notifier.domain.ids import NO_DOSSIER, DeliveryId, DossierCode, InboxOwner, SourceName
from notifier.domain.opaque import dossier_inbox, inbox_owner
from notifier.intake.contacts import email_address, mobile_e164
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import read
from notifier.settings import Scope, Settings
from notifier.store import inbox, own
from notifier.store.inbox import Chosen, InboxMessage, Show
from notifier.store.own import Origin
from notifier.web.access.gate import inbox_access
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import DIGITS_MOST, name_in_query, read_body, require, whole_number
from workers.steps import read_messages

PAGE_MOST = 100


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
        named = self.model_fields_set & set(WAYS)
        if len(named) != 1 or None in self.model_dump(include=named).values():
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
            "staff": self.staff_code and officer_code(self.staff_code),
        }
        return next((inbox_owner(secret, kind, value) for kind, value in ways.items() if value), None)


WAYS = tuple(InboxQuery.model_fields)


class ChosenMessages(BaseModel):
    """Messages of the inbox: those named by `messages`, or with `through` all that are in sight up to that `seq`.

    `through` is the newest that the person was shown, so that nothing counts as read that came meanwhile.
    """

    model_config = ConfigDict(extra="forbid")

    messages: Annotated[list[UUID] | None, Field(min_length=1, max_length=PAGE_MOST)] = None
    through: Annotated[int | None, Field(ge=1, lt=10**DIGITS_MOST)] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "ChosenMessages":
        if (self.messages is None) == (self.through is None):
            raise PydanticCustomError("one_of", "{expected}", {"expected": "exactly one of messages, through"})
        return self


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
    owner = (await inbox_access(request)).owner
    before = whole_number(request, "before", 0, least=1, most=10**DIGITS_MOST - 1) or None
    limit = whole_number(request, "limit", 20, least=1, most=PAGE_MOST)
    show, dossier, source = _show(request), name_in_query(request, "dossier"), name_in_query(request, "source")
    async with request.app[APP].pool.acquire() as connection:
        found = await inbox.page(
            connection,
            owner,
            before=before,
            limit=limit + 1,
            show=show,
            dossier=DossierCode(dossier) if dossier else None,
            source=SourceName(source) if source else None,
        )
        unread = await inbox.unread(connection, owner)
        page = found[:limit]
        origins = await own.origins(connection, page)
    settings = request.app[APP].settings
    return web.json_response(
        {
            "messages": [as_json(message, portal_page(settings, message, origins.get(message.id))) for message in page],
            "unread": unread,
            "next_before": page[-1].seq if len(found) > limit else None,
        }
    )


async def count_unread(request: web.Request) -> web.Response:
    """For the number beside a bell; `newest` is where a live stream may begin."""
    owner = (await inbox_access(request)).owner
    async with request.app[APP].pool.acquire() as connection:
        unread, newest = await inbox.unread(connection, owner), await inbox.newest_seq(connection, owner)
    return web.json_response({"unread": unread, "newest": newest})


async def mark_read(request: web.Request) -> web.Response:
    """Reading is proof of delivery: the message's delivery becomes `read`. A second time changes nothing."""
    owner, message = await _message(request)
    await read_messages(request.app[APP], owner, Chosen((message,)))
    return web.Response(status=204)


async def mark_many_read(request: web.Request) -> web.Response:
    """As `mark_read`. What is not in this inbox is passed by."""
    owner, chosen = await _chosen(request)
    changed = await read_messages(request.app[APP], owner, chosen)
    return await _changed(request, owner, changed)


async def archive(request: web.Request) -> web.Response:
    """Put one message out of sight. It is not read by that."""
    return await _move_one(request, to_archive=True)


async def unarchive(request: web.Request) -> web.Response:
    return await _move_one(request, to_archive=False)


async def archive_many(request: web.Request) -> web.Response:
    owner, chosen = await _chosen(request)
    return await _changed(request, owner, await _move(request, owner, chosen, to_archive=True))


async def unarchive_many(request: web.Request) -> web.Response:
    """Only those that are named: nobody wants the whole archive back."""
    owner, chosen = await _chosen(request)
    if chosen.through is not None:
        raise ProblemError("invalid-query", "Name the messages that are to come back.")
    return await _changed(request, owner, await _move(request, owner, chosen, to_archive=False))


async def _move_one(request: web.Request, *, to_archive: bool) -> web.Response:
    owner, message = await _message(request)
    await _move(request, owner, Chosen((message,)), to_archive=to_archive)
    return web.Response(status=204)


async def _move(request: web.Request, owner: InboxOwner, chosen: Chosen, *, to_archive: bool) -> int:
    app = request.app[APP]
    async with app.pool.acquire() as connection:
        moved = await inbox.archive(connection, owner, chosen, app.clock() if to_archive else None)
        if moved:
            await inbox.tell(connection, owner)
    return moved


async def _changed(request: web.Request, owner: InboxOwner, changed: int) -> web.Response:
    async with request.app[APP].pool.acquire() as connection:
        unread = await inbox.unread(connection, owner)
    return web.json_response({"changed": changed, "unread": unread})


async def _message(request: web.Request) -> tuple[InboxOwner, DeliveryId]:
    """The inbox and the message that the path names. Raises `not-found` where the one does not hold the other."""
    owner = (await inbox_access(request)).owner
    try:
        message = DeliveryId(UUID(request.match_info["message"]))
        async with request.app[APP].pool.acquire() as connection:
            if await inbox.holds(connection, owner, message):
                return owner, message
    except ValueError:
        pass
    raise ProblemError("not-found", "There is no such message in this inbox.")


async def _chosen(request: web.Request) -> tuple[InboxOwner, Chosen]:
    owner = (await inbox_access(request)).owner
    body = read(ChosenMessages, normalised(parse_json(await read_body(request))))
    if isinstance(body, tuple):
        raise ProblemError("invalid-query", "The body names no messages.", body)
    return owner, Chosen(tuple(DeliveryId(each) for each in body.messages or ()), body.through)


def _show(request: web.Request) -> Show:
    try:
        return Show(request.query.get("show", Show.CURRENT))
    except ValueError:
        raise ProblemError("invalid-query", f"The parameter show is one of {', '.join(Show)}.") from None


def portal_page(settings: Settings, message: InboxMessage, origin: Origin | None) -> str | None:
    """The message's dossier on the public service portal. None for officers, whose it is not, and for several."""
    if origin is None or origin.audience.is_staff or message.dossier_code == NO_DOSSIER:
        return None
    return settings.portal_page(message.dossier_code, origin.agency)


def as_json(message: InboxMessage, at_portal: str | None) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "seq": message.seq,
        "title": message.title,
        "body": message.body,
        "link": message.link,
        "portal_link": at_portal,
        "source": message.source,
        "dossier_code": message.dossier_code,
        "created_at": message.created_at.isoformat(),
        "read_at": message.read_at and message.read_at.isoformat(),
        "archived_at": message.archived_at and message.archived_at.isoformat(),
    }
