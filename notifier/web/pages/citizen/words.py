"""What citizens read about events, channels and what became of a message; each in Vietnamese and English."""

from collections.abc import Mapping

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import DeliveryState
from notifier.domain.dossiers import Status
from notifier.domain.ids import EventType
from notifier.domain.masks import masked_email, masked_phone
from notifier.store.own import Sent
from notifier.web.pages.course import Words

HAPPENED: Mapping[str, Words] = {
    "hoso.moi_dang_ky": ("Hồ sơ được nộp", "The dossier was filed"),
    "hoso.duoc_tiep_nhan": ("Cơ quan tiếp nhận hồ sơ", "The agency took the dossier in"),
    "hoso.khong_tiep_nhan": ("Cơ quan không tiếp nhận hồ sơ", "The agency did not accept the dossier"),
    "hoso.dang_xu_ly": ("Cơ quan bắt đầu giải quyết", "Work on the dossier began"),
    "hoso.chuyen_buoc": ("Hồ sơ chuyển sang bước tiếp theo", "The dossier went on to its next step"),
    "hoso.yeu_cau_bo_sung": ("Cơ quan đề nghị bổ sung giấy tờ", "The agency asked for more papers"),
    "hoso.da_bo_sung": ("Giấy tờ bổ sung đã đến cơ quan", "The papers have reached the agency"),
    "hoso.yeu_cau_nvtc": ("Cơ quan đề nghị nộp tiền", "The agency asked for a payment"),
    "hoso.da_thanh_toan": ("Cơ quan ghi nhận khoản đã nộp", "The payment was recorded"),
    "hoso.rut_ho_so": ("Hồ sơ được rút", "The dossier was withdrawn"),
    "hoso.dung_xu_ly": ("Cơ quan dừng giải quyết", "Work on the dossier stopped"),
    "hoso.xu_ly_xong": ("Đã có kết quả", "The result is ready"),
    "hoso.da_tra_ket_qua": ("Đã trả kết quả", "The result was handed over"),
    "hoso.xin_loi_gia_han": ("Cơ quan xin lỗi và hẹn lại ngày trả", "The agency apologised and gave a new date"),
    "hoso.doi_ngay_hen_tra": ("Ngày hẹn trả được đổi", "The date of the result was changed"),
    "hoso.dinh_chinh": ("Trạng thái hồ sơ được đính chính", "The status was corrected"),
    "bccc.da_gui": ("Kết quả đã gửi qua bưu chính", "The result was posted"),
    "bccc.dang_phat": ("Bưu tá đang đi phát", "The result is out for delivery"),
    "bccc.da_phat": ("Bưu chính đã phát kết quả", "The result was delivered by post"),
    "bccc.chuyen_hoan": ("Bưu chính chuyển hoàn kết quả", "The post returned the result"),
    "lichhen.dat": ("Quý vị đặt lịch hẹn", "An appointment was booked"),
    "lichhen.doi": ("Lịch hẹn được đổi", "The appointment was changed"),
    "lichhen.huy": ("Lịch hẹn bị hủy", "The appointment was cancelled"),
    "lichhen.nhac": ("Nhắc lịch hẹn", "Reminder of the appointment"),
    "han.bo_sung_sap_het": ("Nhắc: sắp hết hạn bổ sung giấy tờ", "Reminder: papers are due soon"),
    "han.phi_chua_nop": ("Nhắc: chưa nộp tiền", "Reminder: a payment is open"),
    "han.chua_nhan_ket_qua": ("Nhắc: kết quả đang chờ quý vị", "Reminder: the result waits for you"),
}
_OTHER: Words = ("Hồ sơ có cập nhật", "There is news of the dossier")


def happened(type_: EventType) -> Words:
    return HAPPENED.get(type_, _OTHER)


