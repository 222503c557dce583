"""Receipts: callbacks of providers, kept exactly as they came before anybody tries to understand them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.ids import DeliveryId, ProviderName, ReceiptId
from notifier.domain.receipts import RawReceipt
from notifier.store.pool import Connection
from notifier.store.rings import BELL, CLAIMABLE, RING_LEASE

_STORE = f"""
INSERT INTO receipt (provider, received_at, method, query, headers, body, state, due_at, lease_owner, lease_until)
VALUES ($1, $2, $3, $4, $5, $6, 'stored', $2, '{BELL}', now() + $7) RETURNING id
"""


async def store(connection: Connection, raw: RawReceipt, now: datetime) -> ReceiptId:
    """Keep a callback. Its path key is a secret and is not kept; it has done its work."""
    receipt_id: ReceiptId = await connection.fetchval(
        _STORE, raw.provider, now, raw.method, raw.query, raw.headers, raw.body, RING_LEASE
    )
    return receipt_id


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    id: ReceiptId
    raw: RawReceipt
    received_at: datetime
    attempts: int


_CLAIM = f"""
UPDATE receipt SET lease_owner = $2, lease_until = now() + $3, attempts = attempts + 1
WHERE id = ANY ($1::bigint[]) AND due_at <= $4
  AND {CLAIMABLE}
RETURNING *
"""  # primary key


async def claim(
    connection: Connection, ids: Sequence[ReceiptId], worker: str, lease: timedelta, now: datetime
) -> list[StoredReceipt]:
    rows = await connection.fetch(_CLAIM, ids, worker, lease, now)
    return [
        StoredReceipt(
            row["id"],
            RawReceipt(ProviderName(row["provider"]), row["method"], None, row["query"], row["headers"], row["body"]),
            row["received_at"],
            row["attempts"],
        )
        for row in sorted(rows, key=lambda row: row["id"])
    ]


_FINISH = """
UPDATE receipt SET state = $3, due_at = $4, lease_owner = NULL, lease_until = NULL WHERE id = $1 AND lease_owner = $2
"""


async def speaks_of(connection: Connection, receipt_id: ReceiptId, delivery_id: DeliveryId) -> None:
    """Keep that a callback names this delivery."""
    await connection.execute(
        "INSERT INTO receipt_of (delivery_id, receipt_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        delivery_id,
        receipt_id,
    )  # primary key


async def finish(
    connection: Connection, receipt_id: ReceiptId, worker: str, state: str, due_at: datetime | None
) -> None:
    """`applied`, `parked` until `due_at` because no message matches yet, or `orphaned` because none ever did."""
    await connection.execute(_FINISH, receipt_id, worker, state, due_at)
