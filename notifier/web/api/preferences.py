"""What a citizen chooses for their messages, for a portal that shows the choice on its own pages."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from notifier.domain.errors import FieldError
from notifier.domain.hours import Rest
from notifier.domain.ids import ChannelName
from notifier.domain.preferences import KindName, Preferences
from notifier.domain.recipients import Locale
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import found, pointer, read
from notifier.routing.choices import Fault, Offer, answered, faults, offers
from notifier.routing.tables import LocalTime
from notifier.settings import Scope
from notifier.store import preferences
from notifier.web.access.gate import OFFICER, Access, inbox_access
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path, read_body, require
from workers.steps.contexts import views_of
from workers.wiring import App

Clock = Annotated[LocalTime, Field(json_schema_extra={"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"})]


class QuietHours(BaseModel):
    """Local hours in which no message disturbs, every day; they may run over midnight."""

    model_config = ConfigDict(extra="forbid")

    begins: Clock
    ends: Clock

    @model_validator(mode="after")
    def _apart(self) -> "QuietHours":
        if self.begins == self.ends:
            raise PydanticCustomError("apart", "{expected}", {"expected": "two different times"})
        return self


class PreferencesWanted(BaseModel):
    """The whole choice. A way that is not named is wanted."""

    model_config = ConfigDict(extra="forbid")

    language: Locale = Locale.VI
    quiet_hours: QuietHours | None = None
    ways: dict[str, dict[str, bool]] = Field(default_factory=dict, description="kind → channel → whether it is wanted")


async def show_preferences(request: web.Request) -> web.Response:
    """What the person has chosen, and what there is to choose from."""
    access, app = await _citizen(request), request.app[APP]
    async with app.pool.acquire() as connection:
        chosen = await preferences.of_owner(connection, access.owner)
    return web.json_response(_document(chosen, offers_of(app)))


async def change_preferences(request: web.Request) -> web.Response:
    """Put a choice in the place of the one before; it holds for whatever is routed from now on."""
    access, app = await _citizen(request), request.app[APP]
    wanted = read(PreferencesWanted, normalised(parse_json(await read_body(request))))
    if isinstance(wanted, tuple):
        raise ProblemError("invalid-query", "The body is no choice.", wanted)
    offered = offers_of(app)
    async with app.pool.acquire() as connection:
        before = await preferences.of_owner(connection, access.owner)
        chosen = _chosen(wanted, before, offered)
        if wrong := [
            *_strangers(wanted, offered),
            *(_told(fault, kind) for fault, kind in faults(chosen, offered, app.rules)),
        ]:
            raise ProblemError("invalid-query", "This choice cannot be kept.", tuple(wrong))
        actor = "recipient" if access.until else f"system:{require(request, Scope.INBOX)}"
        await preferences.choose(connection, access.owner, chosen, actor=actor, now=app.clock())
    return web.json_response(_document(chosen, offered))


def offers_of(app: App) -> tuple[Offer, ...]:
    """What may be chosen at this installation."""
    return offers(app.rules, views_of(app.setups))


async def _citizen(request: web.Request) -> Access:
    access = await inbox_access(request)
    if name_in_path(request, "inbox") == OFFICER:
        raise ProblemError("forbidden", "Officers choose nothing: they are told by the rules.")
    return access


def _chosen(wanted: PreferencesWanted, before: Preferences, offered: tuple[Offer, ...]) -> Preferences:
    answers = {(each.key, way): wanted.ways.get(each.key, {}).get(way, True) for each in offered for way in each.ways}
    rest = Rest(wanted.quiet_hours.begins, wanted.quiet_hours.ends) if wanted.quiet_hours else None
    return Preferences(wanted.language, rest, answered(before, offered, answers))


def _strangers(wanted: PreferencesWanted, offered: tuple[Offer, ...]) -> list[FieldError]:
    """Ways that are named and cannot be chosen."""
    known = {each.key: each.ways for each in offered}
    return [
        FieldError(
            pointer=pointer("ways", kind, way),
            detail=f"ways/{kind}/{way} is not offered.",
            found=found(is_wanted),
            expected=f"a way among {', '.join(known.get(KindName(kind), ())) or 'none'}",
        )
        for kind, ways in wanted.ways.items()
        for way, is_wanted in ways.items()
        if ChannelName(way) not in known.get(KindName(kind), ())
    ]


def _told(fault: Fault, kind: KindName | None) -> FieldError:
    match fault:
        case Fault.NO_SURE_WAY:
            return FieldError(
                pointer=pointer("ways", kind or ""),
                detail="An obligatory kind keeps a way that proves arrival.",
                found="none of them",
                expected="at least one of `sure_ways` of this kind",
            )
        case Fault.REST_TOO_LONG:
            return FieldError(
                pointer=pointer("quiet_hours"),
                detail="The quiet hours are too long.",
                found="too little of the day",
                expected="at least four hours a day outside of them in which messages may go",
            )


def _document(chosen: Preferences, offered: tuple[Offer, ...]) -> dict[str, Any]:
    rest = chosen.rest
    return {
        "language": chosen.locale.value,
        "quiet_hours": rest and {"begins": f"{rest.begins:%H:%M}", "ends": f"{rest.ends:%H:%M}"},
        "ways": {each.key: {way: way not in chosen.declines(each.key) for way in each.ways} for each in offered},
        "kinds": [
            {
                "kind": each.key,
                "name": each.kind.name.model_dump(),
                "about": each.kind.about.model_dump(),
                "obligatory": each.kind.is_obligatory,
                "law": each.kind.law and each.kind.law.model_dump(),
                "sure_ways": each.sure,
            }
            for each in offered
        ],
    }
