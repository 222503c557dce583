"""The link in mail that need not be given, by which its reader stops mail of that kind (RFC 8058).

Programs that look at links before their readers do open it; that changes nothing. Only a POST does: from a mailbox's
own button, without cookies, or from the button of the page.
"""

from enum import StrEnum

from aiohttp import web

from notifier.domain.ids import DeliveryId
from notifier.domain.opaque import stopped_by
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.suppressions import SuppressionKind, is_stoppable
from notifier.store import suppressions
from notifier.store.pool import DATABASE_DOWN
from notifier.web.keys import APP
from notifier.web.pages.page import page
from notifier.web.requests import read_body
from workers.wiring import App


class Wish(StrEnum):
    """What the reader wants; the page's buttons send its name. Whatever else is posted means to stop."""

    LOOK = "look"
    STOP = "stop"
    AGAIN = "again"


RUNNING = {
    "title": "Dừng thư không bắt buộc",
    "meaning": "Quý vị đang nhận qua thư điện tử cả những thông báo không bắt buộc, như lời cảm ơn sau khi trả kết quả.",
    "action": Wish.STOP.value,
    "button": "Dừng những thư này",
}
STOPPED = {
    "title": "Đã dừng thư không bắt buộc",
    "meaning": "Chúng tôi không gửi những thư này đến quý vị nữa.",
    "action": Wish.AGAIN.value,
    "button": "Nhận lại những thư này",
}
NO_LINK = {
    "title": "Không mở được liên kết này",
    "meaning": "Liên kết không đúng. Xin dùng liên kết trong thư mới nhất.",
    "action": "",
    "button": "",
}
NOT_NOW = {
    "title": "Tạm thời chưa thực hiện được",
    "meaning": "Hệ thống đang bận. Xin thử lại sau ít phút.",
    "action": "",
    "button": "",
}


async def show_stop(request: web.Request) -> web.Response:
    """A page with a button; nothing is changed."""
    return await _answer(request, Wish.LOOK)


async def stop(request: web.Request) -> web.Response:
    """Stop bulk mail to the reader of this mail; or, from the page, take it again. A repeat changes nothing."""
    posted = await read_body(request)
    return await _answer(request, Wish.AGAIN if posted.startswith(b"again=") else Wish.STOP)


async def _answer(request: web.Request, wish: Wish) -> web.Response:
    app = request.app[APP]
    delivery_id = stopped_by(app.secret, request.match_info["token"])
    if delivery_id is None:
        return page(request, "stop", NO_LINK, status=404, forms=True)
    try:
        is_stopped = await _settled(app, delivery_id, wish)
    except (*DATABASE_DOWN, TimeoutError):
        return page(request, "stop", NOT_NOW, status=503, forms=True)
    if is_stopped is None:
        return page(request, "stop", NO_LINK, status=404, forms=True)
    return page(request, "stop", STOPPED if is_stopped else RUNNING, status=200, forms=True)


async def _settled(app: App, delivery_id: DeliveryId, wish: Wish) -> bool | None:
    """Whether mail is stopped now; None where this mail is not one that can be stopped."""
    now = app.clock()
    async with app.pool.acquire() as connection:
        person = await suppressions.addressee(connection, delivery_id)
        if person is None or not is_stoppable(person.audience, person.urgency):
            return None
        key = (SuppressionKind.STOPPED, str(person.inbox))
        if wish is Wish.STOP:
            reason = Reason(ReasonCode.RECIPIENT_STOPPED)
            await suppressions.add(connection, key, delivery_id, reason, actor="recipient", now=now)
        elif wish is Wish.AGAIN:
            await suppressions.lift(connection, key, Reason(ReasonCode.RECIPIENT_RESUMED), actor="recipient", now=now)
        return key in await suppressions.against(connection, [key])
