"""What `notifier dead` says around the letters: headings, sums, stories; Vietnamese and English."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from notifier.audit.dead import Action, Group, Item, Kind, Letter, StuckEvent, masked
from notifier.audit.dead_advice import KEPT, Kept
from notifier.audit.dead_report import call_lines, clock, group_lines, item_lines, kept_lines
from notifier.audit.timeline import render_text
from notifier.domain.ids import ProviderName
from notifier.domain.receipts import ReceiptFact
from notifier.store.dead import COUNTED_MOST
from workers.steps.dead import Report
from workers.steps.dead_story import Story

KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.DELIVERY: ("tin không đến được người nhận", "dead letters"),
    Kind.EVENT: ("sự kiện không đọc được", "events that cannot be routed"),
    Kind.RECEIPT: ("biên nhận không thuộc tin nào", "receipts without a delivery"),
}
TEXTS: Mapping[str, tuple[str, str]] = {
    "none": ("Không có {kind}.", "There are no {kind}."),
    "total": ("{number} {kind}", "{number} {kind}"),
    "capped": (
        "Ít nhất {number} {kind}; chỉ đếm {number} tin mới nhất",
        "At least {number} {kind}; only the newest {number} are counted",
    ),
    "newest": ("{number} mới nhất:", "The newest {number}:"),
    "chosen": ("{number} {kind} được chọn theo mã số.", "{number} {kind} are named by their ids."),
    "would_retry": ("Sẽ làm lại: {done} trong số {found}.", "Would be done again: {done} of {found}."),
    "would_drop": ("Sẽ bỏ: {done} trong số {found}.", "Would be dropped: {done} of {found}."),
    "did_retry": ("Đã cho làm lại: {done} trong số {found}.", "Done again: {done} of {found}."),
    "did_drop": ("Đã bỏ: {done} trong số {found}.", "Dropped: {done} of {found}."),
    "kept": ("Để nguyên:", "Left as they are:"),
    "dry": ("Chạy thử, chưa thay đổi gì.", "A dry run: nothing was changed."),
    "more": ("Còn nữa: đã dừng ở --limit.", "There may be more: it ended at --limit."),
    "ask_retry": ("Làm lại {done} {kind}?", "Do {done} {kind} again?"),
    "ask_drop": ("Bỏ {done} {kind}? Không lấy lại được.", "Drop {done} {kind}? They cannot be had back."),
    "story": ("Diễn biến", "Story"),
    "calls": ("Các lần gọi nhà cung cấp", "Calls to providers"),
    "can": ("Có thể làm", "What can be done"),
    "retry": (
        "retry: gửi lại trong giờ cho phép qua {way}, hạn mới {until}.",
        "retry: sent again by {way} within the hours allowed, with the new deadline {until}.",
    ),
    "retry_not": ("retry: không gửi lại, vì {why}.", "retry: it would be kept, because {why}."),
    "retry_reached": (
        "retry: không gửi lại, vì {why}; gửi bằng được thì thêm --reached-too.",
        "retry: it would be kept, because {why}; --reached-too sends it all the same.",
    ),
    "drop": ("drop: chuyển thành “đã hủy”, không gửi nữa.", "drop: it becomes cancelled and is never sent."),
    "route": (
        "retry: định tuyến lại từ đầu (--kind event), sau khi sửa nguyên nhân.",
        "retry: routed anew (--kind event), once the cause is mended.",
    ),
    "read": (
        "retry: đọc lại từ đầu (--kind receipt).",
        "retry: read anew (--kind receipt).",
    ),
    "says": ("Nội dung biên nhận: {kind}, mã tin {reference}", "It says: {kind}, message {reference}"),
}


def said(key: str, locale: str, **values: object) -> str:
    return TEXTS[key][_column(locale)].format(**values)


def kind_name(kind: Kind, locale: str) -> str:
    return KINDS[kind][_column(locale)]


def _column(locale: str) -> int:
    return 0 if locale == "vi" else 1


def overview(kind: Kind, groups: Sequence[Group], locale: str) -> Iterator[str]:
    """The counts, with their sum."""
    number = sum(group.letters for group in groups)
    if not number:
        yield said("none", locale, kind=kind_name(kind, locale))
        return
    key = "capped" if number >= COUNTED_MOST else "total"
    yield said(key, locale, number=number, kind=kind_name(kind, locale))
    yield ""
    yield from group_lines(groups, locale)


def listing(items: Sequence[Item], deduplicating: Collection[ProviderName], locale: str) -> Iterator[str]:
    for item in items:
        yield ""
        yield from item_lines(item, deduplicating, locale)


def outcome(action: Action, report: Report, locale: str, *, would: bool) -> Iterator[str]:
    """What was done or would be, and what was kept and why."""
    key = f"{'would' if would else 'did'}_{action.value}"
    yield said(key, locale, done=report.done, found=report.found)
    if any(report.kept.values()):
        yield said("kept", locale)
        yield from kept_lines(report.kept, locale)
    if report.more:
        yield said("more", locale)


def told(story: Story, deduplicating: Collection[ProviderName], locale: str) -> Iterator[str]:
    """One letter with everything that is known of it."""
    yield from item_lines(story.item, deduplicating, locale)
    for fact in story.facts:
        yield f"    {_says(fact, locale)}"
    if story.rows:
        yield from ("", said("story", locale))
        yield from (f"  {line}" for line in render_text(story.rows, locale).splitlines())
    if story.calls:
        yield from ("", said("calls", locale))
        yield from call_lines(story.calls, locale)
    yield from ("", said("can", locale))
    yield from (f"    {line}" for line in _chances(story, locale))


def _says(fact: ReceiptFact, locale: str) -> str:
    reference = str(fact.delivery_id) if fact.delivery_id else masked(fact.reference or "-")
    return said("says", locale, kind=fact.kind.value, reference=reference)


def _chances(story: Story, locale: str) -> Iterator[str]:
    match story.item:
        case Letter() if story.prospect:
            against = story.prospect.against
            why = KEPT[against][_column(locale)] if against else ""
            way = story.item.provider if story.item.may_be_taken else story.item.channel
            key = (
                "retry"
                if not against
                else "retry_reached"
                if against in {Kept.REACHED, Kept.UNDER_WAY}
                else "retry_not"
            )
            yield said(key, locale, why=why, way=way, until=clock(story.prospect.until))
            yield said("drop", locale)
        case StuckEvent():
            yield said("route", locale)
        case _:
            yield said("read", locale)
