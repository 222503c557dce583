"""On time: dossiers that were finished before, on and after their due date, and how those that still run stand.

Dates only, grouped as Decision 766/QĐ-TTg groups them: 7, 9 and 10 are finished, 5, 6 and 8 paused, 1 and 3 not taken in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields

from notifier.reminders.reports.sheets import AGENCY, Row, Sheet, clean, number, percent, share, text
from notifier.reminders.reports.units import Agencies

TARGET_PERCENT = 95


@dataclass(frozen=True, slots=True)
class Counts:
    """Dossiers, by how they came and how they ended or stand. The first two together are as many as the others."""

    carried: int = 0
    """Taken in before the period, and not finished before it."""
    received: int = 0
    before: int = 0
    on: int = 0
    late: int = 0
    undated: int = 0
    """Finished, without a due date."""
    running: int = 0
    """Their due date has not passed."""
    running_late: int = 0
    paused: int = 0
    running_undated: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Group:
    """The dossiers of one procedure at one agency; `procedure` is its code, its name as the last event gives it."""

    unit: str | None
    procedure: str
    name: str
    counts: Counts


def sheets(groups: Iterable[Group], agencies: Agencies) -> tuple[Sheet, ...]:
    by_agency: dict[str, Counts] = {}
    by_procedure: dict[tuple[str, str], Counts] = {}
    names: dict[str, str] = {}
    total = Counts()
    for group in groups:
        agency = agencies.named(group.unit).code
        names[group.procedure] = names.get(group.procedure) or clean(group.name)
        by_agency[agency] = by_agency.get(agency, Counts()) + group.counts
        key = (agency, group.procedure)
        by_procedure[key] = by_procedure.get(key, Counts()) + group.counts
        total += group.counts
    return (
        Sheet(
            "agencies",
            "Theo cơ quan",
            (*AGENCY, *FIGURES),
            tuple((*_agency(code, agencies), *_figures(counts)) for code, counts in sorted(by_agency.items())),
            ("Tổng cộng", "", *_figures(total)),
            NOTES,
        ),
        Sheet(
            "procedures",
            "Theo cơ quan và thủ tục",
            (*AGENCY, text("procedure", "Mã thủ tục"), text("procedure_name", "Thủ tục"), *FIGURES),
            tuple(_procedure_rows(by_procedure, names, agencies)),
            ("Tổng cộng", "", "", "", *_figures(total)),
        ),
    )


def _procedure_rows(
    by_procedure: Mapping[tuple[str, str], Counts], names: Mapping[str, str], agencies: Agencies
) -> Iterable[Row]:
    for (agency, procedure), counts in sorted(by_procedure.items()):
        yield (*_agency(agency, agencies), clean(procedure), names[procedure], *_figures(counts))


def _agency(code: str, agencies: Agencies) -> tuple[str, str]:
    return code, clean(agencies.named(code).name)


def _figures(counts: Counts) -> Row:
    in_time = counts.before + counts.on
    percent_ = share(in_time, in_time + counts.late)
    values = [getattr(counts, each.name) for each in fields(Counts)]
    return (*values[:6], percent_, *values[6:])


FIGURES = (
    number("carried", "Kỳ trước chuyển sang"),
    number("received", "Mới nhận"),
    number("before", "Xong trước hạn"),
    number("on", "Xong đúng hạn"),
    number("late", "Xong quá hạn"),
    number("undated", "Xong, không có hạn"),
    percent("on_time_percent", "Đúng hạn (%)"),
    number("running", "Đang xử lý, trong hạn"),
    number("running_late", "Đang xử lý, quá hạn"),
    number("paused", "Tạm dừng"),
    number("running_undated", "Đang xử lý, không có hạn"),
)
NOTES = (
    f"Đúng hạn = (xong trước hạn + xong đúng hạn) ÷ số đã xong có hạn, so theo ngày. Chỉ tiêu: {TARGET_PERCENT} %.",
    "Hạn là ngày hẹn trả đang có hiệu lực; ngày mà thư xin lỗi dời đến không làm hồ sơ thành đúng hạn.",
    "Tạm dừng tính theo trạng thái hiện nay.",
)
