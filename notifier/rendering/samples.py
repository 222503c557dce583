"""Sample facts to look at wordings with: invented people and dossiers that ship with the templates (`templates/_samples`).

The first file holds a whole document; each of the others says what is different in it, as a JSON merge patch (RFC 7396).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from notifier.domain.content import ContentKind
from notifier.domain.dossiers import Person, Status
from notifier.domain.events import DIGEST, DossierEvent, Reminder
from notifier.domain.ids import EventId, EventType, ExternalId, InboxOwner, RecipientId, SourceName
from notifier.domain.recipients import Audience, Contact, Locale, Recipient
from notifier.intake.codes import SourceProfile
from notifier.intake.translate import to_domain
from notifier.rendering.renderer import RenderRequest

FOLDER = "_samples"
SOURCE = SourceName("mcdt.example.gov.vn")
_ID = UUID("01980000-0000-7000-8000-000000000039")
_STATUS = {
    "hoso.moi_dang_ky": Status.NEW,
    "hoso.duoc_tiep_nhan": Status.ACCEPTED,
    "hoso.khong_tiep_nhan": Status.REFUSED,
    "hoso.yeu_cau_bo_sung": Status.SUPPLEMENT_REQUESTED,
    "hoso.yeu_cau_nvtc": Status.PAYMENT_REQUESTED,
    "hoso.rut_ho_so": Status.WITHDRAWN,
    "hoso.dung_xu_ly": Status.STOPPED,
    "hoso.xu_ly_xong": Status.DONE,
    "hoso.da_tra_ket_qua": Status.RETURNED,
    "han.sap_qua_tiep_nhan": Status.NEW,
    "han.qua_tiep_nhan": Status.NEW,
    "han.bo_sung_sap_het": Status.SUPPLEMENT_REQUESTED,
    "han.phi_chua_nop": Status.PAYMENT_REQUESTED,
    "han.chua_nhan_ket_qua": Status.DONE,
}
"""How a dossier stands of which such an event tells; the others are being processed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`at` is when its message is read."""

    name: str
    title: tuple[str, str]
    at: datetime
    document: dict[str, Any]


def load(templates_dir: Path) -> dict[str, Sample]:
    """The samples by name, in the order of their files."""
    found: dict[str, Sample] = {}
    whole: dict[str, Any] = {}
    for path in sorted((templates_dir / FOLDER).glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        whole = whole or said
        name = path.stem.partition("-")[2]
        document = _merged(whole["data"], said.get("changes", {}))
        found[name] = Sample(
            name, (said["title"]["vi"], said["title"]["en"]), datetime.fromisoformat(whole["at"]), document
        )
    return found


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    base = target if isinstance(target, dict) else {}
    merged = {name: _merged(base.get(name), value) for name, value in patch.items() if value is not None}
    return {name: value for name, value in base.items() if name not in patch} | merged


def event_of(sample: Sample, type_: EventType) -> DossierEvent:
    """The sample as an event of this type; a digest tells of a step and of a dossier that is late."""
    if type_ == DIGEST:
        told = (event_of(sample, EventType("hoso.chuyen_buoc")), event_of(sample, EventType("han.hoso_qua")))
        return replace(told[0], type=DIGEST, gathered=told)
    event = to_domain(
        event_id=EventId(_ID),
        source=SOURCE,
        external_id=ExternalId("mau"),
        event_type=type_,
        occurred_at=sample.at,
        received_at=sample.at,
        seq=5,
        document=sample.document,
        profile=SourceProfile(name=SOURCE),
    )
    status = _STATUS.get(type_, Status.PROCESSING)
    event = replace(event, dossier=replace(event.dossier, status=status))
    if not type_.startswith("han."):
        return event
    is_late = type_ in {"han.hoso_qua", "han.buoc_qua", "han.qua_tiep_nhan"}
    basis = sample.at + timedelta(days=-1 if is_late else 2)
    return replace(event, reminder=Reminder(basis, 2))


def recipient_of(event: DossierEvent, audience: Audience, locale: Locale) -> Recipient:
    """Who would read it: the citizen of the sample, or the first officer or head that it names."""
    staff = event.progress.heads if event.progress and audience is not Audience.HANDLER else ()
    handlers = event.progress.next_handlers if event.progress else ()
    people = (*staff, *handlers) if audience.is_staff else (event.dossier.addressee,)
    person = next((each for each in people if each), None) or Person(name="Quý công dân")
    return Recipient(
        id=RecipientId(_ID),
        audience=audience,
        ref=person.code or "citizen",
        name=person.name,
        contact=Contact(InboxOwner("mau"), person.phone, person.email, person.zalo_uid),
        locale=locale,
    )


@dataclass(frozen=True, slots=True)
class House:
    """What the installation adds to a message."""

    link: str
    hotline: Callable[..., str]
    sender_name: str
    sensitive: Callable[[DossierEvent], bool]


def request(
    sample: Sample, type_: EventType, reader: tuple[Audience, Locale], kind: ContentKind, house: House
) -> RenderRequest:
    """What the renderer is asked when this sample is to be told to this reader."""
    event = event_of(sample, type_)
    return RenderRequest(
        event=event,
        recipient=recipient_of(event, *reader),
        kind=kind,
        link=house.link,
        hotline=house.hotline(*event.dossier.units),
        sender_name=house.sender_name,
        sensitive=house.sensitive,
        now=sample.at,
    )
