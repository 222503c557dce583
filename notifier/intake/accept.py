"""From a request's items to what is stored: each is accepted, or refused with everything that is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notifier.domain.dossiers import Status
from notifier.domain.errors import FieldError, IntakeError
from notifier.domain.events import OURS
from notifier.domain.ids import DossierCode, EventType, ExternalId
from notifier.intake import vendor
from notifier.intake.cloudevents import Incoming, Item, ItemKind
from notifier.intake.codes import SourceProfile, is_usual_dossier_code, status_of
from notifier.intake.contacts import email_address, is_renumbered, mobile_e164
from notifier.intake.documents import canonical, fingerprint, normalised
from notifier.intake.fields import NAME_LENGTH, found, is_blank, read
from notifier.intake.models import (
    CapNhatTienDo,
    DongBoHoSo,
    EventData,
    EventEnvelope,
    HoSoBlock,
    TienDoBlock,
)

ATTRIBUTES = "@attributes"
"""Where a stored document keeps the CloudEvents attributes, beside HoSo, TienDo and so on."""
_PER_ATTEMPT = frozenset({"data", "datacontenttype", "traceparent", "tracestate"})
"""Not part of what happened: they may differ between two sendings of one event."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One event to be stored.

    `event_type` is None for a bare record: `vendor.derive_type` tells it from `status`, `is_progress` and the
    status last known. `document` is JSON, `text` its canonical form; equal events have equal documents, so equal
    fingerprints, in every mode.
    """

    index: int
    external_id: ExternalId
    event_type: EventType | None
    occurred_at: datetime
    seq: int | None
    dossier_code: DossierCode
    status: Status | None
    is_progress: bool
    document: dict[str, Any]
    text: str
    fingerprint: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """One item that is not stored. Pointers in `error` start at the item."""

    index: int
    external_id: str | None
    error: IntakeError


def understand(incoming: Incoming, profile: SourceProfile, now: datetime) -> list[Accepted | Refused]:
    """One answer per item, in their order. `profile` is that of the source whose signature was verified."""
    return [_item(index, item, profile, now) for index, item in enumerate(incoming.items)]


def _item(index: int, item: Item, profile: SourceProfile, now: datetime) -> Accepted | Refused:
    try:
        value = normalised(item.value)
        if item.kind is ItemKind.EVENT:
            return _event(index, value, profile, now)
        return _record(index, value, profile, now)
    except IntakeError as error:
        claimed = item.value.get("id") if isinstance(item.value, dict) else None
        known = isinstance(claimed, str) and len(claimed) <= NAME_LENGTH and claimed.isprintable()
        return Refused(index, claimed if known else None, error)


def _event(index: int, value: Any, profile: SourceProfile, now: datetime) -> Accepted:
    envelope = read(EventEnvelope, value)
    if isinstance(envelope, tuple):
        raise _invalid(envelope)
    if envelope.source != profile.name:
        error = FieldError(
            pointer="/source",
            detail="the event names another source than the request",
            found="another source",
            expected=profile.name,
        )
        raise IntakeError("source-mismatch", "The event names another source than the request.", (error,))
    hoso = envelope.data.HoSo
    status = status_of(hoso.TrangThaiHoSo, profile)
    faults = list(_needs_of_type(envelope))
    if hoso.TrangThaiHoSo is not None and status is None:
        faults.append(_unknown_status("/data/HoSo/TrangThaiHoSo", hoso.TrangThaiHoSo))
    if faults:
        raise _invalid(tuple(faults))
    document = {**value["data"], ATTRIBUTES: _attributes(value, envelope)}
    text = canonical(document)
    step = envelope.data.TienDo
    return Accepted(
        index=index,
        external_id=ExternalId(envelope.id),
        event_type=EventType(envelope.type),
        occurred_at=envelope.time or (step and step.ThoiDiemXuLy) or now,
        seq=envelope.seq,
        dossier_code=DossierCode(hoso.MaHoSo),
        status=status,
        is_progress=False,
        document=document,
        text=text,
        fingerprint=fingerprint(text),
        warnings=_warnings(envelope.data, profile),
    )


def _record(index: int, value: Any, profile: SourceProfile, now: datetime) -> Accepted:
    progress = isinstance(value, dict) and vendor.is_progress(value)
    document = _progress_document(value) if progress else _sync_document(value)
    field = "TrangThai" if progress else "TrangThaiHoSo"
    data = EventData.model_validate(document)
    status = status_of(data.HoSo.TrangThaiHoSo, profile)
    if status is None:
        raise _invalid((_unknown_status(f"/{field}", data.HoSo.TrangThaiHoSo),))
    happened = data.TienDo.ThoiDiemXuLy if data.TienDo else vendor.sync_time(data, status)
    external_id = ExternalId(f"sync-{fingerprint(canonical(value))[:32]}")
    document[ATTRIBUTES] = {"id": external_id, "source": profile.name}
    text = canonical(document)
    return Accepted(
        index=index,
        external_id=external_id,
        event_type=None,
        occurred_at=happened or now,
        seq=None,
        dossier_code=DossierCode(data.HoSo.MaHoSo),
        status=status,
        is_progress=progress,
        document=document,
        text=text,
        fingerprint=fingerprint(text),
        warnings=_warnings(data, profile),
    )


def _sync_document(record: Any) -> dict[str, Any]:
    own, common = read(DongBoHoSo, record), read(HoSoBlock, record)
    if isinstance(own, tuple) or isinstance(common, tuple):
        raise _invalid(_merged(own, common))
    return vendor.document_of_sync(record, own)


def _progress_document(record: Any) -> dict[str, Any]:
    own, step = read(CapNhatTienDo, record), read(TienDoBlock, record)
    if isinstance(own, tuple) or isinstance(step, tuple):
        raise _invalid(_merged(own, step))
    return vendor.document_of_progress(record, own, step)


def _merged(*results: object) -> tuple[FieldError, ...]:
    errors = [error for faults in results if isinstance(faults, tuple) for error in faults]
    return tuple({error.pointer: error for error in errors}.values())


def _attributes(value: Mapping[str, Any], envelope: EventEnvelope) -> dict[str, Any]:
    """The attributes in one spelling: binary mode has only text where structured mode has numbers."""
    kept = {name: item for name, item in value.items() if name not in _PER_ATTEMPT and not is_blank(item)}
    spelled = {name: _spelled(item) for name, item in kept.items()}
    exact = {
        "id": envelope.id,
        "source": envelope.source,
        "time": envelope.time.astimezone(UTC).isoformat() if envelope.time else None,
        "seq": envelope.seq,
    }
    return spelled | {name: item for name, item in exact.items() if item is not None}


def _spelled(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _needs_of_type(envelope: EventEnvelope) -> tuple[FieldError, ...]:
    """What an event of this type cannot do without; types of our own are refused, or reminders could be forged."""
    data = envelope.data
    match envelope.type:
        case ours if ours.startswith(OURS):
            return (_ours(),)
        case "hoso.yeu_cau_bo_sung" if data.BoSung is None:
            return (_missing("/data/BoSung", "an object that says what to bring"),)
        case "hoso.yeu_cau_nvtc" if not data.LePhi:
            return (_missing("/data/LePhi", "an array of at least one fee"),)
        case "hoso.xin_loi_gia_han" if data.HoSo.NgayHenTraMoi is None:
            return (_missing("/data/HoSo/NgayHenTraMoi", "the new due date"),)
        case _:
            return ()


def _ours() -> FieldError:
    return FieldError(
        pointer="/type",
        detail="types of this name are our own: timers of ours make them from the dates of a dossier",
        found="a type of ours",
        expected="a type of the dossier system, such as hoso.chuyen_buoc",
    )


def _missing(pointer: str, expected: str) -> FieldError:
    name = pointer.rpartition("/")[2]
    return FieldError(
        pointer=pointer, detail=f"{name} is required for this type of event", found="nothing", expected=expected
    )


def _unknown_status(pointer: str, raw: str | None) -> FieldError:
    return FieldError(
        pointer=pointer,
        detail="the status is not known for this source",
        found=found(raw, quote="status"),
        expected="1 to 10, or a status that is configured for the source",
    )


def _invalid(errors: tuple[FieldError, ...]) -> IntakeError:
    count = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
    return IntakeError("invalid-event", f"{count} missing or not of the form expected.", errors)


def _warnings(data: EventData, profile: SourceProfile) -> tuple[str, ...]:
    """What was taken in but will be of no use, in sentences without personal data."""
    hoso = data.HoSo
    to_tell = {
        "MaHoSo is not of a usual form; it is kept as it is": not is_usual_dossier_code(hoso.MaHoSo),
        "TrangThaiTruoc is not known for this source": hoso.TrangThaiTruoc is not None
        and status_of(hoso.TrangThaiTruoc, profile) is None,
        "LoaiDoiTuong is not known for this source": hoso.LoaiDoiTuong is not None
        and hoso.LoaiDoiTuong not in profile.subject_map,
        "SoDienThoai is not a Vietnamese mobile number": _unusable(hoso.SoDienThoai, mobile_e164),
        "SoDienThoai has eleven digits of before 2018; it is used with ten": is_renumbered(hoso.SoDienThoai),
        "Email is not an address": _unusable(hoso.Email, email_address),
        "SoDienThoaiNguoiUyQuyen is not a Vietnamese mobile number": _unusable(
            hoso.SoDienThoaiNguoiUyQuyen, mobile_e164
        ),
        "SoDienThoaiNguoiUyQuyen has eleven digits of before 2018; it is used with ten": is_renumbered(
            hoso.SoDienThoaiNguoiUyQuyen
        ),
        "EmailNguoiUyQuyen is not an address": _unusable(hoso.EmailNguoiUyQuyen, email_address),
        "UyQuyen is true but names no authorised person": bool(hoso.UyQuyen)
        and not (hoso.NguoiUyQuyen or hoso.SoDienThoaiNguoiUyQuyen or hoso.EmailNguoiUyQuyen),
    }
    return tuple(sentence for sentence, applies in to_tell.items() if applies)


def _unusable(raw: str | None, usable: Callable[[str], str | None]) -> bool:
    return raw is not None and usable(raw) is None
