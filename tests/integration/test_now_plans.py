"""The statements of the home of the console among very many rows: by their indexes, and few rows touched.

On tables with statistics and on tables that nobody has analyzed yet, with custom and with generic plans.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifier.domain.reach import EVERYWHERE, Reach
from notifier.store import gaps, now, targets, traffic, untold
from notifier.store.pool import Pool, open_pool
from notifier.store.untold import Lack, Place
from tests.support.plans import explained, looked_at, sent_by, told
from tests.support.stack import fresh_database

NOW = datetime(2027, 1, 18, 3, tzinfo=UTC)
EVENTS = 20_000
"""One every ten seconds: more than two days."""
FILL = """
CREATE FUNCTION id(kind int, at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(kind), 16, '8'))::uuid $$;
INSERT INTO event (id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint, warnings, lane,
                   agency, state, due_at)
    SELECT id(1, at), 's' || n % 3, n, 'hoso.da_co_ket_qua', 'd' || n, 2, at, at, '', '[]', 'normal', 'H01.' || n % 20,
           CASE WHEN n % 500 = 0 THEN 'received' WHEN n % 501 = 0 THEN 'unroutable' ELSE 'routed' END,
           CASE WHEN n % 500 = 0 THEN at END
    FROM (SELECT n, $1 - n * interval '10 seconds' AS at FROM generate_series(1, 20000) n) made;
INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name)
    SELECT id(2, received_at), id, 'citizen', 'citizen', 'vi', 'o', 'x' FROM event;
INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state, due_at,
                      expires_at, created_at, updated_at)
    SELECT id(3, e.received_at), e.id, e.source, id(2, e.received_at), 'zalo', 'zalo', 'first', 0, 'normal',
           CASE WHEN e.external_id::int % 400 = 0 THEN 'planned' WHEN e.external_id::int % 400 = 1 THEN 'failed'
                ELSE 'delivered' END,
           CASE WHEN e.external_id::int % 400 = 0 THEN e.received_at END, $1, e.received_at, e.received_at
    FROM event e;
INSERT INTO receipt (provider, received_at, method, query, headers, body, state, due_at)
    SELECT 'zalo', $1 - n * interval '10 seconds', 'POST', '{}', '{}', '',
           CASE WHEN n % 500 = 0 THEN 'stored' WHEN n % 501 = 0 THEN 'orphaned' ELSE 'applied' END,
           CASE WHEN n % 500 = 0 THEN $1 - n * interval '10 seconds' END FROM generate_series(1, 10000) n;
INSERT INTO audit (at, actor, event_id, reason, details)
    SELECT received_at, 'router', id, CASE WHEN external_id::int % 400 = 0 THEN 'event.seq_gap'
                                           WHEN external_id::int % 400 = 1 THEN 'event.no_recipient'
                                           WHEN external_id::int % 400 = 2 THEN 'event.no_contact'
                                           ELSE 'event.routed' END, '{"audience": "officer"}' FROM event;
INSERT INTO attempt (id, delivery_id, number, provider, idempotency_key, worker, started_at, finished_at, outcome)
    SELECT id(4, created_at), id, 1, 'zalo', id::text, 'w', created_at, created_at, 'accepted' FROM delivery;
INSERT INTO provider (name, channel, counted_from, changed_at) SELECT 'p' || n, 'sms', $1, $1 FROM generate_series(1, 4) n;
INSERT INTO provider_minute (provider, minute, accepted)
    SELECT 'p' || p, $1 - n * interval '1 minute', 1 FROM generate_series(1, 4) p, generate_series(1, 5000) n;
