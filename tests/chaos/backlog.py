"""The backlog of a bulk run: a hundred thousand messages of one source that are due at one stroke.

It is seeded by SQL. One event of each kind is posted and routed as any other, and what that wrote is copied: each copy
with a dossier, an address, an inbox and ids of its own, its deliveries as routing leaves them, planned, due and in
nobody's hands. Posting so many would measure the intake first.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from notifier.cli.playground import samples
from tests.chaos import observe
from tests.chaos.events import Inventor
from tests.chaos.load import post_all
from tests.chaos.trial import Trial

ROUTED_SECONDS = 30.0
COPY_SECONDS = 300.0
AT_ONCE = 2_000

_COPY = """
WITH copy AS MATERIALIZED (
    SELECT e.*, $2 || '-' || n AS new_external_id, gen_random_uuid() AS new_id, gen_random_uuid() AS new_recipient,
           e.dossier_code || lpad(n::text, 6, '0') AS new_code, 'hang-loat-' || n || '@example.vn' AS new_email,
           md5(random()::text || n) AS new_inbox
    FROM event e, generate_series(1, $3) AS n WHERE e.external_id = $2
), events AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint,
                       warnings, lane, status, transition, agency, state)
    SELECT new_id, source, new_external_id, type, new_code, seq, occurred_at, $1, fingerprint,
           warnings, lane, status, transition, agency, 'routed' FROM copy
), payloads AS (
    INSERT INTO event_payload (event_id, document)
    SELECT new_id, jsonb_set(jsonb_set(document, '{HoSo,MaHoSo}', to_jsonb(new_code)), '{HoSo,Email}',
                             to_jsonb(new_email))
    FROM copy JOIN event_payload ON event_id = copy.id
), dossiers AS (
    INSERT INTO dossier (source, code, status, details_event, updated_at)
    SELECT source, new_code, status, new_id, $1 FROM copy
), told AS (
    INSERT INTO told (dossier_code, status, day, source, event_id)
    SELECT new_code, t.status, day, t.source, new_id FROM copy JOIN told t ON t.event_id = copy.id
), recipients AS (
    INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name, phone, email)
    SELECT new_recipient, new_id, audience, ref, locale, new_inbox, name, phone, new_email
    FROM copy JOIN recipient r ON r.event_id = copy.id
), lookups AS (
    INSERT INTO lookup (token_hash, source, dossier_code, expires_at)
    SELECT sha256(new_id::text::bytea), source, new_code, $1 + interval '90 days' FROM copy
), deliveries AS (
    INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state,
                          due_at, expires_at, created_at, updated_at)
    SELECT gen_random_uuid(), new_id, d.source, new_recipient, channel, content_kind, position, rank, urgency,
           'planned', $1, $1 + (d.expires_at - d.created_at), $1, $1
    FROM copy JOIN delivery d ON d.event_id = copy.id
    RETURNING event_id, id
)
INSERT INTO audit (at, actor, event_id, delivery_id, from_state, to_state, reason, details)
SELECT $1, actor, new_id, NULL, from_state, to_state, reason, details
FROM copy JOIN audit a ON a.event_id = copy.id AND a.delivery_id IS NULL
UNION ALL
SELECT $1, 'router', event_id, id, NULL, 'planned', 'planned.rule', details FROM deliveries
CROSS JOIN (SELECT details FROM audit a JOIN copy ON a.event_id = copy.id AND a.reason = 'planned.rule' LIMIT 1) rule
"""
_DRAINED = """
SELECT count(*) AS count FROM delivery d JOIN event e ON e.id = d.event_id
WHERE e.external_id = ANY ($1) AND d.state NOT IN ('planned', 'held', 'sending')
"""
_TAKE_BACK = """
WITH rest AS (
    SELECT d.id FROM delivery d JOIN event e ON e.id = d.event_id
    WHERE e.external_id = ANY ($1) AND d.state = 'planned'
      AND (d.lease_owner IS NULL OR d.lease_owner ~ '^(nobody$|taken:)' OR d.lease_until < now())
    LIMIT $3 FOR UPDATE OF d SKIP LOCKED
), gone AS (
    UPDATE delivery d SET state = 'cancelled', due_at = NULL, lease_owner = NULL, lease_until = NULL, updated_at = $2
    FROM rest WHERE d.id = rest.id RETURNING d.event_id, d.id
)
INSERT INTO audit (at, actor, event_id, delivery_id, from_state, to_state, reason, details)
SELECT $2, 'chaos', event_id, id, 'planned', 'cancelled', 'cancelled.operator', '{}' FROM gone RETURNING seq
"""


async def seed(trial: Trial, inventor: Inventor, messages: int) -> list[str]:
    """Make the backlog visible at one stroke; answers the ids of its events."""
    stand = trial.stand
    patterns = [inventor.like(shape, by_phone=True) for shape in _shapes()]
    posted = await post_all(stand.ground, stand.clock, patterns, per_second=10, rng=trial.rng)
    trial.accepted.extend(posted.accepted)
    await observe.settle(stand, ROUTED_SECONDS)
    each = messages // sum(pattern.promised.total() for pattern in patterns)
    async with stand.connection() as connection, connection.transaction():
        for pattern in patterns:
            await connection.execute(_COPY, stand.clock(), pattern.id, each, timeout=COPY_SECONDS)
    copies = [replace(pattern, id=f"{pattern.id}-{n + 1}", document={}) for pattern in patterns for n in range(each)]
    trial.accepted.extend(copies)
    return [each.id for each in copies]


def _shapes() -> list[dict[str, Any]]:
    """The two rules that tell citizens in bulk: one by mail, one by Zalo; both in the inbox."""
    shapes = dict(samples())
    handled = copy.deepcopy(shapes["04-chuyen-buoc"])
    handled["type"] = "hoso.dang_xu_ly"
    nobody_s = {"Ma": "H01.99", "Ten": "UBND xã không có trong danh bạ"}  # of a unit whose head no event has named
    handled["data"]["HoSo"] |= {"DonViXuLy": nobody_s, "DonViTiepNhan": nobody_s}
    handled["data"]["TienDo"] |= {"NguoiXuLyTiep": [], "ThuTruong": []}
    return [shapes["09-da-tra-ket-qua"], handled]


async def drained(trial: Trial, backlog: Sequence[str]) -> int:
    """How many of its messages are out of the way."""
    (row,) = await trial.stand.ask(_DRAINED, backlog)
    return int(row["count"])


async def take_back(trial: Trial, backlog: Sequence[str]) -> None:
    """Cancel what of it nobody has begun, as an operator might, so that the run need not wait for it."""
    async with trial.stand.connection() as connection:
        while await connection.fetch(_TAKE_BACK, backlog, trial.stand.clock(), AT_ONCE, timeout=COPY_SECONDS):
            pass
