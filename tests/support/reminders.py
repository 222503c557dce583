"""Builders of reminders and digests. Whoever reads them reads at `NOW`, in the afternoon of 23 November 2026."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from notifier.domain.events import DIGEST, DossierEvent, Reminder
from notifier.domain.ids import DossierCode, EventId, EventType
from tests.support.events import event, local

NOW = local(23, 16)
BASES = {
    "han.sap_qua_tiep_nhan": local(23, 8, 15),
    "han.qua_tiep_nhan": local(20, 8, 15),
    "han.buoc_sap_den": local(24, 9),
    "han.buoc_qua": local(23, 11, 30),
    "han.hoso_sap_den": local(25, 17),
    "han.can_xin_loi": local(24, 17),
    "han.hoso_qua": local(19, 17),
    "han.bo_sung_sap_het": local(25, 17),
    "han.phi_chua_nop": local(21, 10),
    "han.chua_nhan_ket_qua": local(20, 15),
}
"""What a reminder of each type would count from if it were made now."""
MIXED = ("han.hoso_qua", "hoso.chuyen_buoc", "han.buoc_sap_den", "han.sap_qua_tiep_nhan", "han.buoc_qua")


def reminder(event_type: str, *, number: int = 1, **overrides: Any) -> DossierEvent:
    made = Reminder(overrides.pop("basis", BASES[event_type]), number)
    return event(type=EventType(event_type), reminder=made, **overrides)


def told(event_type: str, **overrides: Any) -> DossierEvent:
    """An event of any type, with the block that such a type has."""
    if event_type == DIGEST:
        return digest(*(item(number, **overrides) for number in range(5)), **overrides)
    return reminder(event_type, **overrides) if event_type in BASES else event(type=EventType(event_type), **overrides)


def item(number: int, event_type: str | None = None, **overrides: Any) -> DossierEvent:
    """One of several events, of dossier number `number`; the first is that of every other test."""
    own = {"id": EventId(UUID(int=number + 1)), "code": DossierCode(f"H01.14-261119-{42 + number:04}")}
    return told(event_type or MIXED[number % len(MIXED)], **own | overrides)


def digest(*items: DossierEvent, **overrides: Any) -> DossierEvent:
    """As workers make it: what it says of one dossier is that of the first."""
    return replace(items[0] if items else event(**overrides), type=DIGEST, reminder=None, gathered=items)
