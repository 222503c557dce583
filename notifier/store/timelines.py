"""The audit rows of one dossier or event, with what is needed to tell them as a story."""

from typing import Any

from notifier.audit.timeline import AuditRow, EventRef, RecipientRef
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DossierCode, EventId, SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection

_ROWS = """
SELECT a.seq, a.at, a.actor, a.from_state, a.to_state, a.reason, a.details, a.delivery_id,
       e.external_id, e.type, e.seq AS event_seq, d.channel, r.audience, r.ref, t.number AS attempt, t.detail
FROM event e
JOIN audit a ON a.event_id = e.id AND a.reason <> 'contact.revealed'
LEFT JOIN delivery d ON d.id = a.delivery_id
LEFT JOIN recipient r ON r.id = d.recipient_id
LEFT JOIN attempt t ON t.delivery_id = a.delivery_id AND a.from_state = 'sending' AND t.finished_at = a.at
"""
"""Who has looked at a contact is no part of the story."""
_OF_DOSSIER = f"{_ROWS} WHERE e.source = $1 AND e.dossier_code = $2 ORDER BY a.seq"
"""event_dossier, audit_event, attempt's unique key, primary keys"""
_OF_EVENT = f"{_ROWS} WHERE e.id = $1 ORDER BY a.seq"
"""audit_event, attempt's unique key, primary keys"""


async def of_dossier(connection: Connection, source: SourceName, code: DossierCode) -> list[AuditRow]:
    """Every audit row of a dossier, in the order of the trail; none if the source has not told of it."""
    return [_audit_row(row) for row in await connection.fetch(_OF_DOSSIER, source, code)]


async def of_event(connection: Connection, event_id: EventId) -> list[AuditRow]:
    """Every audit row of one event."""
    return [_audit_row(row) for row in await connection.fetch(_OF_EVENT, event_id)]


async def sources_of(connection: Connection, code: DossierCode) -> list[SourceName]:
    """The sources that know a dossier of this code."""
    rows = await connection.fetch("SELECT source FROM dossier WHERE code = $1 ORDER BY source", code)
    return [row["source"] for row in rows]


def _audit_row(row: Any) -> AuditRow:
    return AuditRow(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        event=EventRef(row["external_id"], row["type"], row["event_seq"]),
        reason=Reason(ReasonCode(row["reason"]), row["details"]),
        recipient=RecipientRef(Audience(row["audience"]), row["ref"]) if row["delivery_id"] else None,
        channel=row["channel"],
        from_state=DeliveryState(row["from_state"]) if row["delivery_id"] and row["from_state"] else None,
        to_state=DeliveryState(row["to_state"]) if row["delivery_id"] and row["to_state"] else None,
        attempt=row["attempt"],
        detail=row["detail"],
    )
