"""The answer in one clear sentence, and what happens next on each way: Vietnamese and English."""

from collections.abc import Sequence
from datetime import datetime

from notifier.audit.verdict import Answer, Standing, Verdict, Way, standing
from notifier.domain.clock import VIETNAM
from notifier.domain.content import ContentKind
from notifier.domain.deliveries import Position

_S = Standing
SENTENCES: dict[Standing, tuple[str, str]] = {
    _S.READ: (
        "Có. Người nhận đã xem thông báo qua {channel} lúc {since}.",
        "Yes. The person read it by {channel} at {since}.",
    ),
    _S.DELIVERED: (
        "Có. Thông báo đã đến qua {channel} lúc {since}; chưa biết đã xem hay chưa.",
        "Yes. It was delivered by {channel} at {since}; whether it was read is not known.",
    ),
    _S.TAKEN: (
        "Có, theo những gì biết được. Đã giao cho {provider} lúc {since}; {channel} ở đây không có biên nhận.",
        "Yes, as far as can be known. {provider} took it at {since}; {channel} here gives no receipts.",
    ),
    _S.AWAITED: (
        "Chưa rõ, đang chờ. {provider} đã nhận thông báo ({channel}) lúc {since}; chờ biên nhận đến {due}.",
        "Not known yet. {provider} took it ({channel}) at {since}; its receipt is awaited until {due}.",
    ),
    _S.ASKING: (
        "Chưa rõ, đang chờ. Không biết {provider} đã nhận thông báo ({channel}) hay chưa; kiểm tra lại lúc {due}.",
        "Not known yet. Whether {provider} took it ({channel}) is open; it is looked into at {due}.",
    ),
    _S.SENDING: (
        "Chưa. Thông báo đang được gửi qua {channel}, từ {since}.",
        "Not yet. It is being sent by {channel}, since {since}.",
    ),
    _S.PLANNED: (
        "Chưa. Thông báo sẽ được gửi qua {channel} lúc {due}.",
        "Not yet. It will be sent by {channel} at {due}.",
    ),
    _S.HELD: (
        "Chưa. Thông báo sẽ được gửi qua {channel} lúc {due}: {why}.",
        "Not yet. It will be sent by {channel} at {due}: {why}.",
    ),
    _S.STANDBY: (
        "Chưa. {channel} là kênh dự phòng: {why}.",
        "Not yet. {channel} is on standby: {why}.",
    ),
    _S.UNPROVEN: (
        "Không chắc. {provider} đã nhận thông báo ({channel}), nhưng không có biên nhận nào đến.",
        "Not certain. {provider} took it ({channel}), but no receipt ever came.",
    ),
    _S.UNKNOWN: (
        "Không chắc. Không biết {provider} đã nhận thông báo ({channel}) hay chưa, và không hỏi thêm được.",
        "Not certain. Whether {provider} took it ({channel}) is not known and cannot be found out.",
    ),
    _S.IN_INBOX: (
        "Không chắc. Thông báo nằm trong hộp thư trên Cổng từ {since}, chưa được mở; không kênh nào khác báo được.",
        "Not certain. It is in the portal inbox since {since}, not opened; no other way has reached the person.",
    ),
    _S.OVERTAKEN: ("Không gửi nữa: {why}.", "Not sent any more: {why}."),
    _S.FAILED: ("Không. {channel} không gửi được: {why}.", "No. {channel} failed: {why}."),
    _S.EXPIRED: ("Không. {channel}: {why}.", "No. {channel}: {why}."),
    _S.CANCELLED: ("Không. {channel} đã hủy: {why}.", "No. {channel} was called off: {why}."),
    _S.SUPPRESSED: ("Không. {channel} không được dùng: {why}.", "No. {channel} was not used: {why}."),
    _S.NOBODY: ("Không. Không có cách nào để báo cho người này.", "No. There is no way to tell this person."),
}
IN_INBOX_TOO = (
    " Thông báo cũng nằm trong hộp thư trên Cổng, chưa được mở.",
    " It is also in the portal inbox, not opened.",
)
NEXT: dict[Standing, tuple[str, str]] = {
    _S.AWAITED: (
        "Chờ biên nhận đến {due}; nếu không có thì coi như chưa đến.",
        "Its receipt is awaited until {due}; without one it counts as not arrived.",
    ),
    _S.ASKING: ("Kiểm tra lại với {provider} lúc {due}.", "Looked into again with {provider} at {due}."),
    _S.SENDING: (
        "Đang gọi {provider}; nếu tiến trình dừng giữa chừng thì được kiểm tra lúc {due}.",
        "{provider} is being called; if that breaks off, it is looked into at {due}.",
    ),
    _S.PLANNED: ("Gửi lúc {due}; không gửi sau {expires}.", "Sent at {due}; not after {expires}."),
    _S.HELD: ("Gửi lúc {due}; không gửi sau {expires}.", "Sent at {due}; not after {expires}."),
    _S.STANDBY: (
        "Dự phòng thứ {rank}: chỉ gửi nếu các kênh trước không đến được, trước {expires}.",
        "Fallback {rank}: sent only if the ways before it cannot reach the person, until {expires}.",
    ),
    _S.IN_INBOX: ("Chờ người nhận mở hộp thư.", "Waits for the person to open it."),
}
"""Of a way that is not named here nothing more comes by itself."""
NEEDS_SOMEBODY = (
    "Không còn gì tự diễn ra: cần người xem và quyết định gửi lại hay bỏ.",
    "Nothing more happens by itself: somebody has to decide whether to send it again or to drop it.",
)
_DEAD = frozenset({_S.FAILED, _S.EXPIRED, _S.UNKNOWN})

