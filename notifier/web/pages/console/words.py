"""What the console calls the types of events and the roles of officers, in both languages."""

from collections.abc import Mapping

from notifier.domain.directory import Role
from notifier.domain.ids import EventType

EVENTS: Mapping[str, tuple[str, str]] = {
    "hoso.moi_dang_ky": ("Mới đăng ký", "Newly filed"),
    "hoso.duoc_tiep_nhan": ("Được tiếp nhận", "Accepted"),
    "hoso.khong_tiep_nhan": ("Không được tiếp nhận", "Not accepted"),
    "hoso.dang_xu_ly": ("Đang xử lý", "Being processed"),
    "hoso.chuyen_buoc": ("Chuyển bước", "Next step"),
    "hoso.yeu_cau_bo_sung": ("Yêu cầu bổ sung", "More papers requested"),
    "hoso.da_bo_sung": ("Đã bổ sung", "Papers supplemented"),
    "hoso.yeu_cau_nvtc": ("Yêu cầu nghĩa vụ tài chính", "Payment requested"),
    "hoso.da_thanh_toan": ("Đã thanh toán", "Paid"),
    "hoso.rut_ho_so": ("Rút hồ sơ", "Withdrawn"),
    "hoso.dung_xu_ly": ("Dừng xử lý", "Processing stopped"),
    "hoso.xu_ly_xong": ("Đã có kết quả", "Result ready"),
    "hoso.da_tra_ket_qua": ("Đã trả kết quả", "Result returned"),
    "hoso.xin_loi_gia_han": ("Xin lỗi, hẹn lại", "Apology with a new date"),
    "hoso.doi_ngay_hen_tra": ("Đổi ngày hẹn trả", "Due date changed"),
    "hoso.dinh_chinh": ("Đính chính trạng thái", "Status corrected"),
    "bccc.da_gui": ("Bưu chính đã nhận", "Posted"),
    "bccc.dang_phat": ("Bưu chính đang phát", "Out for delivery"),
    "bccc.da_phat": ("Bưu chính đã phát", "Handed over by post"),
    "bccc.chuyen_hoan": ("Bưu chính chuyển hoàn", "Returned by post"),
    "lichhen.dat": ("Đặt lịch hẹn", "Appointment made"),
    "lichhen.doi": ("Đổi lịch hẹn", "Appointment moved"),
    "lichhen.huy": ("Hủy lịch hẹn", "Appointment cancelled"),
    "lichhen.nhac": ("Nhắc lịch hẹn", "Appointment soon"),
    "han.sap_qua_tiep_nhan": ("Sắp quá 8 giờ tiếp nhận", "8 working hours run out soon"),
    "han.qua_tiep_nhan": ("Quá 8 giờ tiếp nhận", "8 working hours have passed"),
    "han.buoc_sap_den": ("Bước sắp đến hạn", "Step nearly due"),
    "han.buoc_qua": ("Quá hạn bước", "Step overdue"),
    "han.hoso_sap_den": ("Hồ sơ sắp đến hạn trả", "Dossier nearly due"),
    "han.can_xin_loi": ("Cần thư xin lỗi", "Letter of apology needed"),
    "han.hoso_qua": ("Hồ sơ quá hạn trả", "Dossier overdue"),
    "han.bo_sung_sap_het": ("Sắp hết hạn bổ sung", "Time to supplement ends soon"),
    "han.phi_chua_nop": ("Chưa nộp phí", "Fee not paid"),
    "han.chua_nhan_ket_qua": ("Chưa nhận kết quả", "Result not fetched"),
    "nhac.tong_hop": ("Tin tổng hợp cho cán bộ", "Digest for officers"),
}

ROLES: Mapping[Role, tuple[str, str]] = {
    Role.OFFICER: ("cán bộ", "officer"),
    Role.HEAD: ("lãnh đạo đơn vị", "head of unit"),
    Role.DIRECTOR: ("lãnh đạo trung tâm", "director"),
}


def event_name(type_: EventType | str) -> tuple[str, str]:
    """Its name in both languages; an unknown type goes by its own."""
    return EVENTS.get(type_, (type_, type_))
