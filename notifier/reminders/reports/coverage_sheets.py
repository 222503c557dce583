"""The tables of the coverage report: in all, by agency, officer and type of event, the reasons, whom Zalo never reached."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from notifier.domain.directory import Officer, officer_code
from notifier.domain.recipients import Audience
from notifier.reminders.reports.coverage import (
    MISSES,
    TIMERS,
    Miss,
    Owed,
    Steps,
    Tally,
    is_covered,
    missed,
    staff_steps,
    total_of,
)
from notifier.reminders.reports.sheets import AGENCY, OFFICER, Row, Sheet, clean, number, percent, share, text
from notifier.reminders.reports.units import UNCODED, Agencies

FIGURES = (
    number("owed", "Lượt phải nhắc"),
    number("covered", "Đã đến qua Zalo"),
    percent("covered_percent", "Tỷ lệ đến (%)"),
    number("missed", "Chưa đến"),
    number("instead", "Chưa đến, nhưng đến bằng kênh khác"),
)
STEPS = (number("steps", "Bước có nêu cán bộ"), number("untold", "Bước không nêu cán bộ"))
WHY = text("main_reason", "Lý do chính")
NOTES = (
    "Mỗi cán bộ được một sự kiện nhắc là một lượt. Kỳ tính theo lúc nhận sự kiện.",
    "Tỷ lệ đến = lượt Zalo báo đã đến hoặc đã xem ÷ lượt phải nhắc. Chỉ tiêu: 100 %.",
    "Lượt gộp vào tin tổng hợp tính theo tin tổng hợp đó. Bước không nêu cán bộ không nằm trong mẫu số.",
)


def sheets(
    by_person: Iterable[Owed],
    by_type: Iterable[Owed],
    steps: Iterable[Steps],
    agencies: Agencies,
    officers: Mapping[str, Officer],
) -> tuple[Sheet, ...]:
    """`officers` are those of the directory who work at these agencies, by their codes."""
    people, types = list(by_person), list(by_type)
    told = staff_steps(steps)
    of_person: dict[tuple[str, str], Tally] = {}
    for owed in people:
        key = (agencies.named(owed.agency).code, "" if _is_uncoded(owed.officer) else officer_code(owed.officer))
        of_person.setdefault(key, Tally()).add(owed)
    return (
        _summary(types, told),
        _by_agency(people, told, agencies),
        _by_officer(of_person, agencies, officers),
        _by_type(types, told),
        _reasons(types),
        _unreached(of_person, agencies, officers),
    )


def _summary(types: list[Owed], told: list[Steps]) -> Sheet:
    groups = {"Bước xử lý hồ sơ": Tally(), "Nhắc hạn": Tally()}
    step, timer = groups.values()
    for owed in types:
        (timer if owed.type.startswith(TIMERS) else step).add(owed)
    for steps in told:
        (timer if steps.type.startswith(TIMERS) else step).add_steps(steps)
    columns = (text("group", "Nhóm"), *STEPS, *FIGURES, number("gathered", "Đã đến trong tin tổng hợp"))

    def row(name: str, tally: Tally) -> Row:
        return (name, tally.told, tally.untold, *tally.figures, tally.gathered)

    total = total_of(types, told)
    return Sheet(
        "summary", "Tổng hợp", columns, tuple(row(*each) for each in groups.items()), row("Tổng cộng", total), NOTES
    )


def _by_agency(people: list[Owed], told: list[Steps], agencies: Agencies) -> Sheet:
    tallies: dict[str, Tally] = {}
    for owed in people:
        tallies.setdefault(agencies.named(owed.agency).code, Tally()).add(owed)
    for steps in told:
        tallies.setdefault(agencies.named(steps.agency).code, Tally()).add_steps(steps)
    rows = [
        (code, clean(agencies.named(code).name), tally.told, tally.untold, *tally.figures, tally.main_miss)
        for code, tally in sorted(tallies.items())
    ]
    total = total_of(people, told)
    last = ("Tổng cộng", "", total.told, total.untold, *total.figures, total.main_miss)
    return Sheet("agencies", "Theo cơ quan", (*AGENCY, *STEPS, *FIGURES, WHY), tuple(rows), last)


def _by_officer(of_person: Mapping[tuple[str, str], Tally], agencies: Agencies, known: Mapping[str, Officer]) -> Sheet:
    rows = [
        (*_who(agency, officer, agencies, known), *tally.figures, tally.main_miss)
        for (agency, officer), tally in sorted(of_person.items())
    ]
    return Sheet("officers", "Theo cán bộ", (*AGENCY, *OFFICER, *FIGURES, WHY), tuple(rows))


def _by_type(types: list[Owed], told: list[Steps]) -> Sheet:
    tallies: dict[str, Tally] = {}
    for owed in types:
        tallies.setdefault(owed.type, Tally()).add(owed)
    for steps in told:
        tallies.setdefault(steps.type, Tally()).add_steps(steps)
    rows = [
        (type_, tally.told, tally.untold, *tally.figures, tally.main_miss) for type_, tally in sorted(tallies.items())
    ]
    return Sheet("types", "Theo loại sự kiện", (text("type", "Loại sự kiện"), *STEPS, *FIGURES, WHY), tuple(rows))


def _reasons(types: list[Owed]) -> Sheet:
    """Every miss under its one reason; which channels reached the officer all the same."""
    counts: Counter[tuple[Miss, str]] = Counter()
    instead: dict[tuple[Miss, str], Counter[str]] = {}
    for owed in types:
        if not is_covered(owed.fact):
            key = (missed(owed.fact), clean(owed.fact.code))
            counts[key] += owed.count
            if owed.fact.instead:
                instead.setdefault(key, Counter())[owed.fact.instead] += owed.count
    missing = counts.total()
    columns = (
        text("reason", "Lý do"),
        text("code", "Mã của nhà cung cấp"),
        number("missed", "Lượt chưa đến"),
        percent("missed_percent", "Trong số chưa đến (%)"),
        number("instead", "Đến bằng kênh khác"),
        text("channels", "Kênh khác"),
    )
    rows = []
    for key, count in counts.most_common():
        ways = instead.get(key, Counter[str]())
        named = ", ".join(f"{channel}: {reached}" for channel, reached in ways.most_common())
        rows.append((MISSES[key[0]], key[1], count, share(count, missing), ways.total(), named))
    reached = sum(ways.total() for ways in instead.values())
    total = ("Tổng cộng", "", missing, share(missing, missing), reached, "")
    return Sheet("reasons", "Lý do chưa đến", columns, tuple(rows), total)


def _unreached(of_person: Mapping[tuple[str, str], Tally], agencies: Agencies, known: Mapping[str, Officer]) -> Sheet:
    """Officers whom Zalo has not reached once, and those of the directory who have no Zalo link."""
    reached = {officer for (_, officer), tally in of_person.items() if tally.covered}
    waiting = {key: tally for key, tally in of_person.items() if key[1] not in reached}
    named = {officer for _, officer in waiting}
    for officer in known.values():
        if not officer.zalo and officer.code not in reached | named:
            waiting[agencies.named(officer.unit).code, officer.code] = Tally()
    columns = (*AGENCY, *OFFICER, text("linked", "Liên kết Zalo"), number("owed", "Lượt phải nhắc"), WHY, FIGURES[-1])
    rows = [
        (*_who(*key, agencies, known), _linked(known.get(key[1])), tally.owed, tally.main_miss, tally.instead)
        for key, tally in sorted(waiting.items())
    ]
    notes = ("Cán bộ chưa nhận được tin Zalo nào trong kỳ, và cán bộ trong danh bạ chưa liên kết Zalo.",)
    return Sheet("unreached", "Cán bộ chưa nhận Zalo", columns, tuple(rows), notes=notes)


def _linked(officer: Officer | None) -> str:
    if officer is None:
        return "không có trong danh bạ"
    return "có" if officer.zalo else "chưa"


def _who(agency: str, officer: str, agencies: Agencies, known: Mapping[str, Officer]) -> Row:
    name = known[officer].name if officer in known else "" if officer else UNCODED
    return (agency, clean(agencies.named(agency).name), clean(officer), clean(name))


def _is_uncoded(ref: str) -> bool:
    """Whether a person was told whom the event gives no code."""
    return re.fullmatch(rf"(?:{'|'.join(Audience)})-\d+", ref) is not None
