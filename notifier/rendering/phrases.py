"""Times, sums and statuses as people read them, in Vietnamese and English."""

from datetime import datetime, timedelta
from decimal import Decimal

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import FilingChannel, Status
from notifier.domain.recipients import Locale

STATUS: dict[Status, tuple[str, str]] = {
    Status.NEW: ("Mới đăng ký", "Newly filed"),
    Status.ACCEPTED: ("Được tiếp nhận", "Accepted"),
    Status.REFUSED: ("Không được tiếp nhận", "Not accepted"),
    Status.PROCESSING: ("Đang xử lý", "Being processed"),
    Status.SUPPLEMENT_REQUESTED: ("Yêu cầu bổ sung giấy tờ", "More papers requested"),
    Status.PAYMENT_REQUESTED: ("Yêu cầu thực hiện nghĩa vụ tài chính", "Payment requested"),
    Status.WITHDRAWN: ("Công dân yêu cầu rút hồ sơ", "Withdrawn by the applicant"),
    Status.STOPPED: ("Dừng xử lý", "Processing stopped"),
    Status.DONE: ("Đã xử lý xong", "Processing finished"),
    Status.RETURNED: ("Đã trả kết quả", "Result returned"),
}
"""Names of the National Public Service Portal, and ours in English."""

FILED_BY: dict[FilingChannel, tuple[str, str]] = {
    FilingChannel.COUNTER: ("trực tiếp tại quầy", "at the counter"),
    FilingChannel.ONLINE: ("trực tuyến", "online"),
    FilingChannel.POST: ("qua bưu chính công ích", "by post"),
}