NEXT: Mapping[Status | None, Words] = {
    Status.NEW: (
        "Cơ quan kiểm tra giấy tờ, rồi báo đã tiếp nhận hoặc cho biết cần bổ sung gì.",
        "The agency checks the papers, then takes the dossier in or says what is missing.",
    ),
    Status.ACCEPTED: (
        "Hồ sơ được chuyển đến bộ phận giải quyết. Quý vị không phải làm gì thêm.",
        "The dossier goes to the officers in charge. There is nothing for you to do.",
    ),
    Status.PROCESSING: (
        "Khi có kết quả, hoặc khi cần quý vị làm gì, chúng tôi báo ngay.",
        "We tell you as soon as there is a result, or something for you to do.",
    ),
    Status.SUPPLEMENT_REQUESTED: (
        "Khi nhận đủ giấy tờ, cơ quan giải quyết tiếp và báo lại ngày hẹn trả nếu thay đổi.",
        "With the papers complete the agency goes on, and tells you if the date changes.",
    ),
    Status.PAYMENT_REQUESTED: (
        "Khi ghi nhận khoản nộp, cơ quan giải quyết tiếp.",
        "The agency goes on once the payment is recorded.",
    ),
    Status.STOPPED: (
        "Nếu hồ sơ được giải quyết tiếp hoặc kết thúc, chúng tôi báo quý vị.",
        "We tell you if the dossier goes on or is closed.",
    ),
    Status.REFUSED: (
        "Quý vị có thể hoàn thiện giấy tờ rồi nộp hồ sơ mới.",
        "You can complete the papers and file a new dossier.",
    ),
    Status.WITHDRAWN: (
        "Hồ sơ này không được giải quyết tiếp. Khi cần, quý vị nộp hồ sơ mới.",
        "This dossier is not worked on any more. File a new one whenever you need to.",
    ),
    Status.DONE: (
        "Sau khi quý vị nhận kết quả, hồ sơ kết thúc.",
        "Once you have the result, the dossier is closed.",
    ),
    Status.RETURNED: (
        "Hồ sơ đã kết thúc, không còn việc gì phải làm.",
        "The dossier is closed. Nothing is left to do.",
    ),
    None: (
        "Khi hồ sơ có chuyển biến, chúng tôi báo quý vị.",
        "We tell you when there is news of the dossier.",
    ),
}

_D = DeliveryState
BECAME: Mapping[DeliveryState, tuple[str, Words]] = {
    _D.PLANNED: ("plain", ("sẽ gửi", "will be sent")),
    _D.HELD: ("plain", ("sẽ gửi", "will be sent")),
    _D.SENDING: ("plain", ("đang gửi", "on its way")),
    _D.ACCEPTED: ("plain", ("đã gửi, chưa có xác nhận", "sent, not yet confirmed")),
    _D.DELIVERED: ("good", ("đã đến", "arrived")),
    _D.READ: ("good", ("đã đọc", "read")),
    _D.UNKNOWN: ("wait", ("đã gửi, chưa rõ đã đến chưa", "sent, not known whether it arrived")),
    _D.FAILED: ("stop", ("không gửi được", "could not be sent")),
    _D.EXPIRED: ("stop", ("không kịp gửi", "was not sent in time")),
}
"""Tone and words; what was never to be sent is not shown."""

_CHANNELS: Mapping[ContentKind, Words] = {
    ContentKind.INBOX: ("Hộp thư này", "This inbox"),
    ContentKind.EMAIL: ("Thư điện tử", "Mail"),
    ContentKind.SMS: ("Tin nhắn SMS", "SMS"),
    ContentKind.ZALO: ("Zalo", "Zalo"),
}


def channel(sent: Sent) -> Words:
    return _CHANNELS[sent.kind]


def address(sent: Sent) -> str | None:
    """Where it was sent, masked; None where the channel alone says it."""
    match sent.kind:
        case ContentKind.EMAIL:
            return masked_email(sent.email) if sent.email else None
        case ContentKind.SMS:
            return masked_phone(sent.phone) if sent.phone else None
        case ContentKind.ZALO:
            return masked_phone(sent.phone) if sent.phone and not sent.linked else None
        case ContentKind.INBOX:
            return None
