"""The directory for administrators' own tools: officers and agencies, one by one or as a CSV file. Scope `operate`."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Entry, Kind, Role, officer_code
from notifier.domain.errors import DirectoryError, FieldError
from notifier.intake.codes import agency_code
from notifier.intake.directory_csv import Row, decoded, read_csv
from notifier.intake.directory_rows import ZALO, read_values
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import found, pointer, read
from notifier.settings import Scope
from notifier.store import directory as store
from notifier.store import directory_keeping as keeping
from notifier.store.calendar import Change
from notifier.store.directory import Wanted
from notifier.store.directory_keeping import Report
from notifier.store.pool import Connection
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path, read_body, require

PAGE_MOST, FAULTS_MOST = 1_000, 200
_Model = TypeVar("_Model", bound=BaseModel)

Text = Annotated[str, Field(max_length=255)] | None
Code = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
Account = Annotated[str, Field(max_length=64, pattern=r"^[\w\-]+$")]
Day = Annotated[str, Field(description="like 2026-11-25")] | None
_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OfficerEntry(BaseModel):
    """An officer as they are to stand; what is left out is empty from then on."""

    model_config = _STRICT

    name: Annotated[str, Field(max_length=255)]
    title: Text = None
    unit: Text = Field(None, description="code of an agency of the directory")
    role: Text = Field("officer", description="`officer`, `head` or `director` (of a one-stop centre)")
    phone: Text = Field(None, description="Vietnamese mobile number")
    email: Text = None
    zalo: dict[Account, Text] = Field({}, description="name of an Official Account → the officer's user id with it")
    leave_from: Day = None
    leave_until: Day = None
    deputy: Text = Field(None, description="account of the officer who hears meanwhile")
    gone_at: Day = None


class AgencyEntry(BaseModel):
    """An agency as it is to stand; what is left out is empty from then on."""

    model_config = _STRICT

    name: Annotated[str, Field(max_length=255)]
    other_codes: list[Code] = Field([], description="what else events call it")
    parent: Text = None
    phone: Text = Field(None, description="that people call")
    valid_from: Day = None
    valid_until: Day = Field(None, description="the last day of its own")
    successor: Text = Field(None, description="the agency that goes on in its place")


class OfficerQuery(BaseModel):
    """A page of officers, by code."""

    model_config = _STRICT

    unit: Code | None = None
    role: Role | None = None
    no_zalo: bool = False
    not_following: bool = False
    oa: Account = ZALO
    after: str = ""
    limit: int = Field(200, ge=1, le=PAGE_MOST)


class AgencyQuery(BaseModel):
    """A page of agencies, by code."""

    model_config = _STRICT

    unit: Code | None = None
    after: str = ""
    limit: int = Field(200, ge=1, le=PAGE_MOST)


class ImportQuery(BaseModel):
    """How a file is to be taken in."""

    model_config = _STRICT

    dry_run: bool = False
    skip_bad: bool = False


async def list_officers(request: web.Request) -> web.Response:
    """Officers by code; `next` is the last of a full page."""
    require(request, Scope.OPERATE)
    app, query = request.app[APP], _asked(OfficerQuery, dict(request.query))
    unit = agency_code(query.unit) if query.unit else None
    unlinked, astray = query.oa if query.no_zalo else None, query.oa if query.not_following else None
    wanted = Wanted(unit, query.role, unlinked, astray)
    async with app.pool.acquire() as connection:
        today = app.clock().astimezone(VIETNAM).date()
        entries = await store.officers(connection, wanted, today, after=query.after, limit=query.limit)
    return _page(entries, query.limit)


async def list_agencies(request: web.Request) -> web.Response:
    """Agencies by code; `next` is the last of a full page."""
    require(request, Scope.OPERATE)
    app, query = request.app[APP], _asked(AgencyQuery, dict(request.query))
    unit = agency_code(query.unit) if query.unit else None
    async with app.pool.acquire() as connection:
        entries = await store.agencies(connection, unit, after=query.after, limit=query.limit)
    return _page(entries, query.limit)


async def show_officer(request: web.Request) -> web.Response:
    require(request, Scope.OPERATE)
    async with request.app[APP].pool.acquire() as connection:
        return _shown(await store.officer(connection, officer_code(name_in_path(request, "code"))))


async def show_agency(request: web.Request) -> web.Response:
    require(request, Scope.OPERATE)
    async with request.app[APP].pool.acquire() as connection:
        return _shown(await store.agency(connection, agency_code(name_in_path(request, "code"))))


async def put_officer(request: web.Request) -> web.Response:
    """Write the whole row. A second, equal request changes nothing."""
    by = require(request, Scope.OPERATE)
    given = _asked(OfficerEntry, await _json(request), "invalid-entry").model_dump()
    async with request.app[APP].pool.acquire() as connection:
        standing = await store.officer(connection, officer_code(name_in_path(request, "code")))
    linked = {**dict.fromkeys(standing.zalo if standing else {}), **given.pop("zalo")}
    return await _put(request, Kind.OFFICERS, {**given, **{f"{ZALO}:{name}": linked[name] for name in linked}}, by)


async def put_agency(request: web.Request) -> web.Response:
    """Write the whole row. A second, equal request changes nothing."""
    by = require(request, Scope.OPERATE)
    given = _asked(AgencyEntry, await _json(request), "invalid-entry").model_dump()
    return await _put(request, Kind.AGENCIES, {**given, "other_codes": " ".join(given["other_codes"])}, by)


async def import_officers(request: web.Request) -> web.Response:
    """Write the rows of a CSV file, all or, with `skip_bad`, the good ones."""
    return await _import(request, Kind.OFFICERS)


async def import_agencies(request: web.Request) -> web.Response:
    """Write the rows of a CSV file, all or, with `skip_bad`, the good ones."""
    return await _import(request, Kind.AGENCIES)


async def _put(request: web.Request, kind: Kind, given: dict[str, Any], by: str) -> web.Response:
    app, code = request.app[APP], name_in_path(request, "code")
    row = Row(0, *read_values(kind, {"code": code, **{name: text or "" for name, text in given.items()}}))
    async with app.pool.acquire() as connection:
        report = await keeping.import_rows(connection, kind, [row], by=by, now=app.clock())
        if report.faults:
            raise ProblemError("invalid-entry", "Nothing was stored.", tuple(_faults(report, lines=False)))
        return _shown(await _stands(connection, kind, row.values["code"]))


async def _stands(connection: Connection, kind: Kind, code: str) -> Entry | None:
    return await (store.agency if kind is Kind.AGENCIES else store.officer)(connection, code)


async def _import(request: web.Request, kind: Kind) -> web.Response:
    by = require(request, Scope.OPERATE)
    app, query = request.app[APP], _asked(ImportQuery, dict(request.query))
    body = await read_body(request)
    try:
        rows = await asyncio.to_thread(lambda: list(read_csv(kind, decoded(body))))
    except DirectoryError as error:
        raise ProblemError("invalid-entry", str(error)) from None
    async with app.pool.acquire() as connection:
        report = await keeping.import_rows(
            connection, kind, rows, by=by, now=app.clock(), dry_run=query.dry_run, skip_bad=query.skip_bad
        )
    if report.faults and not query.skip_bad:
        detail = f"{report.skipped} of {report.rows} rows are wrong. Nothing was stored."
        raise ProblemError("invalid-entry", detail, tuple(_faults(report))[:FAULTS_MOST])
    return web.json_response(
        {
            "rows": report.rows,
            **{change.value: report.counts[change] for change in Change},
            "skipped": report.skipped,
            "dry_run": query.dry_run,
            "faults": [asdict(error) for error in _faults(report)][:FAULTS_MOST],
        }
    )


def _faults(report: Report, *, lines: bool = True) -> Iterator[FieldError]:
    """Each by line and column, without quoting what stands there."""
    for number, fault in report.faults:
        where = pointer(*([number] if lines else []), *([fault.column] if fault.column else []))
        place = f"{f'line {number}, ' if lines else ''}{fault.column or 'the whole row'}"
        yield FieldError(where, f"{place} is not of the form expected", found(fault.found), fault.expected)


async def _json(request: web.Request) -> Any:
    return normalised(parse_json(await read_body(request)))


def _asked(model: type[_Model], document: Any, problem: str = "invalid-query") -> _Model:
    given = read(model, document)
    if isinstance(given, tuple):
        raise ProblemError(problem, "It is not of the documented form.", given)
    return given


def _page(entries: Sequence[Entry], limit: int) -> web.Response:
    following = entries[-1].code if len(entries) == limit else None
    return web.json_response({"items": [_row(each) for each in entries], "next": following})


def _shown(entry: Entry | None) -> web.Response:
    if entry is None:
        raise ProblemError("not-found", "Nobody in the directory has this code.")
    return web.json_response(_row(entry))


def _row(entry: Entry) -> dict[str, Any]:
    row = {each.name: getattr(entry, each.name) for each in fields(entry)}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
