"""The directory, as lines that administrators read. Contacts are masked unless they are asked for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import click

from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Agency, Entry, Kind, Officer, Origin, Role
from notifier.domain.dossiers import Person
from notifier.intake.directory_rows import Fault
from notifier.store.calendar import Change
from notifier.store.directory_keeping import Report

ROLES = {Role.OFFICER: "cán bộ", Role.HEAD: "thủ trưởng", Role.DIRECTOR: "giám đốc trung tâm"}
KINDS = {Kind.AGENCIES: "cơ quan", Kind.OFFICERS: "cán bộ"}
CHANGES = {Change.NEW: "mới", Change.CHANGED: "sửa", Change.SAME: "giữ nguyên"}
SHOWN_OF_CELL, SHOWN_OF_NUMBER = 40, 3


def fault_line(number: int, fault: Fault) -> str:
    """One wrong cell: where, what stands there, what is expected."""
    if not fault.column:
        return f"dòng {number}: {fault.found and f'{fault.found}; '}expected: {fault.expected}"
    cell = fault.found if len(fault.found) <= SHOWN_OF_CELL else fault.found[: SHOWN_OF_CELL - 1] + "…"
    return f"dòng {number}, cột {fault.column}: {f'“{cell}”' if cell else 'trống'}; expected: {fault.expected}"


def counted(kind: Kind, counts: Counter[Change]) -> str:
    return (
        f"{counts.total()} {KINDS[kind]}: {', '.join(f'{counts[change]} {word}' for change, word in CHANGES.items())}."
    )


def outcome(kind: Kind, report: Report, *, dry_run: bool, skip_bad: bool) -> str:
    if report.skipped and not skip_bad:
        return f"{report.rows} dòng, {report.skipped} dòng sai: không ghi gì."
    skipped = f" Bỏ qua {report.skipped} dòng sai." if report.skipped else ""
    return f"{counted(kind, report.counts)}{skipped}{' Thử, chưa ghi gì.' if dry_run else ''}"


def officer_line(officer: Officer, today: date, *, contacts: bool) -> str:
    ways = [shown(way, contacts=contacts) for way in (officer.phone, officer.email) if way]
    linked = ", ".join(sorted(officer.zalo)) or click.style("chưa nối Zalo", fg="yellow")
    parts = [
        officer.name,
        ROLES[officer.role],
        officer.unit or "chưa rõ đơn vị",
        *ways,
        linked,
        *_standing(officer, today),
    ]
    return f"{officer.code:16}  {' · '.join(parts)}"


def agency_line(agency: Agency, today: date) -> str:
    ended = agency.valid_until is not None and agency.valid_until < today
    parts = [agency.name, *([agency.phone] if agency.phone else [])]
    if ended:
        parts.append(f"đến {agency.valid_until:%d/%m/%Y}{f', nay là {agency.successor}' if agency.successor else ''}")
    return f"{agency.code:16}  {' · '.join([*parts, *_learned(agency)])}"


def officer_lines(officer: Officer, hears: Person, today: date, *, contacts: bool) -> Iterator[str]:
    """All that is known of one officer. `hears`: whom a reminder for them would reach today."""
    yield f"{officer.code}  {officer.name}"
    yield from _fields(
        ("chức danh", officer.title),
        ("vai trò", ROLES[officer.role]),
        ("đơn vị", officer.unit),
        ("điện thoại", officer.phone and shown(officer.phone, contacts=contacts)),
        ("email", officer.email and shown(officer.email, contacts=contacts)),
        *((f"Zalo ({account})", shown(uid, contacts=contacts)) for account, uid in sorted(officer.zalo.items())),
        ("người thay", officer.deputy),
        ("tình trạng", ", ".join(_standing(officer, today)) or "đang làm việc"),
        ("nghỉ", _leave(officer)),
        ("hôm nay nhắc", f"{hears.name} ({hears.code})"),
        ("ghi bởi", _written(officer)),
    )


def agency_lines(agency: Agency, heads: Sequence[Person], directors: Sequence[Person]) -> Iterator[str]:
    """All that is known of one agency, and who answers for it today."""
    yield f"{agency.code}  {agency.name}"
    yield from _fields(
        ("mã khác", " ".join(agency.other_codes)),
        ("trực thuộc", agency.parent),
        ("điện thoại", agency.phone),
        ("hiệu lực từ", f"{agency.valid_from:%d/%m/%Y}" if agency.valid_from else None),
        ("hiệu lực đến", f"{agency.valid_until:%d/%m/%Y}" if agency.valid_until else None),
        ("kế thừa", agency.successor),
        ("thủ trưởng", _people(heads)),
        ("giám đốc", _people(directors)),
        ("ghi bởi", _written(agency)),
    )


def shown(contact: str, *, contacts: bool) -> str:
    """The contact, or only enough of it to recognise it."""
    if contacts:
        return contact
    name, at, domain = contact.partition("@")
    return f"{name[:1]}•••{at}{domain}" if at else f"•••{contact[-SHOWN_OF_NUMBER:]}"


def _fields(*pairs: tuple[str, str | None]) -> Iterator[str]:
    return (f"  {name:14}{value}" for name, value in pairs if value)


def _people(people: Iterable[Person]) -> str:
    return ", ".join(f"{person.name} ({person.code})" for person in people)


def _standing(officer: Officer, today: date) -> list[str]:
    if officer.gone(today):
        return [click.style(f"thôi việc từ {officer.gone_at:%d/%m/%Y}", fg="yellow"), *_learned(officer)]
    if officer.on_leave(today):
        until = f"đến {officer.leave_until:%d/%m/%Y}" if officer.leave_until else "chưa rõ ngày về"
        deputy = f", {officer.deputy} thay" if officer.deputy else ", không có người thay"
        return [click.style(f"nghỉ {until}{deputy}", fg="yellow"), *_learned(officer)]
    return _learned(officer)


def _learned(each: Entry) -> list[str]:
    return ["từ sự kiện"] if each.origin is Origin.EVENT else []


def _leave(officer: Officer) -> str | None:
    if officer.leave_from is None:
        return None
    until = f"{officer.leave_until:%d/%m/%Y}" if officer.leave_until else "chưa rõ"
    return f"{officer.leave_from:%d/%m/%Y} – {until}"


def _written(each: Entry) -> str:
    who = "học từ sự kiện" if each.origin is Origin.EVENT else each.changed_by.removeprefix("operator:")
    return f"{who}, {each.changed_at.astimezone(VIETNAM):%d/%m/%Y %H:%M}" if each.changed_at else who
