"""The statements of timers, dockets and desks among very many rows: by their indexes, and few rows touched.

Executed, not only explained, on tables with statistics and on tables that nobody has analyzed yet, with plans for the
values at hand and with the generic ones that a prepared statement comes to.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifier.domain.deliveries import Urgency
from notifier.reminders.timers import Timer
from notifier.store import desks, dockets, events, overtaking, timers
from notifier.store.pool import Pool, open_pool
from tests.support.plans import explained, looked_at, sent_by, told
from tests.support.stack import fresh_database

NOW = datetime(2027, 1, 18, 3, tzinfo=UTC)
DELIVERY, EVENT = UUID("00000003-0000-0000-0000-000000000190"), UUID("00000001-0000-0000-0000-000000000190")
DOSSIER = ("s1", "d400")
WAVE = [(f"s{number % 3}", f"d{number}") for number in range(400, 464)]
TIMERS = 200_000
FILL = """
CREATE FUNCTION id(kind int, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (lpad(to_hex(kind), 8, '0') || lpad(to_hex(n), 24, '0'))::uuid $$;
INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings, lane, state)
    SELECT id(1, n), 's' || n % 3, n, 'han.hoso_qua', 'd' || n, $1, $1, '', '[]', 'normal', 'routed'
    FROM generate_series(1, 20000) n;
INSERT INTO event_payload SELECT id, '{"HoSo": {}}' FROM event;
INSERT INTO docket (source, dossier_code, last_event, status, updated_at)
    SELECT source, dossier_code, id, 4, $1 FROM event;
INSERT INTO timer (source, dossier_code, type, basis, number, state, planned_for, due_at, fired_at, event_id)
    SELECT 's' || n % 3, 'd' || n, 'han.t' || k, $1, 1,
           CASE WHEN k < 3 THEN 'planned' WHEN k = 3 THEN 'fired' ELSE 'dropped' END, $1,
           CASE WHEN k < 3 THEN $1 + (n - 100) * interval '1 minute' END,
           CASE WHEN k = 3 THEN $1 - n * interval '1 minute' END, CASE WHEN k = 3 THEN id(1, n) END
    FROM generate_series(1, 20000) n, generate_series(0, 9) k;
INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name)
    SELECT id(2, n), id(1, n), 'handler', 'cb' || n % 500, 'vi', 'o' || n % 500, 'x' FROM generate_series(1, 20000) n;
INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state, due_at,
                      expires_at, created_at, updated_at, desk)
    SELECT id(k + 3, n), id(1, n), 's' || n % 3, id(2, n), CASE k WHEN 0 THEN 'zalo' ELSE 'sms' END, 'zalo',
           CASE k WHEN 0 THEN 'first' ELSE 'fallback' END, k, 'normal',
           CASE WHEN n % 20 > 0 THEN 'delivered' WHEN k = 0 THEN 'held' ELSE 'standby' END,
           CASE WHEN n % 20 = 0 THEN $1 - interval '1 minute' END, $1 + interval '1 day', $1, $1,
           CASE k WHEN 0 THEN 'o' || n % 500 END
    FROM generate_series(1, 20000) n, generate_series(0, 1) k;
