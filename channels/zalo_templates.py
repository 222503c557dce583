"""What Zalo says of an account: its templates with their parameters, its quota, its package.

Documents: developers.zalo.me "Lấy danh sách template", "Lấy thông tin chi tiết template", "Lấy thông tin quota";
docs.zaloplatforms.com "Lấy thông tin Official Account" (checked 2026-09). The quota's numbers come as numbers here, in
quotes elsewhere; both are read.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from channels.http import NoReply, Reply
from channels.zalo_api import ACCOUNT, PHONE, Request, ZaloApi, data_of, whole
from channels.zalo_codes import code_of
from notifier.domain.approved import ApprovedTemplate, Parameter

PAGE = 100
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class NotTold:
    """Zalo did not answer the question; `code` is its own, or what became of the call."""

    code: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template with what else Zalo says of it; its parameters are None where only the list was read."""

    template: ApprovedTemplate
    quality: str | None = None
    price_phone: str | None = None
    price_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """How many messages by phone Zalo takes a day, and how many more today."""

    daily: int | None
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Official:
    """The account as Zalo shows it. `package_until` is the last day that is paid for, None where Zalo names none."""

    name: str | None
    is_verified: bool | None
    package: str | None
    package_until: date | None


async def listed(api: ZaloApi) -> list[Template] | NotTold:
    """Every template of the account, without parameters. Raises TokenLost."""
    found: list[Template] = []
    for page in range(MOST_PAGES):
        params = {"offset": str(page * PAGE), "limit": str(PAGE)}
        reply = await api.reply(Request(PHONE, "GET", "/template/all", params=params))
        rows = data_of(reply)
        if not isinstance(rows, list):
            return _not_told(reply)
        found += [each for row in rows if isinstance(row, dict) and (each := _template(row))]
        if len(rows) < PAGE:
            break
    return found


async def described(api: ZaloApi, id_: str) -> Template | NotTold:
    """One template with its parameters. Raises TokenLost."""
    reply = await api.reply(Request(PHONE, "GET", "/template/info/v2", params={"template_id": id_}))
    data = data_of(reply)
    template = _template(data) if isinstance(data, dict) else None
    return template or _not_told(reply)


async def all_described(api: ZaloApi, wanted: frozenset[str]) -> AsyncIterator[Template | NotTold]:
    """Every template, those that are wanted with their parameters; NotTold where a question found no answer."""
    found = await listed(api)
    if isinstance(found, NotTold):
        yield found
        return
    for each in found:
        yield await described(api, each.template.id) if each.template.id in wanted else each


async def quota(api: ZaloApi) -> Quota | NotTold:
    reply = await api.reply(Request(PHONE, "GET", "/message/quota"))
    data = data_of(reply)
    if not isinstance(data, dict):
        return _not_told(reply)
    return Quota(whole(data.get("dailyQuota")), whole(data.get("remainingQuota")))


async def official(api: ZaloApi) -> Official | NotTold:
    reply = await api.reply(Request(ACCOUNT, "GET", "/v2.0/oa/getoa"))
    data = data_of(reply)
    if not isinstance(data, dict):
        return _not_told(reply)
    verified = data.get("is_verified")
    return Official(
        _text(data.get("name")),
        verified if isinstance(verified, bool) else None,
        _text(data.get("package_name")),
        _day(data.get("package_valid_through_date")),
    )


def _not_told(reply: Reply | NoReply) -> NotTold:
    if isinstance(reply, NoReply):
        return NotTold(reply.code)
    code = code_of(reply)
    return NotTold("garbled" if code in {None, 0} else str(code))


def _template(row: dict[str, Any]) -> Template | None:
    id_, status = row.get("templateId"), _text(row.get("status"))
    if not isinstance(id_, str | int) or status is None:
        return None
    params = row.get("listParams")
    parameters = tuple(_parameters(params)) if isinstance(params, list) else None
    name, tag = _text(row.get("templateName")), _text(row.get("templateTag"))
    return Template(
        ApprovedTemplate(str(id_), name or str(id_), status.upper(), tag, parameters),
        _text(row.get("templateQuality")),
        _text(row.get("price_sdt")),
        _text(row.get("price_uid")),
    )


def _parameters(rows: list[Any]) -> list[Parameter]:
    return [
        Parameter(
            name=str(row["name"]),
            required=row.get("require") in (True, "true"),
            type=_text(row.get("type")) or "STRING",
            longest=whole(row.get("maxLength")),
            shortest=whole(row.get("minLength")),
            may_be_empty=row.get("acceptNull") in (True, "true"),
        )
        for row in rows
        if isinstance(row, dict) and row.get("name")
    ]


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" else None


def _day(text: object) -> date | None:
    """`25/12/2026` as Zalo writes it, or as ISO does."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(str(text)[:10], form).date()  # noqa: DTZ007 - a day, no moment
        except ValueError:
            continue
    return None
