"""What needs a human, from how the service stands: why, since when, and what to do. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from notifier.delivery.gate import Circuit
from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import Urgency
from notifier.domain.hours import clock_text
from notifier.domain.reasons import ReasonCode
from notifier.store.accounts import ENDS_SOON
from notifier.store.pauses import Kind
from notifier.store.providers import Standing
from notifier.web.pages.console import attention_lost
from notifier.web.pages.console.finding import Finding, Weight
from notifier.web.pages.console.snapshot import Snapshot

OPEN_LONG = timedelta(minutes=5)
"""A provider that has taken nothing for so long, though it was called, does not come back by itself any moment."""
TRIPS_MANY = 3
"""Openings in a row after which one is told of that has taken nothing all day."""
WAITS_LONG: Mapping[Urgency, timedelta] = {
    Urgency.URGENT: timedelta(minutes=1),
    Urgency.NORMAL: timedelta(minutes=5),
    Urgency.BULK: timedelta(minutes=30),
}
"""What is due longer than that is in nobody's hands."""
QUOTA_LOW = 0.1
LANES: Mapping[Urgency, tuple[str, str]] = {
    Urgency.URGENT: ("khẩn", "urgent"),
    Urgency.NORMAL: ("thường", "normal"),
    Urgency.BULK: ("không gấp", "bulk"),
}
_SPENT = {ReasonCode.PROVIDER_QUOTA_SPENT, ReasonCode.PROVIDER_DAY_SPENT}


def findings(now: Snapshot) -> list[Finding]:
    """What needs a human, the worst first, within that the oldest."""
    found = [finding for look in _LOOKS for finding in look(now)]
    return sorted(found, key=lambda each: (each.weight is not Weight.STOP, each.since is None, each.since or now.at))


def _processes(now: Snapshot) -> Iterator[Finding]:
    if now.workers is None:
        yield Finding(
            Weight.STOP,
            ("Không kết nối được Redis", "Redis cannot be reached"),
            ("Sự kiện vẫn được lưu. Kiểm tra Redis; khi có lại, mọi việc tự chạy tiếp.",
             "Events are kept. Check Redis; once it is back all goes on by itself."),
        )  # fmt: skip
    for lane in (lane for lane, number in (now.workers or {}).items() if not number):
        vietnamese, english = LANES[lane]
        yield Finding(
            Weight.STOP,
            (f"Không có tiến trình nào phục vụ hàng đợi {vietnamese}", f"No worker serves the lane {english}"),
            (f"Khởi động lại: notifier worker {lane}", f"Start one: notifier worker {lane}"),
        )
    if now.processes.leader is None:
        yield Finding(
            Weight.STOP,
            ("Không có tiến trình điều phối", "No dispatcher leads"),
            ("Khởi động: notifier dispatcher. Thiếu nó, việc đến giờ không ai gọi.",
             "Start one: notifier dispatcher. Without it nothing that becomes due is rung for."),
        )  # fmt: skip


def _late(now: Snapshot) -> Iterator[Finding]:
    """What waits too long though nobody paused it."""
    paused = {pause.name for pause in now.pauses if pause.kind is Kind.SOURCE}
    for lane in Urgency:
        rows = [each for each in now.waiting if each.lane is lane and (each.kind, each.source) not in
                {("event", name) for name in paused}]  # fmt: skip
        late = [each for each in rows if now.at - each.oldest > WAITS_LONG[lane]]
        if late:
            number, (vietnamese, english) = sum(each.rows for each in late), LANES[lane]
            yield Finding(
                Weight.STOP if lane is Urgency.URGENT else Weight.WAIT,
                (f"{number} việc chờ quá lâu ở hàng đợi {vietnamese}", f"{number} wait too long in the lane {english}")
                if number
                else (f"Hàng đợi {vietnamese} của toàn tỉnh chậm", f"The lane {english} of the whole province is slow"),
                ("Xem nhà cung cấp nào đang ngừng, và có đủ tiến trình không.",
                 "See which provider is shut, and whether there are enough workers."),
                min(each.oldest for each in late),
                "/console/providers",
            )  # fmt: skip


def _providers(now: Snapshot) -> Iterator[Finding]:
    for standing in now.standings:
        state, name = standing.state, standing.state.name
        link = f"/console/providers#{name}"
        if state.circuit is Circuit.PAUSED:
            yield Finding(
                Weight.WAIT,
                (f"{name} đang tạm dừng", f"{name} is paused"),
                ("Cho chạy lại khi lý do tạm dừng đã hết.", "Resume it once the reason for it is gone."),
                standing.changed_at,
                link,
            )
        elif standing.reason and standing.reason.code in _SPENT and not state.passes():
            until = clock_text(state.until) if state.until else "?"
            yield Finding(
                Weight.STOP,
                (f"{name} đã hết số tin trong ngày", f"{name} has used up its messages of the day"),
                (f"Tin chờ đến {until}, hoặc mua thêm rồi cho chạy lại.",
                 f"Messages wait until {until}; or buy more, then resume it."),
                standing.changed_at,
                link,
            )  # fmt: skip
        elif _is_open_long(standing, now):
            yield Finding(
                Weight.STOP,
                (f"{name} không nhận tin", f"{name} takes no messages"),
                ("Gọi nhà cung cấp, hoặc ưu tiên nhà cung cấp khác.", "Call the provider, or prefer another one."),
                now.accepted_last.get(name, standing.changed_at),
                link,
            )
        elif standing.remaining is not None and standing.daily and standing.remaining < QUOTA_LOW * standing.daily:
            yield Finding(
                Weight.WAIT,
                (f"{name} chỉ còn {standing.remaining}/{standing.daily} tin hôm nay",
                 f"{name} has {standing.remaining} of {standing.daily} messages left today"),
                ("Mua thêm, hoặc ưu tiên nhà cung cấp khác.", "Buy more, or prefer another provider."),
                standing.remaining_at,
                link,
            )  # fmt: skip


