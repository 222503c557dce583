"""What the Official Account answers to somebody who wants to be linked, or no longer. `{sender}` is who we are."""

from enum import StrEnum


class Answer(StrEnum):
    LINKED_OFFICER = "linked_officer"
    LINKED_CITIZEN = "linked_citizen"
    WRONG_CODE = "wrong_code"
    TOO_MANY = "too_many"
    UNLINKED = "unlinked"
    NOT_LINKED = "not_linked"


TEXTS: dict[Answer, str] = {
    Answer.LINKED_OFFICER: (
        "Đã liên kết Zalo này với tài khoản công vụ của bạn. Từ nay các tin nhắc việc về hồ sơ sẽ đến đây. "
        "Nếu không phải bạn yêu cầu, hãy nhắn: HỦY LIÊN KẾT.\n{sender}"
    ),
    Answer.LINKED_CITIZEN: (
        "Đã liên kết Zalo này với hộp thư của ông/bà trên Cổng dịch vụ công. Từ nay thông báo về hồ sơ sẽ đến đây. "
        "Muốn thôi nhận, hãy nhắn: HỦY LIÊN KẾT.\n{sender}"
    ),
    Answer.WRONG_CODE: (
        "Mã liên kết không đúng, đã dùng hoặc đã hết hạn. Hãy lấy mã mới rồi gửi lại; mỗi mã chỉ dùng được một lần, "
        "trong {minutes} phút.\n{sender}"
    ),
    Answer.TOO_MANY: (
        "Bạn đã gửi sai mã liên kết nhiều lần. Vì an toàn, xin chờ {hours} giờ rồi lấy mã mới và gửi lại.\n{sender}"
    ),
    Answer.UNLINKED: "Đã hủy liên kết. Thông báo về hồ sơ sẽ không gửi đến Zalo này qua liên kết nữa.\n{sender}",
    Answer.NOT_LINKED: "Zalo này hiện không có liên kết nào.\n{sender}",
}


def text_of(answer: Answer, *, sender: str, minutes: int, hours: int) -> str:
    return TEXTS[answer].format(sender=sender, minutes=minutes, hours=hours)
