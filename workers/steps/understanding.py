"""Stored rows become events again, with what was kept beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from notifier.domain.events import DossierEvent
from notifier.domain.ids import SourceName
from notifier.intake.codes import SourceProfile
from notifier.intake.translate import to_domain
from notifier.store.events import ClaimedEvent

REMEMBERED = 256
"""Events. One is needed twice within moments: when it is routed, and when its messages are written."""


def understood(stored: ClaimedEvent, profiles: Mapping[SourceName, SourceProfile]) -> DossierEvent:
    """The event of a stored row, as its source means it; one without the full dossier borrows what was last known of it.

    Raises ValueError for a document that cannot be read.
    """
    document: dict[str, Any] = stored.document
    if stored.details and not document["HoSo"].get("ChuHoSo"):
        given = {name: value for name, value in document["HoSo"].items() if value not in (None, "")}
        document = {**document, "HoSo": {**stored.details, **given}}
    profile = profiles.get(stored.source) or SourceProfile(name=stored.source)
    return _read(_Readable(replace(stored, document=document, details=None), profile))


@dataclass(frozen=True, slots=True)
class _Readable:
    """All that an event is read from: where it is the same, so is the event."""

    stored: ClaimedEvent
    profile: SourceProfile

    def __hash__(self) -> int:
        return hash(self.stored.id)


@lru_cache(maxsize=REMEMBERED)
def _read(readable: _Readable) -> DossierEvent:
    stored = readable.stored
    return to_domain(
        event_id=stored.id,
        source=stored.source,
        external_id=stored.external_id,
        event_type=stored.type,
        occurred_at=stored.occurred_at,
        received_at=stored.received_at,
        seq=stored.seq,
        document=stored.document,
        profile=readable.profile,
    )


def all_understood(stored: Sequence[ClaimedEvent], profiles: Mapping[SourceName, SourceProfile]) -> list[DossierEvent]:
    return [understood(each, profiles) for each in stored]
