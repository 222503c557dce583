"""Stored rows become events again, with what was kept beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from notifier.domain.events import DossierEvent
from notifier.domain.ids import SourceName
from notifier.intake.codes import SourceProfile
from notifier.intake.translate import to_domain
from notifier.store.events import ClaimedEvent


def understood(stored: ClaimedEvent, profiles: Mapping[SourceName, SourceProfile]) -> DossierEvent:
    """The event of a stored row, as its source means it; one without the full dossier borrows what was last known of it.

    Raises ValueError for a document that cannot be read.
    """
    document: dict[str, Any] = stored.document
    if stored.details and not document["HoSo"].get("ChuHoSo"):
        given = {name: value for name, value in document["HoSo"].items() if value not in (None, "")}
        document = {**document, "HoSo": {**stored.details, **given}}
    return to_domain(
        event_id=stored.id,
        source=stored.source,
        external_id=stored.external_id,
        event_type=stored.type,
        occurred_at=stored.occurred_at,
        received_at=stored.received_at,
        seq=stored.seq,
        document=document,
        profile=profiles.get(stored.source) or SourceProfile(name=stored.source),
    )


def all_understood(stored: Sequence[ClaimedEvent], profiles: Mapping[SourceName, SourceProfile]) -> list[DossierEvent]:
    return [understood(each, profiles) for each in stored]