def _is_open_long(standing: Standing, now: Snapshot) -> bool:
    state = standing.state
    if state.passes() or state.circuit is Circuit.PAUSED or not state.trips:
        return False
    took = now.accepted_last.get(state.name)
    return now.at - took > OPEN_LONG if took else state.trips >= TRIPS_MANY


def _receipts(now: Snapshot) -> Iterator[Finding]:
    for name, figures in now.receipts.items():
        if figures.is_slow:
            yield Finding(
                Weight.WAIT,
                (f"{figures.late}/{figures.taken} tin của {name} thiếu biên nhận đúng hạn",
                 f"{figures.late} of {figures.taken} messages by {name} lack a receipt in time"),
                ("Kiểm tra địa chỉ webhook ở nhà cung cấp.", "Check the webhook address at the provider."),
                link=f"/console/providers#{name}",
            )  # fmt: skip
    if now.unread.first and now.at - now.unread.first > WAITS_LONG[Urgency.NORMAL]:
        yield Finding(
            Weight.WAIT,
            ("Biên nhận của toàn tỉnh chờ đọc quá lâu", "Receipts of the whole province wait too long to be read")
            if now.within.named
            else (f"{now.unread.times} biên nhận chờ đọc", f"{now.unread.times} receipts wait to be read"),
            ("Xem hàng đợi thường có tiến trình không.", "See whether the lane normal has workers."),
            now.unread.first,
        )
    if now.orphaned.times:
        yield Finding(
            Weight.WAIT,
            (f"{now.orphaned.times} biên nhận không khớp tin nào", f"{now.orphaned.times} receipts fit no message"),
            ("Có thể nhà cung cấp gửi nhầm hệ thống.", "Perhaps they are meant for another system."),
            now.orphaned.first,
            "/console/dead?kind=receipt",
        )


def _grants(now: Snapshot) -> Iterator[Finding]:
    today = now.at.astimezone(VIETNAM).date()
    consent = (
        "Quản trị viên OA đồng ý lại: notifier zalo connect",
        "An administrator of the account consents again: notifier zalo connect",
    )
    for grant in now.grants:
        name, record = grant.provider, grant.account
        if grant.rotated_at is None:
            yield Finding(Weight.STOP, (f"{name}: chưa được cấp quyền", f"{name}: no grant is stored"), consent)
        elif grant.lost:
            yield Finding(
                Weight.STOP, (f"{name}: mất quyền gửi Zalo", f"{name}: the grant is gone"), consent, grant.rotated_at
            )
        elif grant.ends_at and grant.ends_at - now.at < ENDS_SOON:
            ends = clock_text(grant.ends_at)
            yield Finding(
                Weight.WAIT, (f"{name}: quyền gửi Zalo hết hạn {ends}", f"{name}: the grant ends {ends}"), consent
            )
        if record.is_verified is False:
            yield Finding(
                Weight.STOP,
                (f"{name}: OA chưa xác thực", f"{name}: the account is not verified"),
                ("Xác thực OA với Zalo; trước đó mẫu tin bị từ chối.", "Verify it; until then templates are refused."),
            )
        if record.package_until and record.ends_soon(today):
            yield Finding(
                Weight.WAIT,
                (f"{name}: gói OA hết hạn {record.package_until:%d/%m/%Y}",
                 f"{name}: its package ends on {record.package_until:%d/%m/%Y}"),
                ("Gia hạn gói với Zalo.", "Renew it with Zalo."),
            )  # fmt: skip


def _pauses(now: Snapshot) -> Iterator[Finding]:
    for pause in now.pauses:
        what = (
            (f"Nguồn {pause.name} đang tạm dừng: sự kiện chờ", f"The source {pause.name} is paused: its events wait")
            if pause.kind is Kind.SOURCE
            else (f"Kênh {pause.name} đang tạm dừng: tin chờ", f"The channel {pause.name} is paused: its messages wait")
        )
        todo = (
            (f"Lý do: {pause.why}. Cho chạy lại khi xong.", f"Reason: {pause.why}. Resume it when that is over.")
            if pause.until is None
            else (
                f"Lý do: {pause.why}. Tự chạy lại lúc {clock_text(pause.until)}.",
                f"Reason: {pause.why}. It is resumed by itself at {clock_text(pause.until)}.",
            )
        )
        yield Finding(Weight.WAIT, what, todo, pause.since, f"/console/providers#{pause.kind}-{pause.name}")


def _calendar(now: Snapshot) -> Iterator[Finding]:
    for year in now.years_missing:
        is_now = year == now.at.astimezone(VIETNAM).year
        yield Finding(
            Weight.STOP if is_now else Weight.WAIT,
            (f"Thiếu lịch làm việc năm {year}", f"The calendar of {year} is missing"),
            ("Nhập ngày nghỉ: notifier calendar import", "Enter the days off: notifier calendar import"),
        )


_LOOKS: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (
    _processes,
    _late,
    _providers,
    _receipts,
    _grants,
    _pauses,
    attention_lost.lost,
    attention_lost.sources,
    _calendar,
)