INSERT INTO desk SELECT 'o' || n, $1 FROM generate_series(0, 19999) n;
"""
WANTED = [Timer(f"han.t{number}", NOW, 1, NOW + timedelta(hours=number), None, late=number == 1) for number in range(7)]
TRUE = {(each.type, each.basis) for each in WANTED}
DUE = [timers.Due(number, "s1", "d1", "han.t0", NOW, 1, is_stale=False) for number in range(1000, 1200)]

STATEMENTS: dict[str, tuple[Callable[[Any], Awaitable[Any]], set[str], int]] = {
    "timers that are due": (lambda c: timers.due(c, NOW, 200), {"timer_due"}, 600),
    "the next timer": (timers.next_moment, {"timer_due"}, 5),
    "timers planned": (
        lambda c: timers.plan(c, [timers.Asked(DOSSIER, WANTED, TRUE)], NOW),
        {"timer_source_dossier_code_type_basis_number_key"},
        200,
    ),
    "timers of a wave planned": (
        lambda c: timers.plan(c, [timers.Asked(dossier, WANTED, TRUE) for dossier in WAVE], NOW),
        {"timer_source_dossier_code_type_basis_number_key"},
        200 * len(WAVE) // 8,
    ),
    "timers that are shown": (lambda c: timers.planned(c, None, 50), {"timer_due"}, 100),
    "timers of a dossier": (
        lambda c: timers.planned_of(c, ["s0", "s1", "s2"], "d400", None, 50),
        {"timer_source_dossier_code_type_basis_number_key"},
        50,
    ),
    "timers fired": (
        lambda c: timers.fire(c, DUE, {"han.t0": Urgency.NORMAL}, NOW),
        {"timer_pkey", "docket_pkey", "event_payload_pkey"},
        4000,
    ),
    "reminders not sent yet": (
        lambda c: timers.unsent(c, [DOSSIER], NOW, timedelta(days=14)),
        {
            "timer_source_dossier_code_type_basis_number_key",
            "recipient_event_id_audience_ref_key",
            "delivery_recipient_id_channel_key",
        },
        50,
    ),
    "reminders of a wave not sent yet": (
        lambda c: timers.unsent(c, WAVE, NOW, timedelta(days=14)),
        {
            "timer_source_dossier_code_type_basis_number_key",
            "recipient_event_id_audience_ref_key",
            "delivery_recipient_id_channel_key",
        },
        20 * len(WAVE),
    ),
    "a wave of dossiers held": (
        lambda c: overtaking.hold_dossiers(c, [(*dossier, "han.hoso_qua") for dossier in WAVE]),
        {
            "dossier_pkey",
            "event_dossier",
            "recipient_event_id_audience_ref_key",
            "delivery_recipient_id_channel_key",
        },
        10 * len(WAVE),
    ),
    "events finished": (
        lambda c: events.finish(c, [events.Finished(EVENT, [])] * len(WAVE), "w", "routed", NOW),
        {"event_pkey"},
        2 * len(WAVE),
    ),
    "how dossiers stand": (lambda c: dockets.read(c, WAVE), {"docket_pkey"}, 2 * len(WAVE)),
    "how a dossier stands": (lambda c: dockets.read(c, [DOSSIER]), {"docket_pkey"}, 5),
    "the events of a dossier": (
        lambda c: events.of_dossier(c, "s1", "d400"),
        {"event_dossier", "event_payload_pkey"},
        20,
    ),
    "a page of open dossiers": (lambda c: dockets.open_after(c, "s1", "d400", 500), {"docket_pkey"}, 600),
    "desks held": (lambda c: desks.hold(c, ["o0", "o7"]), {"desk_pkey"}, 20),
    "what goes out next": (
        lambda c: desks.waiting(c, ["o0", "o7"], NOW - timedelta(hours=1), 3),
        {"delivery_desk"},
        20,
    ),
    "desks of deliveries": (lambda c: desks.hold_of(c, [DELIVERY]), {"desk_pkey", "delivery_pkey"}, 20),
    "what lies on a desk": (lambda c: desks.lying(c, "o0", NOW), {"delivery_desk", "recipient_pkey"}, 200),
    "fallbacks behind it": (lambda c: desks.fallbacks(c, [DELIVERY]), {"delivery_recipient_id_channel_key"}, 20),
    "told in a digest": (lambda c: desks.told_in(c, [DELIVERY], EVENT), {"delivery_pkey"}, 20),
    "desks closed": (lambda c: desks.close_until(c, {"o0": NOW}), {"desk_pkey"}, 20),
}
"""The function, the indexes that its comments name, and how many rows it may look at."""


@pytest.fixture(scope="module", params=["analyzed", "as it was filled"])
async def full(request, template_database) -> AsyncIterator[Pool]:
    async with (
        fresh_database(template_database) as url,
        await open_pool(url, size=1, statement_timeout_seconds=100) as pool,
    ):
        async with pool.acquire() as connection:
            for table in ("event", "event_payload", "docket", "timer", "recipient", "delivery", "desk"):
                await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
            await connection.execute(FILL.replace("$1", f"timestamptz '{NOW.isoformat()}'"))
            if request.param == "analyzed":
                await connection.execute("ANALYZE")
            assert await connection.fetchval("SELECT count(*) FROM timer") == TIMERS
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
