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


def chosen(pair: tuple[str, str], locale: Locale) -> str:
    return pair[0] if locale is Locale.VI else pair[1]


def moment(at: datetime) -> str:
    """`17:00 25/11/2026` local; midnight means the end of the working day and shows the date alone."""
    local = at.astimezone(VIETNAM)
    return f"{local:%d/%m/%Y}" if is_whole_day(at) else f"{local:%H:%M %d/%m/%Y}"


def is_whole_day(at: datetime) -> bool:
    local = at.astimezone(VIETNAM)
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def amount(dong: Decimal, locale: Locale) -> str:
    """`1.200.000 đ` or `VND 1,200,000`."""
    grouped = f"{dong:,.0f}"
    return f"VND {grouped}" if locale is Locale.EN else f"{grouped.replace(',', '.')} đ"


def time_left(due: datetime, now: datetime) -> str:
    """Calendar time until `due`, in Vietnamese: only officers are told. A whole day counts in days."""
    if is_whole_day(due):
        days = (due.astimezone(VIETNAM).date() - now.astimezone(VIETNAM).date()).days
        if days == 0:
            return "trong hôm nay"
        return f"còn {days} ngày" if days > 0 else f"đã quá hạn {-days} ngày"
    left = due - now
    return f"còn {_span(left)}" if left > timedelta() else f"đã quá hạn {_span(-left)}"


def _span(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    days, hours_of_day = divmod(hours, 24)
    if days:
        return f"{days} ngày {hours_of_day} giờ" if hours_of_day else f"{days} ngày"
    if hours:
        return f"{hours} giờ {minutes} phút" if minutes else f"{hours} giờ"
    return f"{minutes} phút" if minutes else "chưa đến 1 phút"
