"""What each type of event is called at the console."""

from collections.abc import Mapping

from notifier.domain.recipients import Locale

EVENT_NAMES: Mapping[str, tuple[str, str]] = {
    "bccc.chuyen_hoan": ("Bưu điện chuyển hoàn", "Returned by the post"),
    "bccc.da_gui": ("Đã gửi bưu điện", "Given to the post"),
    "bccc.da_phat": ("Bưu điện đã phát", "Delivered by the post"),
    "bccc.dang_phat": ("Bưu điện đang phát", "Out for delivery by the post"),
    "han.bo_sung_sap_het": ("Sắp hết hạn bổ sung", "Time for more papers runs out"),
    "han.buoc_qua": ("Quá hạn bước xử lý", "Step overdue"),
    "han.buoc_sap_den": ("Sắp đến hạn bước xử lý", "Step due soon"),
    "han.can_xin_loi": ("Cần xin lỗi, gia hạn", "Apology needed"),
    "han.chua_nhan_ket_qua": ("Chưa đến nhận kết quả", "Result not collected"),
    "han.hoso_qua": ("Hồ sơ quá hạn trả", "Dossier overdue"),
    "han.hoso_sap_den": ("Hồ sơ sắp đến hạn trả", "Dossier due soon"),
    "han.phi_chua_nop": ("Chưa nộp phí, lệ phí", "Fee not paid"),
    "han.qua_tiep_nhan": ("Quá hạn tiếp nhận", "Acceptance overdue"),
    "han.sap_qua_tiep_nhan": ("Sắp quá hạn tiếp nhận", "Acceptance due soon"),
    "hoso.chuyen_buoc": ("Chuyển bước xử lý", "Next step"),
    "hoso.da_bo_sung": ("Đã bổ sung giấy tờ", "Papers added"),
    "hoso.da_thanh_toan": ("Đã thanh toán", "Paid"),
    "hoso.da_tra_ket_qua": ("Đã trả kết quả", "Result returned"),
    "hoso.dang_xu_ly": ("Đang xử lý", "Being processed"),
    "hoso.dinh_chinh": ("Đính chính trạng thái", "Status corrected"),
    "hoso.doi_ngay_hen_tra": ("Đổi ngày hẹn trả", "New date for the result"),
    "hoso.dong_bo": ("Đồng bộ hồ sơ", "Dossier synchronised"),
    "hoso.dung_xu_ly": ("Dừng xử lý", "Processing stopped"),
    "hoso.duoc_tiep_nhan": ("Được tiếp nhận", "Accepted"),
    "hoso.khong_tiep_nhan": ("Không được tiếp nhận", "Not accepted"),
    "hoso.moi_dang_ky": ("Mới đăng ký", "Newly filed"),
    "hoso.rut_ho_so": ("Rút hồ sơ", "Withdrawn"),
    "hoso.xin_loi_gia_han": ("Xin lỗi, hẹn lại", "Apology with a new date"),
    "hoso.xu_ly_xong": ("Đã xử lý xong", "Processing finished"),
    "hoso.yeu_cau_bo_sung": ("Yêu cầu bổ sung giấy tờ", "More papers requested"),
    "hoso.yeu_cau_nvtc": ("Yêu cầu nghĩa vụ tài chính", "Payment requested"),
    "lichhen.dat": ("Đặt lịch hẹn", "Appointment made"),
    "lichhen.doi": ("Đổi lịch hẹn", "Appointment moved"),
    "lichhen.huy": ("Hủy lịch hẹn", "Appointment cancelled"),
    "lichhen.nhac": ("Nhắc lịch hẹn", "Appointment soon"),
    "nhac.tong_hop": ("Bản tin nhắc việc", "Digest of reminders"),
}


def event_name(type_: str, locale: Locale) -> str:
    """Its name; the type itself where it has none."""
    return EVENT_NAMES[type_][0 if locale is Locale.VI else 1] if type_ in EVENT_NAMES else type_
