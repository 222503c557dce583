"""Officers and agencies of an invented commune, to be altered where a test cares."""

from datetime import date

from notifier.domain.directory import Agency, Directory, Officer, Origin, Role, by_every_code
from notifier.domain.dossiers import Person

TODAY = date(2026, 11, 25)
OA = "zalo"
UNIT = "H01.14"
DESK = "H01.14.02"


def officer(code: str, **fields) -> Officer:
    return Officer(**{"code": code, "name": f"Cán bộ {code}", "unit": UNIT, **fields})


def learned(code: str, **fields) -> Officer:
    return officer(code, origin=Origin.EVENT, **fields)


def head(code: str, unit: str = UNIT, **fields) -> Officer:
    return officer(code, unit=unit, role=Role.HEAD, **fields)


def agency(code: str, **fields) -> Agency:
    return Agency(**{"code": code, "name": f"Đơn vị {code}", **fields})


def directory(*entries: Officer | Agency) -> Directory:
    officers = {each.code: each for each in entries if isinstance(each, Officer)}
    return Directory(officers, by_every_code(each for each in entries if isinstance(each, Agency)))


def person(code: str | None, **fields) -> Person:
    return Person(**{"name": f"Cán bộ {code}", "code": code, **fields})
