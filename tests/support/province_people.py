"""The agencies and officers of an invented province, their leaves and their calendars around Tết 2027."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from notifier.domain.directory import Agency, Officer, Role
from notifier.domain.dossiers import Person, Unit
from notifier.reminders.calendar import Calendar, Calendars, Day, Week
from tests.support.calendar import DAYS, USUAL, week, worked

COMMUNES = {"H01.91": "Bình Mẫu", "H01.92": "Tân Thử", "H01.93": "Vĩnh Ví Dụ"}
OWN_DAYS: tuple[Day, ...] = (worked("2027-01-30", "H01.92"),)
OWN_WEEKS: tuple[Week, ...] = (week("mon-fri 07:00-11:30,13:30-17:00; sat 07:00-11:30", "H01.93"),)
CALENDARS = Calendars((*DAYS, *OWN_DAYS), (USUAL, *OWN_WEEKS))
"""That of the migration; one commune works on a Saturday, another on every Saturday morning."""

FAMILIES = ("Trần", "Lê", "Phạm", "Võ", "Đặng", "Bùi", "Hồ", "Huỳnh")
GIVEN = ("Văn Mẫu", "Thị Thử", "Minh Ví", "Ngọc Dụ", "Quốc Kiểm")
HANDLERS = 10
LEAVES: Mapping[str, tuple[date, date, str]] = {
    "h01.91.cv2": (date(2027, 1, 25), date(2027, 1, 29), "h01.91.cv3"),
    "h01.91.cv3": (date(2027, 1, 28), date(2027, 2, 2), "h01.91.cv4"),
    "h01.92.ct1": (date(2027, 1, 20), date(2027, 1, 26), "h01.92.cv1"),
    "h01.93.ct1": (date(2027, 2, 11), date(2027, 2, 16), "h01.93.ct2"),
    "h01.93.gd1": (date(2027, 1, 18), date(2027, 1, 22), "h01.93.ct2"),
}
"""From, until, deputy. A deputy of a deputy, a head whom a handler stands in for, a director whom a head does."""
GONE: Mapping[str, tuple[date, str]] = {"h01.92.cv9": (date(2027, 2, 1), "h01.92.cv8")}
"""Who leaves for good, and who takes over."""


@dataclass(frozen=True, slots=True)
class Office:
    """One commune: what the people and dates of its dossiers are drawn from."""

    code: str
    handling: Unit
    receiving: Unit
    calendar: Calendar
    clerks: tuple[Person, ...]
    """Who takes dossiers in."""
    handlers: tuple[Person, ...]
    heads: tuple[Person, ...]


def agencies() -> tuple[Agency, ...]:
    communes = (Agency(code, f"UBND xã {name}") for code, name in COMMUNES.items())
    desks = (
        Agency(f"{code}.02", f"Trung tâm Phục vụ hành chính công xã {name}", parent=code)
        for code, name in COMMUNES.items()
    )
    return (*communes, *desks)


def officers() -> tuple[Officer, ...]:
    made: list[Officer] = []
    for place, code in enumerate(COMMUNES):
        clerks = [f"cv{number}" for number in range(1, HANDLERS + 1 + (place == 0))]
        for account in ("gd1", "ct1", "ct2", *clerks):
            made.append(_officer(len(made), code, account))
    return tuple(made)


def _officer(number: int, commune: str, account: str) -> Officer:
    code = f"{commune.lower()}.{account}"
    role = {"gd": Role.DIRECTOR, "ct": Role.HEAD}.get(account[:2], Role.OFFICER)
    leave_from, leave_until, deputy = LEAVES.get(code, (None, None, None))
    gone_at, successor = GONE.get(code, (None, None))
    return Officer(
        code=code,
        name=f"{FAMILIES[number % len(FAMILIES)]} {GIVEN[number // len(FAMILIES)]}",
        title={Role.DIRECTOR: "Giám đốc Trung tâm", Role.HEAD: "Lãnh đạo UBND xã"}.get(role, "Công chức"),
        unit=f"{commune}.02" if role is Role.DIRECTOR else commune,
        role=role,
        phone=f"+84912000{900 + number}",
        email=f"{code}@example.gov.vn",
        zalo={} if number % 5 == 4 else {"zalo": f"9990000000000000{900 + number}"},
        leave_from=leave_from,
        leave_until=leave_until,
        deputy=deputy or successor,
        gone_at=gone_at,
    )


def office(code: str, staff: tuple[Officer, ...]) -> Office:
    def people(role: Role) -> tuple[Person, ...]:
        ours = [each for each in staff if each.role is role and each.unit == code]
        return tuple(Person(name=each.name, code=each.code, title=each.title) for each in ours)

    handlers = people(Role.OFFICER)
    name = COMMUNES[code]
    return Office(
        code=code,
        handling=Unit(code, f"UBND xã {name}"),
        receiving=Unit(f"{code}.02", f"Trung tâm Phục vụ hành chính công xã {name}"),
        calendar=CALENDARS.of(code),
        clerks=handlers[:2],
        handlers=handlers[2:],
        heads=people(Role.HEAD),
    )
