"""The rule set in words: who hears of what, by which ways, when, and what else holds; in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import EventType
from notifier.domain.reasons import AUDIENCES
from notifier.domain.recipients import Audience
from notifier.domain.timers import Clock
from notifier.routing.rules import Rules
from notifier.routing.tables import Gather, Rule, Tell, TimerTable, Track, Working
from notifier.web.pages.console.words import EVENTS, event_name

Words = tuple[str, str]
URGENCIES: dict[Urgency, Words] = {
    Urgency.URGENT: ("khẩn", "urgent"),
    Urgency.NORMAL: ("thường", "normal"),
    Urgency.BULK: ("không gấp", "bulk"),
}
CLOCKS: dict[Clock, Words] = {
    Clock.FILED: ("từ khi nộp trực tuyến, khi chưa được trả lời", "from filing online, while it is not answered"),
    Clock.STEP_DUE: ("đến hạn của bước", "to the end of the step"),
    Clock.DUE: ("đến ngày hẹn trả", "to the due date"),
    Clock.DUE_WITHOUT_LETTER: (
        "đến ngày hẹn trả, khi chưa có thư xin lỗi",
        "to the due date, without a letter of apology",
    ),
    Clock.SUPPLEMENT_DUE: ("đến hạn bổ sung", "to the end of the time to supplement"),
    Clock.UNPAID: ("từ khi yêu cầu nộp tiền, khi chưa nộp", "from the request to pay, while it is unpaid"),
    Clock.RESULT_WAITS: ("từ khi có kết quả, khi chưa nhận", "from the result, while it is not fetched"),
}
NEVER: Words = ("không nhắc", "never")
TRACKS: dict[Track, Words] = {
    Track.STATUS: ("trạng thái hồ sơ", "status of the dossier"),
    Track.APPOINTMENT: ("lịch hẹn", "appointment"),
    Track.POST: ("bưu chính", "post"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One audience of a rule."""

    audience: Words
    send: tuple[str, ...]
    fallback: tuple[str, ...]
    urgency: Words
    hours: Words
    notes: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Row:
    type: EventType
    name: Words
    told: tuple[Told, ...]
    notes: tuple[Words, ...]


def table(rules: Rules) -> Iterator[Row]:
    """Every type of event that has a rule, in the order of a dossier's life."""
    order = list(EVENTS)
    for type_ in sorted(rules.rules, key=lambda each: order.index(each) if each in order else len(order)):
        rule = rules.rules[type_]
        timer = rules.timers.get(type_)
        notes = [*([_timer(timer)] if timer else []), *_notes(rule)]
        yield Row(type_, event_name(type_), tuple(_told(tell, rule, rules) for tell in rule.tell), tuple(notes))


def _told(tell: Tell, rule: Rule, rules: Rules) -> Told:
    urgency = tell.urgency or rule.urgency
    notes: list[Words] = []
    if tell.gather is Gather.MERGE:
        minutes = rules.gathering.merge_minutes
        notes.append((f"gộp tin trong {minutes} phút", f"put together within {minutes} minutes"))
    elif tell.gather is Gather.DIGEST:
        at = ", ".join(f"{each:%H:%M}" for each in rules.gathering.digest_at)
        notes.append((f"gộp vào tin tổng hợp lúc {at}", f"in the digest of {at}"))
    if tell.from_number > 1:
        notes.append((f"từ lần nhắc thứ {tell.from_number}", f"from reminder {tell.from_number} on"))
    return Told(
        AUDIENCES[tell.to], tell.send, tell.fallback, URGENCIES[urgency], hours(rules, tell.to, urgency), tuple(notes)
    )


def hours(rules: Rules, audience: Audience, urgency: Urgency) -> Words:
    """When people of this audience may be disturbed."""
    found = rules.sending_hours(audience, urgency)
    if found is None:
        return "giờ nào cũng gửi", "at any hour"
    if isinstance(found, Working):
        return "trong giờ làm việc", "in working hours"
    span = f"{found.opens:%H:%M}–{found.closes:%H:%M}"
    return (f"sáng hôm sau, {span}", f"the next morning, {span}") if found.next_morning else (span, span)


def _notes(rule: Rule) -> Iterator[Words]:
    if rule.track:
        vi, en = TRACKS[rule.track]
        yield (
            f"tin mới hơn về {vi} thay tin chưa gửi cho công dân",
            f"a later one ({en}) replaces what the citizen was not sent yet",
        )
    if rule.first_time_only:
        yield "công dân chỉ được báo lần đầu", "citizens are told the first time only"
    if rule.until_appointment:
        yield "không gửi nữa khi đã đến giờ hẹn", "useless once the appointment has begun"
    if not rule.linked_sources_tell:
        yield "vẫn gửi dù hệ thống liên thông đã báo", "sent even where a linked system tells the citizen"


def timers_changed(old: Rules, new: Rules) -> list[tuple[Words, Words, Words]]:
    """Of each type of reminder that would be due at other moments: its name, when it is due now, and when it would be."""
    found = []
    for type_ in dict.fromkeys((*old.timers, *new.timers)):
        was, will = (_timer(rules.timers[type_]) if type_ in rules.timers else NEVER for rules in (old, new))
        if was != will:
            found.append((event_name(type_), was, will))
    return found


def _timer(timer: TimerTable) -> Words:
    """When a reminder is due."""
    vi, en = CLOCKS[timer.clock]
    if timer.limit_working_hours is not None:
        limit = f"{timer.limit_working_hours:g}"
        vi, en = f"{vi}, chưa đủ {limit} giờ làm việc", f"{en}, before {limit} working hours are over"

    def listed(values: tuple[float, ...]) -> str:
        return ", ".join(f"{value:g}" for value in values)

    ways: tuple[tuple[tuple[float, ...], Words], ...] = (
        (timer.after_working_hours, ("sau {} giờ làm việc", "after {} working hours")),
        (timer.before_working_hours, ("trước {} giờ làm việc", "{} working hours before")),
        (timer.before_working_days, ("trước {} ngày làm việc", "{} working days before")),
        (timer.before_days, (f"trước {{}} ngày, lúc {timer.at:%H:%M}", f"{{}} days before, at {timer.at:%H:%M}")),
        (timer.after_days, (f"sau {{}} ngày, lúc {timer.at:%H:%M}", f"after {{}} days, at {timer.at:%H:%M}")),
    )
    for values, (when_vi, when_en) in ways:
        if values:
            return f"{vi}: {when_vi.format(listed(values))}", f"{en}: {when_en.format(listed(values))}"
    return f"{vi}: mỗi ngày làm việc sau hạn, lúc {timer.at:%H:%M}", f"{en}: every working day after, {timer.at:%H:%M}"
