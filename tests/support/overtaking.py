"""Builders for the events of one dossier, as overtaking knows them."""

from datetime import datetime
from uuid import UUID

from notifier.domain.dossiers import Move
from notifier.domain.ids import EventId, EventType
from notifier.domain.order import Place
from notifier.routing.overtaking import Told
from tests.support.routing_events import local

TYPES = {
    1: "hoso.moi_dang_ky",
    2: "hoso.duoc_tiep_nhan",
    4: "hoso.dang_xu_ly",
    5: "hoso.yeu_cau_bo_sung",
    9: "hoso.xu_ly_xong",
    10: "hoso.da_tra_ket_qua",
}
"""Status → the event that tells of it."""


def told(
    type_: str,
    seq: int,
    transition: Move | None = Move.NORMAL,
    *,
    received: datetime | None = None,
    routed: bool = True,
    undone: bool = False,
) -> Told:
    """An event of the dossier; the higher its number, the later."""
    came = received or local(9, 30)
    return Told(Place(EventId(UUID(int=seq)), seq, came, came), EventType(type_), transition, routed, undone)
