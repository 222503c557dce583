"""An event as dossier systems send it: CloudEvents 1.0 around the field names of DongBoHoSoMC.

`EventEnvelope` is what the API publishes. Every block keeps the fields it does not know.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt

from notifier.intake.fields import Amount, Flag, Maybe, Name, Sequence, Text, Time, TypeName, is_blank

VENDOR = ConfigDict(extra="allow", frozen=True)


def _named(model: type[BaseModel], field: str) -> BeforeValidator:
    """Where systems write a bare name instead of an object, the name is the object's `field`; "" is an empty one."""

    def as_object(value: Any) -> Any:
        if is_blank(value):
            return {}
        return {field: value} if isinstance(value, str) else value

    return BeforeValidator(as_object, json_schema_input_type=model | str | None)


class DonVi(BaseModel):
    """An agency or one-stop desk; a bare text is its name."""

    model_config = VENDOR
    Ma: Text = Field(None, description="Agency code, either order of levels", examples=["H01.14.02"])
    Ten: Text = Field(None, description="Name for people")


class CanBo(BaseModel):
    """An officer; a bare text is the name. Any contact may be missing."""

    model_config = VENDOR
    Ma: Text = Field(None, description="The officer's account; the same person has the same one in every event")
    HoTen: Text = Field(None, description="Full name")
    ChucDanh: Text = Field(None, description="Title")
    SoDienThoai: Text = Field(None, description="Mobile number")
    Email: Text = None
    ZaloUserId: Text = Field(None, description="The person's id at the province's Zalo Official Account")


class DinhDanh(BaseModel):
    """One identity paper of the dossier's owner."""

    model_config = VENDOR
    LoaiDinhDanh: Text = Field(None, description="1 personal number of 12 digits, 2 old identity card of 9 digits")
    SoDinhDanh: Text = Field(None, description="000000001 means: none")


class HoSoBlock(BaseModel):
    """The dossier at the moment of the event."""

    model_config = VENDOR
    MaHoSo: Name = Field(description="Dossier code; unique within its source", examples=["H01.14-261119-0042"])
    MaHoSoKhac: Text = Field(None, description="The code of the same dossier in another system")
    MaTTHC: Text = Field(None, description="Procedure code", examples=["1.001612"])
    TenTTHC: Text = Field(None, description="Name of the procedure, as the citizen shall read it")
    TenLinhVuc: Text = Field(None, description="Field of the procedure")
    KenhThucHien: Text = Field(None, description="1 at the counter, 2 online, 3 by post")
    LoaiDoiTuong: Text = Field(None, description="Who files; the numbers are the source's own")
    ChuHoSo: Text = Field(None, description="Name of the dossier's owner")
    SoDienThoai: Text = Field(None, description="The owner's mobile number: 0…, 84… or +84…")
    Email: Text = Field(None, description="The owner's email address")
    ZaloUserId: Text = Field(None, description="The owner's id at the province's Zalo Official Account")
    UyQuyen: Flag = Field(None, description="True: everything goes to the authorised person, nothing to the owner")
    NguoiUyQuyen: Text = Field(None, description="Name of the authorised person")
    SoDienThoaiNguoiUyQuyen: Text = None
    EmailNguoiUyQuyen: Text = None
    DinhDanhCHS: Maybe[list[DinhDanh]] = Field(None, description="Identity papers of the owner")
    SoGiayToChuHoSo: Text = Field(None, description="Identity number of the owner in sync records")
    ThongBaoEmail: Flag = Field(None, description="False: no email to the citizen. Missing means true")
    ThongBaoSMS: Flag = Field(None, description="False: no SMS to the citizen. Missing means true")
    ThongBaoZalo: Flag = Field(None, description="False: no Zalo message to the citizen. Missing means true")
    NgayNopHoSo: Time = None
    NgayTiepNhan: Time = None
    NgayHenTra: Time = Field(None, description="The due date. We never compute one")
    NgayHenTraMoi: Time = Field(None, description="The new due date; required for hoso.xin_loi_gia_han")
    NgayTra: Time = None
    NgayTuChoi: Time = None
    NgayKetThucXuLy: Time = None
    TrangThaiHoSo: Text = Field(None, description="Status 1 to 10, or the source's own if it is configured")
    TrangThaiTruoc: Text = Field(None, description="The status before")
    HinhThucTra: Text = Field(None, description="0 at the counter, 1 by post")
    NoiTraKetQua: Text = Field(None, description="Where the result is handed over")
    MaVanDon: Text = Field(None, description="Code of the postal item")
    DonViTiepNhan: Annotated[DonVi | None, _named(DonVi, "Ten")] = Field(None, description="Unit that received it")
    DonViXuLy: Annotated[DonVi | None, _named(DonVi, "Ten")] = Field(None, description="Unit that handles it")
    LoaiDuLieuKetNoi: Text = Field(None, description="Set where another system already tells the citizen")
    LyDo: Text = Field(None, description="Reason of a refusal, stop or delay")


