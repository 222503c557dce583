"""What a look-up link opens: where the dossier stands, and nothing that says whose it is or what it is about."""

from typing import Any

from aiohttp import web

from notifier.domain.dossiers import Status
from notifier.domain.opaque import token_hash
from notifier.intake.models import EventData
from notifier.rendering.phrases import STATUS, moment
from notifier.store import lookups
from notifier.store.lookups import PublicState
from notifier.store.pool import DATABASE_DOWN
from notifier.web.keys import APP
from notifier.web.pages.page import page

MEANING: dict[Status, tuple[str, str]] = {
    Status.NEW: ("plain", "Hồ sơ đã gửi đến cơ quan và đang chờ tiếp nhận."),
    Status.ACCEPTED: ("plain", "Cơ quan đã nhận hồ sơ và sẽ giải quyết theo ngày hẹn."),
    Status.REFUSED: ("stop", "Hồ sơ chưa được nhận. Lý do ở trong thông báo gửi quý vị và trên Cổng dịch vụ công."),
    Status.PROCESSING: ("plain", "Cán bộ chuyên môn đang giải quyết hồ sơ."),
    Status.SUPPLEMENT_REQUESTED: ("wait", "Cơ quan đang chờ quý vị bổ sung giấy tờ."),
    Status.PAYMENT_REQUESTED: ("wait", "Cơ quan đang chờ quý vị nộp phí, lệ phí hoặc nghĩa vụ tài chính."),
    Status.WITHDRAWN: ("stop", "Hồ sơ được rút theo yêu cầu của người nộp."),
    Status.STOPPED: ("stop", "Việc giải quyết hồ sơ đã dừng. Lý do ở trong thông báo gửi quý vị."),
    Status.DONE: ("good", "Đã có kết quả. Nơi nhận và giờ nhận ở trong thông báo gửi quý vị."),
    Status.RETURNED: ("good", "Kết quả đã được trao. Cảm ơn quý vị."),
}
"""Tone and sentence for each status, in words that a visitor with the link alone may read."""


NO_LINK = {
    "title": "Không mở được liên kết này",
    "meaning": "Liên kết đã hết hạn hoặc không đúng. Xin dùng liên kết trong tin nhắn mới nhất, hoặc gọi",
}
NOT_NOW = {
    "title": "Tạm thời chưa xem được",
    "meaning": "Hệ thống đang bận. Xin thử lại sau ít phút, hoặc gọi",
}


async def show_lookup(request: web.Request) -> web.Response:
    """200 with the state, 404 or 503 with what to do: always a page for people."""
    app, token = request.app[APP], request.match_info["token"]
    try:
        async with app.pool.acquire() as connection:
            state = await lookups.open_link(connection, token_hash(token), app.clock()) if token.isascii() else None
    except (*DATABASE_DOWN, TimeoutError):
        return page(request, "lookup", {"state": None, **NOT_NOW}, status=503)
    if state is None:
        return page(request, "lookup", {"state": None, **NO_LINK}, status=404)
    return page(request, "lookup", {"state": state, **_facts(state)}, status=200)


def _facts(state: PublicState) -> dict[str, Any]:
    hoso = EventData.model_validate(state.document).HoSo if state.document else None
    status = state.status
    tone, meaning = MEANING[status] if status else ("plain", "Hồ sơ đã có trong hệ thống.")
    due = hoso and (hoso.NgayHenTraMoi or hoso.NgayHenTra)
    return {
        "title": f"Hồ sơ {state.code}",
        "status": STATUS[status][0] if status else "Đã ghi nhận",
        "tone": tone,
        "meaning": meaning,
        "due": moment(due) if due and status not in {Status.RETURNED, Status.REFUSED} else None,
        "unit": hoso.DonViXuLy.Ten if hoso and hoso.DonViXuLy else None,
        "unit_code": hoso.DonViXuLy.Ma if hoso and hoso.DonViXuLy else None,
        "updated": moment(state.updated_at),
    }
