"""Rows of the directory as administrators write them, as texts by name, and what is wrong with them.

A name that is not given leaves what stands; an empty text empties it. Officers' ids with a Zalo Official Account are
named `zalo`, for the account of that name, or `zalo:NAME`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from unicodedata import category

from notifier.domain.directory import Agency, Entry, Kind, Officer, Origin, Role, officer_code
from notifier.intake.codes import agency_code
from notifier.intake.contacts import desk_phone, email_address, mobile_e164

TEXT_LONGEST = 255
FIRST_YEAR, LAST_YEAR = 1900, 2200
ZALO = "zalo"
SPELLING = "spelling"
"""Of a row: its code as it is written there, where that is another one and the row names no other codes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field: its name, the text that was found, and what is expected."""

    column: str
    found: str
    expected: str


class _Unfit(Exception):
    """The text is not what its message says is expected."""


def _text(text: str) -> str:
    if len(text) > TEXT_LONGEST or any(category(each) == "Cc" for each in text):
        raise _Unfit(f"text of at most {TEXT_LONGEST} characters on one line")
    return text


def _agency_text(text: str) -> str:
    if not re.fullmatch(r"[\w.\-]{1,64}", text):
        raise _Unfit("the code of an agency, like H01.14.02")
    return text


def _agency_code(text: str) -> str:
    return agency_code(_agency_text(text))


def _other_codes(text: str) -> tuple[str, ...]:
    written = [_agency_text(code) for code in re.split(r"[\s,;|]+", text) if code]
    return tuple(sorted({*written, *map(agency_code, written)}))


def _account(text: str) -> str:
    return officer_code(_text(text))


def _mobile(text: str) -> str:
    if (phone := mobile_e164(text)) is None:
        raise _Unfit("a Vietnamese mobile number, like 0912 000 303 or +84912000303")
    return phone


def _desk(text: str) -> str:
    if (phone := desk_phone(text)) is None:
        raise _Unfit("a telephone number of Vietnam, like 0296 3852 901, 1900 1022 or 1022")
    return phone


def _email(text: str) -> str:
    if (email := email_address(text)) is None:
        raise _Unfit("a mail address, like pt.thu@example.gov.vn")
    return email


def _uid(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_\-]{1,64}", text):
        raise _Unfit("the user id as Zalo gives it; keep the column as text, a spreadsheet rounds long numbers")
    return text


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if FIRST_YEAR <= day.year < LAST_YEAR:
            return day
    raise _Unfit("a day, like 2026-11-25 or 25/11/2026")


def _role(text: str) -> Role:
    try:
        return Role(text.lower())
    except ValueError:
        raise _Unfit("officer, head or director") from None


def _origin(text: str) -> Origin:
    try:
        return Origin(text.lower())
    except ValueError:
        raise _Unfit("admin or event, as it was exported") from None


COLUMNS: Mapping[Kind, Mapping[str, Callable[[str], Any]]] = {
    Kind.AGENCIES: {
        "code": _agency_code,
        "name": _text,
        "other_codes": _other_codes,
        "parent": _agency_code,
        "phone": _desk,
        "valid_from": _day,
        "valid_until": _day,
        "successor": _agency_code,
        "origin": _origin,
    },
    Kind.OFFICERS: {
        "code": _account,
        "name": _text,
        "title": _text,
        "unit": _agency_code,
        "role": _role,
        "phone": _mobile,
        "email": _email,
        "leave_from": _day,
        "leave_until": _day,
        "deputy": _account,
        "gone_at": _day,
        "origin": _origin,
        ZALO: _uid,
    },
}
"""In the order of an export; `zalo:NAME` of other Official Accounts may follow."""
_EMPTY: Mapping[str, Any] = {"other_codes": (), "role": Role.OFFICER, "origin": Origin.ADMIN}
_SPANS = (("valid_from", "valid_until"), ("leave_from", "leave_until"))
_OTHER_THAN_ITSELF = ("parent", "successor", "deputy")


def is_column(kind: Kind, name: str) -> bool:
    return name in COLUMNS[kind] or account_of(kind, name) is not None


def account_of(kind: Kind, column: str) -> str | None:
    """The Official Account whose ids stand in this column."""
    found = re.fullmatch(rf"{ZALO}(?::([\w\-]{{1,64}}))?", column) if kind is Kind.OFFICERS else None
    return (found[1] or ZALO) if found else None


def read_values(kind: Kind, texts: Mapping[str, str]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """The values of a row by field, without those that are wrong; and those. Only known names may be given."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, text in texts.items():
        bare, account = text.strip(), account_of(kind, name)
        try:
            value = COLUMNS[kind][ZALO if account else name](bare) if bare else _EMPTY.get(name)
        except _Unfit as unfit:
            faults.append(Fault(name, bare, str(unfit)))
            continue
        if account:
            values.setdefault("zalo", {})[account] = value
        else:
            values[name] = value
    if kind is Kind.AGENCIES and values.get("code"):
        _keep_spelling(values, texts["code"].strip())
    return values, tuple(faults)


def _keep_spelling(values: dict[str, Any], written: str) -> None:
    """A code in another order of its levels is one of the other codes, beside those that are given or that stand."""
    if "other_codes" in values:
        values["other_codes"] = tuple(sorted({*values["other_codes"], written} - {values["code"]}))
    elif written != values["code"]:
        values[SPELLING] = written


def entry(kind: Kind, standing: Entry | None, values: Mapping[str, Any]) -> Entry | Fault:
    """The row as it is to stand, an administrator's unless it says otherwise."""
    given = {"origin": Origin.ADMIN, **values}
    if spelling := given.pop(SPELLING, None):
        stands = standing.other_codes if isinstance(standing, Agency) else ()
        given["other_codes"] = tuple(sorted({*stands, spelling}))
    if "zalo" in given:
        kept = standing.zalo if isinstance(standing, Officer) else {}
        given["zalo"] = {name: uid for name, uid in {**kept, **given["zalo"]}.items() if uid}
    for name in ("code", "name"):
        if not given.get(name, getattr(standing, name, None)):
            return Fault(name, "", "a value: nobody can be found without it")
    made: Entry
    if standing is not None:
        made = replace(standing, **given)
    else:
        made = Agency(**given) if kind is Kind.AGENCIES else Officer(**given)
    return _inconsistent(made) or made


def _inconsistent(made: Entry) -> Fault | None:
    for name in _OTHER_THAN_ITSELF:
        if getattr(made, name, None) == made.code:
            return Fault(name, made.code, "another one, not itself")
    for first, last in _SPANS:
        begin, end = getattr(made, first, None), getattr(made, last, None)
        if end and begin and end < begin:
            return Fault(last, f"{end}", f"{begin} or later: it is the last day")
        if end and not begin and first == "leave_from":
            return Fault(first, "", "the first day of the leave that ends then")
    return None


def references(kind: Kind, values: Mapping[str, Any]) -> list[tuple[str, Kind, str]]:
    """What the row says of others: the field, whom it means, and the code."""
    meant = (
        {"unit": Kind.AGENCIES, "deputy": Kind.OFFICERS}
        if kind is Kind.OFFICERS
        else {"parent": Kind.AGENCIES, "successor": Kind.AGENCIES}
    )
    return [(name, whose, values[name]) for name, whose in meant.items() if values.get(name)]