class TienDoBlock(BaseModel):
    """The step of the process and the people on it."""

    model_config = VENDOR
    NguoiXuLy: Annotated[CanBo | None, _named(CanBo, "HoTen")] = Field(None, description="Who did the step")
    NguoiXuLyTiep: Maybe[list[Annotated[CanBo, _named(CanBo, "HoTen")]]] = Field(
        None, description="Everybody who has the dossier next"
    )
    ThuTruong: Maybe[list[Annotated[CanBo, _named(CanBo, "HoTen")]]] = Field(None, description="Heads of the unit")
    PhongBanXuLy: Text = Field(None, description="Department")
    BuocHienTai: Text = Field(None, description="Code of the step")
    TenBuocHienTai: Text = Field(None, description="Name of the step")
    ThoiDiemXuLy: Time = None
    NoiDungXuLy: Text = Field(None, description="What was done, and why")
    NoiDungYKien: Text = Field(None, description="The same in the ministries' dialect of 2026")
    TrangThai: Text = Field(None, description="Status after the step")
    NgayBatDau: Time = None
    NgayKetThucTheoQuyDinh: Time = Field(None, description="Until when the step has to be done")
    LyDo: Text = None


class GiayTo(BaseModel):
    """A paper; a bare text is its name."""

    model_config = VENDOR
    TenGiayTo: Text = None


class BoSungBlock(BaseModel):
    """What the citizen has to bring. Required for hoso.yeu_cau_bo_sung."""

    model_config = VENDOR
    NoiDungBoSung: Text = Field(None, description="What is missing, in words for the citizen")
    ThoiHanBoSung: Time = Field(None, description="Until when")
    DanhSachGiayToBoSung: Maybe[list[Annotated[GiayTo, _named(GiayTo, "TenGiayTo")]]] = None
    NgayBoSung: Time = Field(None, description="When it was asked for, in sync records")
    NgayTiepNhanBoSung: Time = Field(None, description="When the papers came, in sync records")


class LePhiLine(BaseModel):
    """A fee. At least one is required for hoso.yeu_cau_nvtc."""

    model_config = VENDOR
    TenPhiLePhi: Text = None
    MaPhiLePhi: Text = None
    HinhThucThu: Text = Field(None, description="1 on receipt, 2 on supplement, 4 on return")
    Gia: Amount = Field(None, description="Amount in đồng", examples=["135000"])
    TrangThaiThanhToan: Text = Field(None, description="0 not paid, 1 paid")
    LinkThanhToan: Text = Field(None, description="Where to pay online")


class VanBanLine(BaseModel):
    """A letter: 01 receipt, 02 supplement, 03 refusal, 04 apology, 05 stop, KQ a result."""

    model_config = VENDOR
    Loai: Text = None
    SoKyHieu: Text = Field(None, description="Number of the letter")
    TenTep: Text = Field(None, description="File name")
    DuongDan: Text = Field(None, description="Where the file is")


class LichHenBlock(BaseModel):
    """A slot booked at a counter."""

    model_config = VENDOR
    ThoiGianHen: Time = None
    DiaDiem: Text = None
    SoPhieu: Text = Field(None, description="Ticket number")


class HanBlock(BaseModel):
    """What a timer of ours counted from, and for the how manieth time: only in stored reminders, never sent in.

    It is no field of `EventData`, so that a block of this name from outside means nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    Moc: AwareDatetime
    Lan: PositiveInt


class EventData(BaseModel):
    """What happened to one dossier."""

    model_config = VENDOR
    HoSo: HoSoBlock
    TienDo: Maybe[TienDoBlock] = None
    BoSung: Maybe[BoSungBlock] = None
    LePhi: Maybe[list[LePhiLine]] = None
    VanBan: Maybe[list[VanBanLine]] = None
    LichHen: Maybe[LichHenBlock] = None
    LyDo: Text = Field(None, description="Reason of a refusal, stop or delay")


class EventEnvelope(BaseModel):
    """A CloudEvents 1.0 event. Sent as application/cloudevents+json, or with its attributes as `ce-` headers."""

    model_config = VENDOR
    specversion: Literal["1.0"]
    id: Name = Field(description="The event's id within its source; a repeat with the same id is taken in once")
    source: Name = Field(description="The dossier system", examples=["mcdt.angiang.gov.vn"])
    type: TypeName = Field(
        description="What happened. Types that begin with han. or nhac. are our own and are refused",
        examples=["hoso.duoc_tiep_nhan"],
    )
    time: Time = Field(None, description="When it happened")
    subject: Text = None
    datacontenttype: Text = None
    dataschema: Text = None
    seq: Sequence = Field(None, description="(source, MaHoSo, seq) orders the events of a dossier")
    data: EventData


class GiayToKetQua(BaseModel):
    """A result paper of a sync record."""

    model_config = VENDOR
    TenGiayTo: Text = None
    MaGiayToKetQua: Text = None
    DuongDanTepTinKetQua: Text = None


class DongBoHoSo(BaseModel):
    """What a record of DongBoHoSoMC has beside the fields of `HoSoBlock`."""

    model_config = VENDOR
    MaHoSo: Name
    TrangThaiHoSo: Name = Field(description="Status 1 to 10, or the source's own if it is configured")
    HinhThuc: Text = Field(None, description="Way of returning: 0 at the counter, 1 by post")
    DanhSachLePhi: Maybe[list[LePhiLine]] = None
    DanhSachHoSoBoSung: Maybe[list[BoSungBlock]] = None
    DanhSachGiayToKetQua: Maybe[list[GiayToKetQua]] = None


class CapNhatTienDo(BaseModel):
    """What a record of CapNhatTienDoHoSoMC has beside the fields of `TienDoBlock`."""

    model_config = VENDOR
    MaHoSo: Name
    TrangThai: Name = Field(description="Status after the step")
    ChucDanh: Text = Field(None, description="Title of NguoiXuLy, who is a bare name here")