"""
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
WITHIN = Reach(("H01.7",), ("H01.7",), ("H01.7.",))
STATEMENTS: dict[str, tuple[Callable[[Any], Awaitable[Any]], set[str], int]] = {
    "what waits": (lambda c: traffic.waiting(c, NOW, EVERYWHERE), {"event_due", "delivery_due"}, 700),
    "what waits of some agencies": (
        lambda c: traffic.waiting(c, NOW, WITHIN), {"event_due", "delivery_due", "event_pkey"}, 1_000),
    "what waits for a channel": (lambda c: now.waiting_for(c, "zalo", NOW), {"delivery_due"}, 400),
    "the last hour": (
        lambda c: traffic.flow(c, NOW - HOUR, timedelta(minutes=1), 60, EVERYWHERE),
        {"event_pkey", "provider_minute_pkey"}, 1_000),
    "the last hour of some agencies": (
        lambda c: traffic.flow(c, NOW - HOUR, timedelta(minutes=1), 60, WITHIN), {"event_pkey", "attempt_pkey"}, 2_000),
    "the last day": (
        lambda c: traffic.flow(c, NOW - DAY, timedelta(minutes=30), 48, EVERYWHERE),
        {"event_pkey", "provider_minute_pkey"}, 15_000),
    "the last day of some agencies": (
        lambda c: traffic.flow(c, NOW - DAY, timedelta(minutes=30), 48, WITHIN), {"event_pkey"}, 90_000),
    "calls for some agencies": (
        lambda c: traffic.calls_within(c, NOW - QUARTER, NOW, WITHIN), {"attempt_pkey", "delivery_pkey", "event_pkey"}, 400),
    "receipts of some agencies": (
        lambda c: traffic.punctuality_within(c, "zalo", NOW - HOUR, NOW, QUARTER, WITHIN),
        {"attempt_pkey", "delivery_pkey", "event_pkey", "audit_event"}, 2_000),
    "who took messages last": (lambda c: now.accepted_last(c, NOW - DAY), {"provider_minute_pkey"}, 50),
    "who is silent": (lambda c: now.unheard(c, ["s0", "s9"], NOW - 3 * HOUR), {"event_pkey"}, 3_000),
    "dead letters of the day": (lambda c: now.dead_since(c, NOW - DAY, EVERYWHERE), {"delivery_dead"}, 300),
    "dead letters of some agencies": (lambda c: now.dead_since(c, NOW - DAY, WITHIN), {"delivery_dead", "event_pkey"}, 300),
    "events that name nobody": (
        lambda c: untold.count(c, Lack.RECIPIENT, NOW - DAY, WITHIN), {"audit_heeded", "event_pkey"}, 150),
    "people without any contact": (
        lambda c: untold.count(c, Lack.CONTACT, NOW - DAY, WITHIN), {"audit_no_contact", "event_pkey"}, 150),
    "who was not named": (
        lambda c: untold.page(c, Lack.RECIPIENT, NOW - DAY, Place(NOW, 0), WITHIN), {"audit_heeded", "event_pkey"}, 300),
    "who has no contact": (
        lambda c: untold.page(c, Lack.CONTACT, NOW - DAY, Place(NOW, 0), WITHIN), {"audit_no_contact", "event_pkey"}, 300),
    "events that cannot be read": (lambda c: now.stuck(c, NOW - DAY, EVERYWHERE), {"event_unroutable"}, 100),
    "events of some agencies that cannot be read": (lambda c: now.stuck(c, NOW - DAY, WITHIN), {"event_unroutable"}, 100),
    "receipts of nothing": (lambda c: now.orphaned(c, NOW - DAY), {"receipt_orphaned"}, 100),
    "receipts to be read": (lambda c: now.unread_receipts(c, NOW), {"receipt_due"}, 200),
    "gaps": (lambda c: gaps.noted(c, NOW - DAY, NOW, EVERYWHERE, 200), {"audit_heeded", "event_pkey", "event_dossier"}, 400),
    "gaps of some agencies": (lambda c: gaps.noted(c, NOW - DAY, NOW, WITHIN, 200), {"audit_heeded", "event_pkey"}, 200),
    "an event with its messages": (
        lambda c: targets.of_event(c, UUID("0168ab30-0000-7000-8888-888888888881")), {"event_pkey"}, 10),
}  # fmt: skip
"""The function, the indexes that its comments name, and how many rows it may look at."""


@pytest.fixture(scope="module", params=["analyzed", "as it was filled"])
async def full(request, template_database) -> AsyncIterator[Pool]:
    async with (
        fresh_database(template_database) as url,
        await open_pool(url, size=1, statement_timeout_seconds=60) as pool,
    ):
        async with pool.acquire() as connection:
            for table in (
                "event",
                "delivery",
                "recipient",
                "receipt",
                "audit",
                "attempt",
                "provider",
                "provider_minute",
            ):
                await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
            await connection.execute(FILL.replace("$1", f"timestamptz '{NOW.isoformat()}'"))
            if request.param == "analyzed":
                await connection.execute("ANALYZE")
            assert await connection.fetchval("SELECT count(*) FROM event") == EVENTS
        yield pool


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", list(STATEMENTS))
async def test_a_statement_uses_its_indexes_and_looks_at_few_rows(full, name, plans):
    work, indexes, most = STATEMENTS[name]
    async with full.acquire() as connection:
        await connection.execute(f"SET plan_cache_mode = {plans}")
        nodes = [node for sent in await sent_by(connection, work) for node in await explained(connection, *sent)]
    story = "\n".join(map(told, nodes))
    assert indexes <= {node["Index Name"] for node in nodes if "Index Name" in node}, story
    assert sum(map(looked_at, nodes)) <= most, story
