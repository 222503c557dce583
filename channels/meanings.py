"""What a provider's code means, in words for people: of a call's answer, and of a callback that tells of a failure."""

from channels import smtp_codes, zalo_codes
from channels.faults import Fault
from channels.smpp import codes as smpp_codes
from channels.sms_esms import CODES as ESMS_CODES
from channels.smtp_codes import Phase

MEANINGS: dict[Fault, tuple[str, str]] = {
    Fault.RECIPIENT: (
        "không gửi được cho người này qua kênh này: số hoặc địa chỉ không dùng được, hoặc người nhận đã chặn",
        "never for this person on this channel: number or address is of no use, or the person blocks it",
    ),
    Fault.TEMPLATE: ("nhà cung cấp không chấp nhận mẫu hoặc nội dung tin", "the template or the content is refused"),
    Fault.CONFIG: (
        "do phía ta: tài khoản, hợp đồng, khóa hoặc cấu hình; tin không mất, sẽ thử lại",
        "on our side: account, contract, keys or settings; nothing is lost, it is tried again",
    ),
    Fault.QUOTA: ("hết tiền hoặc gửi quá nhanh; sẽ thử lại", "money or rate is used up; it is tried again"),
    Fault.DAY: ("đã dùng hết số tin trong ngày", "the day's volume is used up"),
    Fault.OWN_DAY: (
        "mẫu này hoặc người này đã đủ số tin trong ngày",
        "that of this template or person is used up for the day",
    ),
    Fault.NIGHT: ("nhà cung cấp không gửi vào giờ này", "refused because of the hour"),
    Fault.TRANSIENT: ("lỗi tạm thời; gửi lại có thể được", "a passing fault: the same call may work later"),
    Fault.AMBIGUOUS: (
        "không rõ: có thể nhà cung cấp đã nhận; không tự gửi lại",
        "not known: it may have been taken; never sent again blindly",
    ),
}


def meaning(adapter: str, code: str | None, words: str | None, locale: str) -> str | None:
    """The class of a code in a sentence; None where nothing is known of it. An answer's words may name the class itself."""
    try:
        fault = next((each for each in Fault if each.value == words), None) or _fault(adapter, code or "")
    except ValueError:  # a code that is no number
        return None
    return MEANINGS[fault][0 if locale == "vi" else 1] if fault else None


def _fault(adapter: str, code: str) -> Fault | None:
    match adapter:
        case "zalo" if code:
            number = int(code)
            return zalo_codes.PHONE_CODES.get(number) or zalo_codes.ACCOUNT_CODES.get(number)
        case "email_smtp" if code[:1] in {"4", "5"}:
            basic = int(code) if code.isdecimal() else int(code[0]) * 100 + 50
            return smtp_codes.classify(basic, code, Phase.RCPT)[0]
        case "sms_esms":
            return ESMS_CODES.get(code)
        case "sms_smpp" if code.startswith("0x"):
            return smpp_codes.STATUSES.get(int(code, 16))
    return None
