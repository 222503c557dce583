"""The audit rows of one dossier, with what is needed to tell them as a story."""

from notifier.audit.timeline import AuditRow, EventRef, RecipientRef
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DossierCode, SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection

_OF_DOSSIER = """
SELECT a.seq, a.at, a.actor, a.from_state, a.to_state, a.reason, a.details, a.delivery_id,
       e.external_id, e.type, e.seq AS event_seq, d.channel, r.audience, r.ref, t.number AS attempt, t.detail
FROM event e
JOIN audit a ON a.event_id = e.id
LEFT JOIN delivery d ON d.id = a.delivery_id
LEFT JOIN recipient r ON r.id = d.recipient_id
LEFT JOIN attempt t ON t.delivery_id = a.delivery_id AND a.from_state = 'sending' AND t.finished_at = a.at
WHERE e.source = $1 AND e.dossier_code = $2
ORDER BY a.seq
"""  # event_dossier, audit_event, attempt's unique key, primary keys


async def of_dossier(connection: Connection, source: SourceName, code: DossierCode) -> list[AuditRow]:
    """Every audit row of a dossier, in the order of the trail; none if the source has not told of it."""
    return [
        AuditRow(
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
        for row in await connection.fetch(_OF_DOSSIER, source, code)
    ]


async def sources_of(connection: Connection, code: DossierCode) -> list[SourceName]:
    """The sources that know a dossier of this code."""
    rows = await connection.fetch("SELECT source FROM dossier WHERE code = $1 ORDER BY source", code)
    return [row["source"] for row in rows]