LETTERS: dict[str, tuple[str, str]] = {
    "01": ("Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "Receipt with the date of the result"),
    "02": ("Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "Request for more papers"),
    "03": ("Phiếu từ chối tiếp nhận hồ sơ", "Notice of refusal"),
    "04": ("Văn bản xin lỗi và đề nghị gia hạn", "Letter of apology with a new date"),
    "05": ("Thông báo dừng giải quyết hồ sơ", "Notice that processing is stopped"),
    "KQ": ("Kết quả giải quyết", "Result"),
}
"""Circular 03/2025/TT-VPCP, forms 01 to 05, and the result paper."""

NEUTRAL_PROCEDURE = ("Thủ tục hành chính", "Administrative procedure")

MATTERS: dict[str, str] = {
    "hoso.moi_dang_ky": "Hồ sơ mới",
    "hoso.duoc_tiep_nhan": "Đã tiếp nhận",
    "hoso.dang_xu_ly": "Chờ xử lý",
    "hoso.chuyen_buoc": "Chuyển bước",
    "hoso.da_bo_sung": "Đã bổ sung giấy tờ",
    "hoso.da_thanh_toan": "Đã nộp tiền",
    "hoso.rut_ho_so": "Xin rút hồ sơ",
    "hoso.dung_xu_ly": "Dừng xử lý",
    "hoso.xu_ly_xong": "Có kết quả, chờ trả",
    "hoso.xin_loi_gia_han": "Đã xin lỗi, hẹn lại",
    "hoso.dinh_chinh": "Đính chính trạng thái",
    "lichhen.dat": "Lịch hẹn mới",
    "lichhen.doi": "Lịch hẹn đổi giờ",
    "lichhen.huy": "Lịch hẹn hủy",
    "lichhen.nhac": "Lịch hẹn sắp tới",
    "han.sap_qua_tiep_nhan": "Sắp quá hạn tiếp nhận",
    "han.qua_tiep_nhan": "Quá hạn tiếp nhận",
    "han.buoc_sap_den": "Bước sắp đến hạn",
    "han.buoc_qua": "Quá hạn bước",
    "han.hoso_sap_den": "Sắp đến hạn trả",
    "han.can_xin_loi": "Cần xin lỗi",
    "han.hoso_qua": "Quá hạn trả",
}
"""What an officer is told of, by type of event, as the digest labels it. Other types are `OTHER_MATTER`."""
OTHER_MATTER = "Có cập nhật"
_UNITS = {"day": "ngày", "hour": "giờ", "minute": "phút"}


def chosen(pair: tuple[str, str], locale: Locale) -> str:
    return pair[0] if locale is Locale.VI else pair[1]


def moment(at: datetime) -> str:
    """`17:00 25/11/2026` local; midnight means the end of the working day and shows the date alone."""
    local = at.astimezone(VIETNAM)
    day = f"{local.day:02}/{local.month:02}/{local.year}"
    return day if _is_midnight(local) else f"{local.hour:02}:{local.minute:02} {day}"


_AGES = {Locale.VI: ("ngày", "giờ", "phút", "giây"), Locale.EN: ("d", "h", "min", "s")}


def age(length: timedelta, locale: Locale = Locale.VI) -> str:
    """How long something waits, for tables, in the two largest units: `41 s`, `3 min 05 s`, `7 h 20 min`, `2 d 07 h`."""
    minutes, seconds = divmod(max(0, int(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    said = list(zip((days, hours, minutes, seconds), _AGES[locale], strict=True))
    first = next((place for place, (number, _) in enumerate(said) if number), len(said) - 1)
    (number, unit), *less = said[first : first + 2]
    return " ".join([f"{number} {unit}", *(f"{each:02} {smaller}" for each, smaller in less)])


def is_whole_day(at: datetime) -> bool:
    return _is_midnight(at.astimezone(VIETNAM))


def _is_midnight(local: datetime) -> bool:
    return local.hour == local.minute == local.second == 0


def amount(dong: Decimal, locale: Locale) -> str:
    """`1.200.000 đ` or `VND 1,200,000`."""
    grouped = f"{dong:,.0f}"
    return f"VND {grouped}" if locale is Locale.EN else f"{grouped.replace(',', '.')} đ"


def time_left(due: datetime, now: datetime, locale: Locale = Locale.VI, *, late: bool = False) -> str:
    """Calendar time until `due`, or since. A whole day counts in days; `late` says that even today is too late."""
    if not is_whole_day(due):
        length = span(abs(due - now), locale)
        return _overdue(length, locale) if late or due <= now else _left(length, locale)
    days = _days(now, due)
    if days == 0:
        return chosen(("đã quá hạn hôm nay", "overdue since today") if late else ("trong hôm nay", "today"), locale)
    return (
        _left(_counted(days, "day", locale), locale) if days > 0 else _overdue(_counted(-days, "day", locale), locale)
    )


def waited(since: datetime, now: datetime, locale: Locale) -> str:
    """How long somebody waits: in days where midnight lies between, by the clock on the same day."""
    days = _days(since, now)
    return _counted(days, "day", locale) if days > 0 else span(max(now - since, timedelta()), locale)


def span(length: timedelta, locale: Locale) -> str:
    """`2 ngày 3 giờ`, `3 giờ 5 phút`, `45 phút`: days and hours, or hours and minutes."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    days, hours_of_day = divmod(hours, 24)
    units = (("day", days), ("hour", hours_of_day), ("minute", 0 if days else minutes))
    filled = [_counted(count, unit, locale) for unit, count in units if count]
    return " ".join(filled) or chosen(("chưa đến 1 phút", "less than 1 minute"), locale)


def _left(length: str, locale: Locale) -> str:
    return chosen((f"còn {length}", f"{length} left"), locale)


def _overdue(length: str, locale: Locale) -> str:
    return chosen((f"đã quá hạn {length}", f"overdue by {length}"), locale)


def _counted(count: int, unit: str, locale: Locale) -> str:
    return f"{count} {_UNITS[unit]}" if locale is Locale.VI else f"{count} {unit}{'s' if count > 1 else ''}"


def _days(since: datetime, until: datetime) -> int:
    return (until.astimezone(VIETNAM).date() - since.astimezone(VIETNAM).date()).days