CHANNELS: dict[ContentKind, tuple[str, str]] = {
    ContentKind.INBOX: ("hộp thư trên Cổng", "the portal inbox"),
    ContentKind.EMAIL: ("thư điện tử", "email"),
    ContentKind.SMS: ("SMS", "SMS"),
    ContentKind.ZALO: ("Zalo", "Zalo"),
}


def channel_word(way: Way, locale: str) -> str:
    """How people call the channel of a way."""
    return CHANNELS[way.kind][_column(locale)]


def sentence(found: Verdict, locale: str) -> str:
    """The answer in words. What a value lacks is a dash."""
    text = SENTENCES[found.standing][_column(locale)]
    said = _filled(text, found.way, locale) if found.way else text
    adds = found.in_inbox and found.answer is not Answer.YES
    return _capital(said) + (IN_INBOX_TOO[_column(locale)] if adds else "")


def next_on(way: Way, locale: str) -> str | None:
    """What happens next on one way, and when; None: nothing does."""
    found = standing(way)
    if found in _DEAD:
        return NEEDS_SOMEBODY[_column(locale)]
    text = NEXT.get(found)
    return _filled(text[_column(locale)], way, locale) if text else None


def in_order(ways: Sequence[Way]) -> list[Way]:
    """First what is sent at once, then the fallbacks in the order of their turn."""
    return sorted(ways, key=lambda way: (way.position is Position.FALLBACK, way.rank, way.channel))


def _filled(text: str, way: Way, locale: str) -> str:
    return text.format(
        channel=channel_word(way, locale),
        provider=way.provider or channel_word(way, locale),
        since=clock(way.since),
        due=clock(way.due_at),
        expires=clock(way.expires_at),
        rank=way.rank,
        why=way.reason.text(locale) if way.reason else "–",
    )


def clock(at: datetime | None) -> str:
    """`09:30 19/11/2026` in Vietnam."""
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}" if at else "–"


def exact_clock(at: datetime) -> str:
    """`09:30:12 19/11/2026` in Vietnam."""
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _column(locale: str) -> int:
    return 0 if locale == "vi" else 1
