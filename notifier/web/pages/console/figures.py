"""What each figure of a report means, for people at the console: docs/reference/reports.md in a line, both languages.

The titles in Vietnamese are those of the report itself; here stands the English one beside each meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from notifier.reminders.reports.periods import Period, PeriodKind
from notifier.reminders.reports.question import ReportName


@dataclass(frozen=True, slots=True)
class Figure:
    """`english` is its title; `vi` and `en` say what it counts."""

    english: str
    vi: str
    en: str


REPORTS: Mapping[ReportName, tuple[tuple[str, str], tuple[str, str]]] = {
    ReportName.COVERAGE: (
        ("Nhắc việc cán bộ qua Zalo", "Officers reminded by Zalo"),
        (
            "Mỗi bước phải đến cán bộ và lãnh đạo qua Zalo: đến bao nhiêu, vì sao chưa đến.",
            "Every step is to reach officers and heads by Zalo: how many did, and why others did not.",
        ),
    ),
    ReportName.ACCEPTANCE: (
        ("Tiếp nhận hồ sơ trực tuyến trong 8 giờ làm việc", "Online dossiers answered within 8 working hours"),
        (
            "Hồ sơ nộp trực tuyến được trả lời trong 8 giờ làm việc hay không.",
            "Whether online dossiers were answered in time.",
        ),
    ),
    ReportName.APOLOGIES: (
        ("Thư xin lỗi hồ sơ trễ hạn", "Letters of apology for late dossiers"),
        ("Hồ sơ trễ hạn có thư xin lỗi đúng lúc hay không.", "Whether late dossiers had their letter in time."),
    ),
    ReportName.ON_TIME: (
        ("Giải quyết hồ sơ đúng hạn", "Dossiers finished on time"),
        (
            "Hồ sơ xong trước, đúng và quá hạn; hồ sơ còn đang giải quyết.",
            "Dossiers finished before, on and after their due date; those that still run.",
        ),
    ),
    ReportName.LATE_LIST: (
        ("Danh sách trễ hạn", "Late list"),
        ("Cơ quan và cán bộ có hồ sơ trễ hạn trong kỳ.", "Agencies and officers with late dossiers in the period."),
    ),
}
"""Title, and what it answers."""

SHEETS: Mapping[str, str] = {
    "summary": "In all",
    "agencies": "By agency",
    "officers": "By officer",
    "types": "By type of event",
    "reasons": "Why not",
    "unreached": "Officers whom Zalo has not reached",
    "dossiers": "Single dossiers",
    "procedures": "By agency and procedure",
}

PLOTS: Mapping[ReportName, tuple[tuple[str, str], ...]] = {
    ReportName.COVERAGE: (("covered", "good"), ("missed", "stop")),
    ReportName.ACCEPTANCE: (("in_time", "good"), ("open", "quiet"), ("late", "wait"), ("overdue", "stop")),
    ReportName.APOLOGIES: (("in_time", "good"), ("late", "wait"), ("none", "stop")),
    ReportName.ON_TIME: (("before", "good"), ("on", "mark"), ("late", "wait"), ("running_late", "stop")),
    ReportName.LATE_LIST: (("finished", "wait"), ("open", "stop")),
}
"""The figures of the agencies that are drawn, each with its tone."""

_COVERAGE = {
    "steps": Figure(
        "Steps that name an officer",
        "Sự kiện nhận trong kỳ mà cán bộ phải được báo và có nêu cán bộ.",
        "Events received in the period that officers are told of, and that name one.",
    ),
    "untold": Figure(
        "Steps that name nobody",
        "Sự kiện như vậy mà không nêu ai, nên không có ai để nhắc; không nằm trong mẫu số.",
        "Such events that named nobody, so nobody was there to tell; in no denominator.",
    ),
    "owed": Figure(
        "To be told",
        "Mỗi cán bộ phải được báo một sự kiện là một lượt; tin tổng hợp không phải là một lượt.",
        "One for each officer who was to be told of an event; a digest is none itself.",
    ),
    "covered": Figure(
        "Reached by Zalo",
        "Zalo báo tin đã đến hoặc đã xem; lượt gộp tính theo tin tổng hợp.",
        "The Zalo message is delivered or read; what was gathered stands as its digest does.",
    ),
    "covered_percent": Figure(
        "Reached (%)", "Đã đến qua Zalo ÷ lượt phải nhắc. Chỉ tiêu: 100 %.", "Reached ÷ to be told. Target: 100 %."
    ),
    "missed": Figure(
        "Not reached", "Mọi lượt còn lại, mỗi lượt có đúng một lý do.", "Every other, for one reason each."
    ),
    "instead": Figure(
        "Reached otherwise",
        "Chưa đến qua Zalo, nhưng SMS hoặc thư điện tử chắc chắn đã đến.",
        "Missed by Zalo, and SMS or mail is proven to have arrived.",
    ),
    "gathered": Figure(
        "Reached in a digest", "Trong số đã đến: lượt đến trong tin tổng hợp.", "Of those reached: told in a digest."
    ),
    "missed_percent": Figure("Of those missed (%)", "Trong số lượt chưa đến.", "Of all that were missed."),
}
_ACCEPTANCE = {
    "filed": Figure(
        "Filed online", "Hồ sơ nộp trực tuyến (KenhThucHien 2) trong kỳ.", "Dossiers filed online in the period."
    ),
    "in_time": Figure(
        "Within 8 hours",
        "Trả lời (tiếp nhận, từ chối, yêu cầu bổ sung hay nộp phí) trong 8 giờ làm việc kể từ khi nộp.",
        "Answered (accepted, refused, more papers or a fee asked for) within 8 working hours of filing.",
    ),
    "late": Figure("After 8 hours", "Trả lời, nhưng sau 8 giờ làm việc.", "Answered, after more than 8 working hours."),
    "overdue": Figure(
        "Not answered, over", "Chưa trả lời và đã quá 8 giờ làm việc.", "Not answered, and the 8 hours are over."
    ),
    "in_time_percent": Figure(
        "In time (%)",
        "Trả lời trong 8 giờ ÷ (trong 8 giờ + sau 8 giờ + chưa trả lời đã quá 8 giờ).",
        "Within 8 hours ÷ (within + after + not answered and over).",
    ),
    "open": Figure("Not answered, time left", "Chưa trả lời và còn giờ.", "Not answered, within its hours still."),
    "withdrawn": Figure("Withdrawn", "Công dân rút trước khi có trả lời.", "Withdrawn before any answer."),
    "uncounted": Figure("Not counted", "Lịch làm việc của năm ấy chưa có.", "The calendar of that year is missing."),
    "hours": Figure(
        "Working hours passed", "Từ khi nộp đến khi trả lời, hoặc đến nay.", "From filing to answer, or now."
    ),
}
_APOLOGIES = {
    "due": Figure(
        "Due",
        "Ngày hẹn trả trong kỳ; ngày có thư xin lỗi dời đi thì lấy ngày cũ.",
        "The due date lies in the period; where a letter moved it, the one before counts.",
    ),
    "finished": Figure("Finished by then", "Xong muộn nhất vào ngày hẹn trả.", "Finished on the day or before."),
    "needed": Figure("Needed a letter", "Đến hạn mà chưa xong.", "Due and not finished."),
    "in_time": Figure(
        "Letter in time",
        "Thư đề ngày muộn nhất là ngày làm việc liền trước ngày hẹn trả.",
        "Dated the last working day before the due date, or earlier.",
    ),
    "late": Figure("Letter late", "Có thư, nhưng muộn hơn.", "There is a letter, and it came later."),
    "none": Figure("No letter", "Không có thư xin lỗi.", "There is no letter of apology."),
    "in_time_percent": Figure("In time (%)", "Xin lỗi đúng hạn ÷ phải xin lỗi.", "Letter in time ÷ needed a letter."),
    "paused": Figure("Paused", "Tạm dừng từ trước ngày hẹn trả.", "Paused since the due date or before."),
    "not_due_yet": Figure("Not due yet", "Chưa xong, ngày hẹn trả chưa qua.", "Not finished, the day is not over."),
    "uncounted": _ACCEPTANCE["uncounted"],
}
_ON_TIME = {
    "carried": Figure(
        "Carried over",
        "Nhận trước kỳ và chưa xong khi kỳ bắt đầu.",
        "Taken in before the period, not finished by then.",
    ),
    "received": Figure("Received", "Nhận trong kỳ.", "Taken in during the period."),
    "before": Figure("Before the due date", "Xong trong kỳ, trước ngày hẹn trả.", "Finished before the due date."),
    "on": Figure("On the due date", "Xong đúng ngày hẹn trả.", "Finished on the day of the due date."),
    "late": Figure("Late", "Xong sau ngày hẹn trả.", "Finished after the due date."),
    "undated": Figure("Without a due date", "Xong, chưa từng có ngày hẹn trả.", "Finished; no date was ever given."),
    "on_time_percent": Figure(
        "On time (%)",
        "(Trước hạn + đúng hạn) ÷ số đã xong có hạn. Chỉ tiêu: 95 %.",
        "(Before + on) ÷ all finished with a due date. Target: 95 %.",
    ),
    "running": Figure("Running", "Chưa xong, chưa đến hạn.", "Not finished; its due date has not passed."),
    "running_late": Figure("Running late", "Chưa xong, đã quá hạn.", "Not finished; its due date has passed."),
    "paused": Figure("Paused", "Chưa xong và đang tạm dừng.", "Not finished, and paused."),
    "running_undated": Figure("Running, no date", "Chưa xong, không có hạn.", "Not finished, without a due date."),
}
_LATE_LIST = {
    "late": Figure(
        "Late dossiers",
        "Có lúc trễ hạn trong kỳ: xong sau hạn, hoặc chưa xong, không tạm dừng và đã quá hạn.",
        "Late at some time in the period: finished after the due date, or not finished, not paused and past it.",
    ),
    "finished": Figure("Finished", "Trong số đó: đã xong.", "Of those: finished."),
    "open": Figure("Not finished", "Trong số đó: chưa xong.", "Of those: not finished."),
    "mean_days": Figure(
        "Days late on average", "Ngày theo lịch từ ngày hẹn trả đến ngày xong, hoặc hôm nay.", "Calendar days to the end, or today."
    ),
    "most_days": Figure("Most days late", "Lâu nhất trong số đó.", "The longest of those."),
    "days_late": Figure("Days late", "Ngày theo lịch từ ngày hẹn trả đến ngày xong, hoặc hôm nay.", "Calendar days to the end, or today."),
}  # fmt: skip
FIGURES: Mapping[ReportName, Mapping[str, Figure]] = {
    ReportName.COVERAGE: _COVERAGE,
    ReportName.ACCEPTANCE: _ACCEPTANCE,
    ReportName.APOLOGIES: _APOLOGIES,
    ReportName.ON_TIME: _ON_TIME,
    ReportName.LATE_LIST: _LATE_LIST,
}
"""Every number of every report."""

NAMES: Mapping[str, str] = {
    "agency": "Code",
    "agency_name": "Agency",
    "officer": "Account",
    "officer_name": "Officer",
    "group": "Group",
    "type": "Type of event",
    "reason": "Reason",
    "main_reason": "Main reason",
    "code": "Provider's code",
    "channels": "Other ways",
    "linked": "Zalo link",
    "source": "System",
    "dossier": "Dossier",
    "procedure": "Procedure",
    "procedure_name": "Procedure",
    "filed_at": "Filed",
    "answered_at": "Answered",
    "due": "Due",
    "letter": "Letter",
    "ended": "Finished",
    "officers": "Accounts",
    "officer_names": "Officers",
}
"""English titles of the columns that say of what a row is."""

KINDS: Mapping[PeriodKind, tuple[str, str]] = {
    PeriodKind.KY21_20: ("Kỳ báo cáo 21–20", "Reporting month, 21st to 20th"),
    PeriodKind.MONTH: ("Tháng", "Month"),
    PeriodKind.QUARTER: ("Quý", "Quarter"),
    PeriodKind.QUARTER_15_14: ("Quý 15–14", "Quarter, 15th to 14th"),
    PeriodKind.WEEK: ("Tuần", "Week"),
}


def period_words(period: Period) -> tuple[str, str]:
    """A period in both languages."""
    return period.text, f"{period.name} ({period.first:%d/%m/%Y}–{period.last:%d/%m/%Y})"
