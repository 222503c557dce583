"""The page of a request that failed: what happened and what to do, in words for people."""

from aiohttp import web

from notifier.domain.recipients import Locale
from notifier.intake.problems import PROBLEMS
from notifier.web.access.entrance import CONSOLE, INBOX
from notifier.web.pages.page import language_of, page

_WORDS: dict[str, dict[Locale, tuple[str, str]]] = {
    "forbidden": {
        Locale.VI: ("Không được phép", "Tài khoản này không có quyền xem trang hoặc làm việc này, hoặc biểu mẫu đã cũ."),
        Locale.EN: ("Not allowed", "This account may not see this page or do this, or the form is out of date."),
    },
    "ticket-spent": {
        Locale.VI: ("Liên kết không dùng được nữa", "Liên kết đã được mở, đã hết hạn hoặc không đúng. Xin quản trị viên cấp liên kết mới."),
        Locale.EN: ("The link is spent", "It was opened before, is over, or is not right. Ask the administrator for a new one."),
    },
    "identity-unavailable": {
        Locale.VI: ("Hệ thống định danh không trả lời", "Hiện chưa đăng nhập được. Xin thử lại sau ít phút."),
        Locale.EN: ("The identity provider does not answer", "Signing in is not possible just now. Try again in a few minutes."),
    },
    "not-found": {
        Locale.VI: ("Không tìm thấy trang", "Địa chỉ này không có, hoặc không phải của quý vị."),
        Locale.EN: ("Page not found", "There is nothing here, or it is not yours."),
    },
    "session-ended": {
        Locale.VI: ("Phiên làm việc đã hết", "Xin đăng nhập lại rồi mở lại trang. Chưa có gì được thay đổi."),
        Locale.EN: ("The session has ended", "Sign in and open the page again. Nothing was changed."),
    },
    "database-unavailable": {
        Locale.VI: ("Hiện chưa xem được", "Hệ thống tạm gián đoạn. Xin thử lại sau ít phút. Chưa có gì được thay đổi."),
        Locale.EN: ("Not available just now", "The service is interrupted. Try again in a few minutes. Nothing was changed."),
    },
    "internal": {
        Locale.VI: ("Có lỗi", "Hệ thống gặp lỗi và đã ghi lại. Xin thử lại; nếu vẫn vậy, xin báo quản trị viên."),
        Locale.EN: ("Something went wrong", "The fault was recorded. Try again; if it stays, tell the administrator."),
    },
}  # fmt: skip


def problem_page(request: web.Request, code: str, detail: str) -> web.Response:
    """`detail` is shown where nothing better is known of this problem."""
    status = PROBLEMS[code].status
    title, meaning = _WORDS.get(code, {}).get(language_of(request), (PROBLEMS[code].title, detail))
    home = next((each for each in (CONSOLE, INBOX) if request.path.startswith(each)), None)
    facts = {"title": title, "meaning": meaning, "code": code, "at_console": home == CONSOLE, "home": home}
    return page(request, "problem", facts, status=status)
