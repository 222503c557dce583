"""What needs a human because somebody was not told, or may not be: of messages, events and their sources. Pure."""

from collections.abc import Iterator, Mapping

from notifier.domain.clock import VIETNAM
from notifier.domain.ids import SourceName
from notifier.store.gaps import Gap
from notifier.store.untold import Lack
from notifier.web.pages.console.finding import Both, Finding, Weight
from notifier.web.pages.console.snapshot import Snapshot

_UNTOLD: Mapping[Lack, tuple[Both, Both]] = {
    Lack.RECIPIENT: (
        ("sự kiện hôm nay không nêu người phải báo", "events today name nobody to be told"),
        ("Bổ sung cán bộ, thủ trưởng trong danh bạ hoặc ở nguồn.", "Add officers or heads to the directory or at the source."),
    ),
    Lack.CONTACT: (
        ("sự kiện hôm nay có người không liên hệ được", "events today are for somebody without any contact"),
        ("Bổ sung số điện thoại hoặc thư điện tử của họ.", "Add their telephone number or mail address."),
    ),
}  # fmt: skip


def lost(now: Snapshot) -> Iterator[Finding]:
    if now.dead.times:
        yield Finding(
            Weight.STOP,
            (f"{now.dead.times} tin không gửi được hôm nay", f"{now.dead.times} messages could not be sent today"),
            ("Xem nguyên nhân, rồi gửi lại hoặc bỏ.", "See what they died of, then retry or drop them."),
            now.dead.first,
            f"/console/dead?since={now.at.astimezone(VIETNAM):%Y-%m-%d}",
        )
    if now.stuck.times:
        yield Finding(
            Weight.STOP,
            (f"{now.stuck.times} sự kiện không đọc được", f"{now.stuck.times} events cannot be read"),
            ("Báo hệ thống nguồn, sửa rồi xử lý lại.", "Tell the source; once it is mended take them up again."),
            now.stuck.first,
            "/console/dead?kind=event",
        )
    for lack, (what, todo) in _UNTOLD.items():
        if (noted := now.untold[lack]).times:
            vietnamese, english = what
            yield Finding(
                Weight.WAIT,
                (f"{noted.times} {vietnamese}", f"{noted.times} {english}"),
                todo,
                noted.first,
                f"/console/untold?lack={lack}",
            )


def sources(now: Snapshot) -> Iterator[Finding]:
    for source in now.unheard:
        yield Finding(
            Weight.WAIT,
            (f"Nguồn {source} im lặng trong giờ làm việc", f"The source {source} is silent in working hours"),
            ("Hỏi bên vận hành nguồn, xem lỗi webhook của họ.", "Ask who runs it; look at its webhook errors."),
        )
    by_source: dict[SourceName, list[Gap]] = {}
    for gap in now.gaps:
        by_source.setdefault(gap.source, []).append(gap)
    for source, gaps in by_source.items():
        number = len({gap.dossier_code for gap in gaps})
        yield Finding(
            Weight.WAIT,
            (f"Nguồn {source} thiếu sự kiện ở {number} hồ sơ", f"{source} has not sent events of {number} dossiers"),
            ("Xem số nào chưa đến, yêu cầu nguồn gửi lại.", "See which numbers, and have the source send them again."),
            gaps[0].since,
            "/console/gaps",
        )  # fmt: skip
    everybody = not now.within.named
    for endpoint in now.endpoints:
        if endpoint.disabled_at:
            yield Finding(
                Weight.WAIT,
                (f"{endpoint.source} không nhận phản hồi{f', {endpoint.pending} đang chờ' if everybody else ''}",
                 f"{endpoint.source} takes no delivery events{f', {endpoint.pending} wait' if everybody else ''}"),
                (f"Khi bên nhận sẵn sàng: notifier callbacks enable {endpoint.source}",
                 f"Once it listens again: notifier callbacks enable {endpoint.source}"),
                endpoint.disabled_at,
            )  # fmt: skip
