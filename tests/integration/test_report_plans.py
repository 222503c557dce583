"""A report of one month, and a list of the console, do not read the years before it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from notifier.store import clocks, lookback, reminded
from notifier.store.clocks import Book
from notifier.store.reports import coverage, dockets

YEARS = """
CREATE FUNCTION id(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || lpad(to_hex(n), 20, '0'))::uuid
$$;
CREATE TEMP TABLE moment AS SELECT n, at FROM generate_series(timestamptz '2022-01-01', '2026-12-01', '2 hours')
    WITH ORDINALITY AS m(at, n);
INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings, lane,
                   state, agency)
    SELECT id(at, n), 's', n, 'hoso.chuyen_buoc', 'd' || n, at, at, '', '[]', 'normal', 'routed', 'H01.14' FROM moment;
INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name)
    SELECT id(at, n * 2 + k), id(at, n), CASE k WHEN 0 THEN 'citizen' ELSE 'handler' END, 'r', 'vi', 'o', 'x'
    FROM moment, generate_series(0, 1) k;
INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state,
                      expires_at, created_at, updated_at)
    SELECT id(at, n * 2 + k), id(at, n), 's', id(at, n * 2 + k), 'zalo', 'zalo', 'first', 0, 'normal', 'failed', at, at, at
    FROM moment, generate_series(0, 1) k;
INSERT INTO attempt (id, delivery_id, number, idempotency_key, worker, started_at)
    SELECT id(at, n * 2 + k), id(at, n * 2 + k), 1, 'k', 'w', at FROM moment, generate_series(0, 1) k;
INSERT INTO audit (at, actor, event_id, delivery_id, from_state, to_state, reason, details)
    SELECT at, 'w', id(at, n), id(at, n * 2 + k), 'sending', 'failed', 'failed.refused', '{}'
    FROM moment, generate_series(0, 1) k;
INSERT INTO docket (source, dossier_code, last_event, status, since, filed_by, filed_at, accepted_at, due_at,
                    apologised_for, finished_at, updated_at)
    SELECT 's', 'd' || n, id(at, n), CASE WHEN at < '2026-11-01' THEN 10 ELSE 4 END, at, 2, at, at, at + interval '9 days',
           CASE WHEN n % 50 = 0 THEN at + interval '8 days' END, CASE WHEN at < '2026-11-01' THEN at + interval '5 days' END,
           at
    FROM moment;
INSERT INTO docket (source, dossier_code, last_event, status, filed_by, filed_at, receiving_unit, updated_at)
    SELECT 's', 'w' || n, id(at, n), 1, 2, at, 'H01.14', at FROM moment WHERE at > '2026-11-20';
INSERT INTO event_payload SELECT id, '{}' FROM event;
INSERT INTO dossier (source, code, updated_at) SELECT source, dossier_code, received_at FROM event;
INSERT INTO timer (source, dossier_code, type, basis, number, state, planned_for, fired_at, event_id)
    SELECT 's', 'd' || n, 'han.hoso_qua', at, 1, 'fired', at, at, id(at, n) FROM moment;
ANALYZE;
"""
MOMENTS = "ARRAY['2026-11-25 00:00+07', '2026-11-25 09:00+07', '2026-11-29 00:00+07']::timestamptz[]"
HERE = "ARRAY['H01.14'], ARRAY['H01.14.']"
PERIOD = "'2026-10-21 00:00+07', '2026-11-21 00:00+07', NULL, NULL"
IDS = "id('2026-10-21 00:00+07', 0), id('2026-11-21 00:00+07', 0)"


@pytest.fixture(scope="module")
def explain(template_database: str) -> Iterator[Any]:
    """The nodes of the plan of a statement with these values. Nothing is executed."""
    with psycopg.connect(template_database.replace("/template_notifier?", "/postgres?"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE report_plans TEMPLATE template_notifier")
        url = template_database.replace("/template_notifier?", "/report_plans?")
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            connection.execute(YEARS)
            connection.execute("SET jit = off")

            def explain(statement: str, values: str) -> list[dict[str, Any]]:
                connection.execute(f"PREPARE asked AS {statement}")
                row = connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked ({values})").fetchone()
                connection.execute("DEALLOCATE asked")
                return list(nodes(row[0][0]["Plan"]))

            yield explain
        admin.execute("DROP DATABASE report_plans WITH (FORCE)")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


BOOK = {
    book: (
        clocks._PAGES[book],
        f"{HERE}, {MOMENTS}, '2026-11-20 00:00+07', 's', 'd1', 50",
        {index, "timer_source_dossier_code_type_basis_number_key"},
    )
    for book, index in (
        (Book.WAITING, "docket_waiting"),
        (Book.SOON, "docket_counting"),
        (Book.LATE, "docket_counting"),
    )
}
STATEMENTS = {
    **BOOK,
    "late dossiers counted": (clocks._COUNTS[Book.LATE], f"{HERE}, {MOMENTS}", {"docket_counting"}),
    "dossiers that wait counted": (clocks._COUNTS[Book.WAITING], f"{HERE}, {MOMENTS}", {"docket_waiting"}),
    "reminders that went out": (
        reminded._PAGE,
        f"{HERE}, '2026-11-18 00:00+07', '2026-11-25 00:00+07', NULL, true, '2026-11-24 00:00+07', 0, 2000, 51",
        {"timer_fired", "event_pkey", "recipient_event_id_audience_ref_key", "delivery_recipient_id_channel_key"},
    ),
    "events to try other rules on": (
        lookback._SOME,
        f"ARRAY[id('2026-11-20 00:00+07', 0)], ARRAY[id('2026-11-21 00:00+07', 0)], {HERE}, 30",
        {"event_pkey", "event_payload_pkey"},
    ),
    "what became of them": (
        reminded._MESSAGES,
        "ARRAY[id('2026-11-20 00:00+07', 7)]",
        {"recipient_event_id_audience_ref_key", "delivery_recipient_id_channel_key", "audit_event"},
    ),
    "reminders": (coverage._OWED, f"{IDS}, {PERIOD}, 'nhac.tong_hop'", {"event_pkey", "audit_event"}),
    "steps": (coverage._STEPS, f"{IDS}, {PERIOD}, 'nhac.tong_hop'", {"event_pkey"}),
    "answers": (dockets._FILED_ONLINE, PERIOD, {"docket_filed", "event_dossier"}),
    "due dates": (dockets._DUE_IN_PERIOD, PERIOD, {"docket_due", "docket_apologised"}),
    "punctuality": (dockets._PUNCTUALITY, f"{PERIOD}, '2026-11-21'", {"docket_finished"}),
    "the late list": (dockets._LATE, f"{PERIOD}, '2026-11-21'", {"docket_finished"}),
}


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_a_statement_of_a_report_reads_only_its_period(name, explain):
    statement, values, indexes = STATEMENTS[name]

    plan = explain(statement, values)

    assert {node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"} == set()
    assert indexes <= {node["Index Name"] for node in plan if "Index Name" in node}
