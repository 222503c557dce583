"""Receipts: callbacks of providers, kept exactly as they came before anybody tries to understand them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.ids import DeliveryId, ProviderName, ReceiptId
from notifier.domain.receipts import RawReceipt, ReceiptState
from notifier.store.due import claimable
from notifier.store.pool import Connection

_STORE = """
INSERT INTO receipt (provider, received_at, method, query, headers, body, state, due_at)
SELECT provider, $6, method, query::jsonb, headers::jsonb, body, 'stored', $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[]) WITH ORDINALITY
    AS r(provider, method, query, headers, body, place)
ORDER BY place
"""


async def store(connection: Connection, raws: Sequence[RawReceipt], now: datetime) -> None:
    """Keep callbacks, in this order. Their path keys are secrets and are not kept; they have done their work."""
    columns = zip(
        *(
            (raw.provider, raw.method, json.dumps(dict(raw.query)), json.dumps(dict(raw.headers)), raw.body)
            for raw in raws
        ),
        strict=True,
    )
    await connection.execute(_STORE, *columns, now)


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    id: ReceiptId
    raw: RawReceipt
    received_at: datetime
    attempts: int


_CLAIM = f"""
UPDATE receipt SET lease_owner = $2, lease_until = now() + $3, attempts = attempts + 1
WHERE id = ANY ($1::bigint[]) AND due_at <= $4
  AND {claimable("$2")}
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


_SPEAKS_OF = """
INSERT INTO receipt_of (receipt_id, delivery_id) SELECT * FROM unnest($1::bigint[], $2::uuid[]) ON CONFLICT DO NOTHING
"""  # primary key


async def speak_of(connection: Connection, named: Sequence[tuple[ReceiptId, DeliveryId]]) -> None:
    """Keep which deliveries these callbacks name."""
    if named:
        await connection.execute(_SPEAKS_OF, *zip(*named, strict=True))


@dataclass(frozen=True, slots=True)
class Ended:
    """A callback that was read; one that is parked is read again at `due_at`."""

    id: ReceiptId
    state: ReceiptState
    due_at: datetime | None = None


_FINISH = """
UPDATE receipt SET state = e.state, due_at = e.due_at, lease_owner = NULL, lease_until = NULL
FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS e(id, state, due_at)
WHERE receipt.id = e.id AND lease_owner = $4
"""  # primary key


async def finish(connection: Connection, ended: Sequence[Ended], worker: str) -> None:
    """End the reading of those that this worker still holds."""
    ids, states, due = [each.id for each in ended], [each.state for each in ended], [each.due_at for each in ended]
    await connection.execute(_FINISH, ids, states, due, worker)
