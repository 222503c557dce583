"""The plans of the hot statements: each finds its rows by the index that its comment names, however full the table is.

The statements are those that the functions really send. The tables are full enough that the wrong index costs more
than the right one; sequential scans are priced out, and the plan is the generic one, whatever the values.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
import pytest

from notifier.audit.dead import Filters
from notifier.domain.content import InboxContent
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.dossiers import Status
from notifier.domain.reach import EVERYWHERE, Reach
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.receipts import ReceiptState
from notifier.domain.suppressions import SuppressionKind
from notifier.store import (
    accounts,
    callbacks,
    dead,
    deliveries,
    directory,
    due,
    endpoints,
    events,
    evidence,
    feedback,
    gaps,
    gauges,
    inbox,
    intake,
    links,
    lookups,
    notices,
    operator_acts,
    overtaking,
    own,
    passes,
    preferences,
    provided_accounts,
    receipts,
    relations,
    search,
    spending,
    strays,
    suppressions,
    timelines,
)
from notifier.store.callbacks import Cursor
from notifier.store.dead import Cursor as DeadCursor
from notifier.store.deliveries import Move, Named
from notifier.store.inbox import Chosen, Notice, Show
from notifier.store.intake import DossierKey, EventKey, NewEvent, Standing
from notifier.store.overtaking import Claim
from notifier.store.pool import open_pool
from notifier.store.receipts import Ended
from notifier.store.search import Narrowed, Term, TermKind
from notifier.store.spending import Charge

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
LEASE = timedelta(seconds=30)
ID = UUID("01980000-0000-7000-8000-000000000042")
MOVE = Move(ID, DeliveryState.PLANNED, DeliveryState.SENDING, NOW, Reason(ReasonCode.LEASED, {"attempt": "1"}))

BOUNCED = (SuppressionKind.BOUNCED, "key")
DOSSIER = DossierKey("source", "code")
NEW = NewEvent(ID, "source", "id", "hoso.x", "code", 1, None, None, NOW, NOW, b"", (), Urgency.NORMAL, "{}")
CLAIM = Claim(ID, "source", "hoso.x", ("code",), Status.ACCEPTED, NOW.date())


def _found(connection: Any, kind: TermKind | None = None) -> Awaitable[Any]:
    """A search with everything that can narrow it."""
    term = Term(kind, str(ID)) if kind else None
    narrowed = Narrowed(NOW, NOW, "sms", DeliveryState.READ)
    sight = Reach(("H01",), ("H01",), ("H01.",))
    return search.notices(connection, [term] if term else [], narrowed, sight, ["s"], after=ID, limit=20)


HOT: dict[str, tuple[Callable[[Any], Awaitable[Any]], set[str]]] = {
    "due events": (lambda c: due.take_events(c, Urgency.BULK, "w", NOW, 100), {"event_due", "event_pkey"}),
    "due deliveries": (
        lambda c: due.take_deliveries(c, Urgency.BULK, {("source", "sms"): 0}, "w", NOW, 100, search=True),
        {"delivery_due", "delivery_pkey"},
    ),
    "due receipts": (lambda c: due.take_receipts(c, "w", NOW, 100), {"receipt_due", "receipt_pkey"}),
    "anything due": (lambda c: due.look(c, ["sms"], NOW), {"event_due", "delivery_due", "receipt_due", "callback_due"}),
    "claimed events": (lambda c: events.claim(c, [ID], "w", LEASE), {"event_pkey", "dossier_pkey"}),
    "claimed deliveries": (
        lambda c: deliveries.claim(c, [ID], "w", LEASE, NOW),
        {"delivery_pkey", "recipient_pkey", "event_pkey"},
    ),
    "a template": (lambda c: accounts.templates(c, "oa"), {"zalo_template_pkey"}),
    "who wants no messages": (
        lambda c: accounts.declined(c, [accounts.Asked("oa", b"who", "1", NOW)]),
        {"zalo_refusal_pkey"},
    ),
    "a citizen's choice and link": (
        lambda c: preferences.of_citizens(c, [("oa", ["o1", "o2"])]),
        {"preference_pkey", "zalo_link_pkey"},
    ),
    "a choice": (lambda c: preferences.of_owner(c, "o1"), {"preference_pkey"}),
    "a person's links": (lambda c: links.since(c, ["oa"], "o1"), {"zalo_link_pkey"}),
    "a code that stands": (lambda c: links.standing(c, b"hash", "oa", "o1", NOW), {"zalo_code_owner"}),
    "an id's links": (lambda c: links.unlink_uid(c, "oa", "u"), {"zalo_link_uid"}),
    "a code": (lambda c: links.redeem(c, b"hash", "oa", "u", NOW), {"zalo_code_pkey"}),
    "codes tried": (lambda c: links.tries_of(c, "oa", "u", NOW), {"zalo_try_pkey"}),
    "an id's officers": (lambda c: directory.officers_of_uid(c, "zalo", "u"), {"officer_zalo"}),
    "ratings": (lambda c: feedback.ratings(c, "oa", NOW), {"zalo_feedback_oa"}),
    "relations": (lambda c: relations.last_interactions(c, [("oa", "uid")]), {"zalo_relation_pkey"}),
    "an SMS charged": (lambda c: spending.charge(c, "H01", NOW.date(), [Charge(ID, 1, 1)], 9), {"attempt_pkey"}),
    "an SMS not taken": (
        lambda c: spending.refund(c, [ID]),
        {"attempt_pkey", "delivery_pkey", "event_pkey", "sms_spending_pkey"},
    ),
    "what stands against mail": (lambda c: suppressions.against(c, [BOUNCED]), {"suppression_pkey"}),
    "a suppression lifted": (
        lambda c: suppressions.lift(c, BOUNCED, Reason(ReasonCode.SUPPRESSION_LIFTED), actor="w", now=NOW),
        {"suppression_pkey", "delivery_pkey"},
    ),
    "the newest suppressions": (
        lambda c: suppressions.newest(c, None, 20),
        {"suppression_since", "delivery_pkey", "recipient_pkey", "event_pkey"},
    ),
    "whom a delivery is for": (lambda c: suppressions.addressee(c, ID), {"delivery_pkey", "recipient_pkey"}),
    "claimed receipts": (lambda c: receipts.claim(c, [1], "w", LEASE, NOW), {"receipt_pkey"}),
    "repeats": (lambda c: intake.find(c, [EventKey("source", "id")]), {"event_source_external_id_key"}),
    "dossiers of a batch": (lambda c: intake.lock_dossiers(c, [DOSSIER], NOW), {"dossier_pkey"}),
    "where dossiers stand": (lambda c: intake.status_places(c, [DOSSIER]), {"event_dossier"}),
    "events taken in": (lambda c: intake.insert(c, [NEW], {DOSSIER: Standing()}), {"dossier_pkey"}),
    "a dossier held for routing": (
        lambda c: overtaking.hold_dossiers(c, [("source", "code", "hoso.x")]),
        {"dossier_pkey", "event_dossier", "recipient_event_id_audience_ref_key", "delivery_recipient_id_channel_key"},
    ),
    "what is overtaken": (
        lambda c: overtaking.unsent(c, [ID]),
        {"recipient_event_id_audience_ref_key", "delivery_recipient_id_channel_key"},
    ),
    "who may have overtaken it": (lambda c: overtaking.events_around(c, [ID]), {"event_pkey", "event_dossier"}),
    "who told it first": (lambda c: overtaking.first_to_tell(c, [CLAIM]), {"told_pkey", "event_pkey"}),
    "a telling taken back": (
        lambda c: overtaking.unclaim_telling(c, ["code"], [ID]),
        {"told_pkey", "recipient_event_id_audience_ref_key", "delivery_recipient_id_channel_key"},
    ),
    "a page of gaps": (gaps.page, {"event_pkey", "event_dossier"}),
    "a move": (lambda c: deliveries.move(c, [MOVE], actor="w", now=NOW), {"delivery_pkey", "callback_endpoint_pkey"}),
    "the deliveries of receipts": (
        lambda c: deliveries.match_receipts(c, [Named("zalo", "zalo", ID, "m-1")]),
        {"delivery_pkey", "delivery_reference"},
    ),
    "receipts that were read": (lambda c: receipts.finish(c, [Ended(1, ReceiptState.APPLIED)], "w"), {"receipt_pkey"}),
    "fallbacks": (
        lambda c: deliveries.siblings_with_fallback(c, [ID]),
        {"recipient_pkey", "delivery_recipient_id_channel_key"},
    ),
    "what operators did": (
        lambda c: operator_acts.page(c, operator_acts.Wanted(), 9, 50),
        {"audit_acts", "event_pkey"},
    ),
    "whose subject it is": (lambda c: provided_accounts.of_subject(c, "s"), {"operator_subject_key"}),
    "a page of an inbox": (lambda c: inbox.page(c, "owner", before=None, limit=20), {"inbox_current"}),
    "unread messages": (lambda c: inbox.page(c, "owner", before=None, limit=20, show=Show.UNREAD), {"inbox_unread"}),
    "the archive": (lambda c: inbox.page(c, "owner", before=None, limit=20, show=Show.ARCHIVED), {"inbox_archived"}),
    "all of an inbox": (
        lambda c: inbox.page(c, "owner", before=None, limit=20, show=Show.ALL),
        {"inbox_message_pkey"},
    ),
    "an inbox by dossier": (
        lambda c: inbox.page(c, "owner", before=None, limit=20, dossier="d"),
        {"inbox_dossier"},
    ),
    "news of an inbox": (lambda c: inbox.after(c, "owner", 1, 100), {"inbox_message_pkey"}),
    "the unread count": (lambda c: inbox.unread(c, "owner"), {"inbox_unread"}),
    "the counter of an inbox": (lambda c: inbox.newest_seq(c, "owner"), {"inbox_pkey"}),
    "messages stored": (
        lambda c: inbox.store(c, [Notice(ID, "owner", InboxContent("t", "b"))], NOW),
        {"delivery_pkey", "event_pkey", "inbox_message_delivery_id_key", "inbox_pkey"},
    ),
    "messages read": (
        lambda c: inbox.mark_read(c, "owner", Chosen((ID,)), NOW, 100),
        {"inbox_message_delivery_id_key", "inbox_message_pkey"},
    ),
    "all that was shown read": (
        lambda c: inbox.mark_read(c, "owner", Chosen(through=9), NOW, 100),
        {"inbox_unread", "inbox_message_pkey"},
    ),
    "messages archived": (
        lambda c: inbox.archive(c, "owner", Chosen((ID,)), NOW),
        {"inbox_message_delivery_id_key"},
    ),
    "whose message it is": (lambda c: inbox.holds(c, "owner", ID), {"inbox_message_delivery_id_key"}),
    "whose events they are": (
        lambda c: own.told(c, "owner", "source", "code"),
        {"event_dossier", "recipient_event_id_audience_ref_key"},
    ),
    "what a citizen was sent": (
        lambda c: own.sent(c, "owner", "source", "code"),
        {"event_dossier", "recipient_event_id_audience_ref_key", "delivery_recipient_id_channel_key"},
    ),
    "whom messages come from": (
        lambda c: own.origins(c, [inbox.InboxMessage(1, ID, "", "", None, "", "", NOW, None, None)]),
        {"delivery_pkey", "event_pkey", "recipient_pkey"},
    ),
    "what messages are about": (
        lambda c: own.procedures(c, [inbox.InboxMessage(1, ID, "", "", None, "", "", NOW, None, None)]),
        {"delivery_pkey", "event_payload_pkey"},
    ),
    "whose inbox it is": (
        lambda c: own.is_of_staff(c, "owner"),
        {"inbox_message_pkey", "delivery_pkey", "recipient_pkey"},
    ),
    "a new ticket": (
        lambda c: passes.issue(c, b"h", passes.Kind.ENTRY, passes.Opened("owner", NOW), NOW, NOW),
        {"inbox_pass_expires", "inbox_pass_pkey"},
    ),
    "a ticket spent": (lambda c: passes.spend(c, b"h", (passes.Kind.STREAM,), NOW), {"inbox_pass_pkey"}),
    "a session begun": (lambda c: passes.begin_session(c, b"h", b"s", NOW), {"inbox_pass_pkey"}),
    "a session": (lambda c: passes.session(c, b"h", NOW), {"inbox_pass_pkey"}),
    "a look-up link": (
        lambda c: lookups.open_link(c, b"hash", NOW),
        {"lookup_pkey", "dossier_pkey", "event_payload_pkey"},
    ),
    "a timeline": (
        lambda c: timelines.of_dossier(c, "source", "code"),
        {"event_dossier", "audit_event", "delivery_pkey", "recipient_pkey", "attempt_delivery_id_number_key"},
    ),
    "the backlog": (lambda c: gauges.backlog(c, NOW), {"event_due", "delivery_due", "receipt_due", "callback_due"}),
    "due callbacks": (lambda c: callbacks.take(c, "w", NOW), {"callback_due", "callback_pkey"}),
    "claimed callbacks": (
        lambda c: callbacks.claim(c, [ID], "w", LEASE, NOW),
        {"callback_pkey", "callback_endpoint_pkey", "callback_delivery_id_seq_key", "event_pkey", "recipient_pkey"},
    ),
    "callbacks after a cursor": (
        lambda c: callbacks.page(c, "source1", Cursor(1, 1), 100),
        {"callback_cursor", "delivery_pkey", "event_pkey", "recipient_pkey"},
    ),
    "dead letters": (
        lambda c: dead.page(c, Filters(code="-118"), ["sms"], after=DeadCursor(NOW, ID), limit=20),
        {"delivery_dead", "event_pkey", "recipient_pkey", "audit_event", "attempt_delivery_id_number_key"},
    ),
    "dead letters by id": (
        lambda c: dead.named(c, [ID], ["sms"]),
        {"event_pkey", "recipient_pkey", "audit_event", "delivery_recipient_id_channel_key"},
    ),
    "counts of dead letters": (
        lambda c: dead.groups(c, Filters(unreached=True), ["sms"]),
        {"delivery_dead", "audit_event", "attempt_delivery_id_number_key", "delivery_recipient_id_channel_key"},
    ),
    "calls made for a dead letter": (lambda c: dead.calls(c, ID), {"attempt_delivery_id_number_key"}),
    "events that cannot be routed": (
        lambda c: strays.events(c, Filters(), after=DeadCursor(NOW, ID), limit=20),
        {"event_unroutable", "audit_event"},
    ),
    "receipts without a delivery": (
        lambda c: strays.receipts(c, Filters(), after=DeadCursor(NOW, 7), limit=20),
        {"receipt_orphaned"},
    ),
    **{
        f"notices by {kind}": (lambda c, kind=kind: _found(c, kind), {*indexes, "recipient_pkey", "event_pkey"})
        for kind, indexes in {
            TermKind.PHONE: {"recipient_phone"},
            TermKind.EMAIL: {"recipient_email"},
            TermKind.OFFICER: {"recipient_staff"},
            TermKind.DOSSIER: {"dossier_code", "event_dossier", "recipient_event_id_audience_ref_key"},
            TermKind.REFERENCE: {"delivery_reference"},
            TermKind.EXTERNAL_ID: {"event_source_external_id_key", "recipient_event_id_audience_ref_key"},
            TermKind.ID: {"delivery_pkey", "recipient_event_id_audience_ref_key"},
        }.items()
    },
    "the newest notices": (_found, {"recipient_pkey", "event_pkey", "delivery_recipient_id_channel_key"}),
    "officers of a name": (
        lambda c: search.notices(c, [Term(TermKind.NAME, "a")], Narrowed(), EVERYWHERE, [], after=None, limit=9),
        {"officer_name"},
    ),
    "dossiers by the beginning of their code": (
        lambda c: search.dossiers(c, "d1", Reach(("H01",), ("H01",), ("H01.",))),
        {"dossier_code", "event_dossier"},
    ),
    "a notice": (lambda c: notices.one(c, ID, EVERYWHERE), {"recipient_pkey", "event_pkey"}),
    "a delivery's notice": (lambda c: notices.of_delivery(c, ID, EVERYWHERE), {"delivery_pkey", "event_pkey"}),
    "a dossier's events": (
        lambda c: notices.events_of(c, "source", "code", EVERYWHERE, NOW),
        {"event_dossier", "audit_event"},
    ),
    "who was told of events": (
        lambda c: notices.of_events(c, [ID]),
        {"event_pkey", "recipient_event_id_audience_ref_key"},
    ),
    "the ways of a notice": (
        lambda c: notices.ways(c, [ID], []),
        {"delivery_recipient_id_channel_key", "audit_event"},
    ),
    "calls of a notice": (lambda c: evidence.calls(c, [ID]), {"attempt_delivery_id_number_key"}),
    "what was said": (lambda c: evidence.said(c, [ID]), {"content_pkey"}),
    "callbacks of a notice": (lambda c: evidence.callbacks(c, [ID]), {"receipt_of_pkey", "receipt_pkey"}),
    "citizens of an event": (
        lambda c: evidence.names(c, ID),
        {"recipient_event_id_audience_ref_key", "event_payload_pkey"},
    ),
    "who saw a contact": (lambda c: evidence.reveals(c, ID, ID), {"audit_event"}),
    "in which message it was told": (
        lambda c: evidence.told_in(c, ID),
        {"delivery_recipient_id_channel_key", "recipient_event_id_audience_ref_key"},
    ),
    "the story of an event": (lambda c: timelines.of_event(c, ID), {"event_pkey", "audit_event"}),
    "what waits for each receiver": (endpoints.endpoints, {"callback_due"}),
}

FILL = """
CREATE FUNCTION id(kind int, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (lpad(to_hex(kind), 8, '0') || lpad(to_hex(n), 24, '0'))::uuid $$;
INSERT INTO event (id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint, warnings,
                   lane, state, due_at)
    SELECT id(1, n), 'source' || n % 3, 'e' || n, 'hoso.x', 'd' || n / 4, n, now(), now(), '', '[]', 'normal',
    CASE n % 100 WHEN 0 THEN 'received' WHEN 1 THEN 'unroutable' ELSE 'routed' END, CASE WHEN n % 100 = 0 THEN now() END
    FROM generate_series(1, 4000) n;
INSERT INTO event_payload SELECT id, '{"HoSo": {}}' FROM event;
INSERT INTO dossier SELECT source, dossier_code, 2, min(id::text)::uuid, now() FROM event GROUP BY source, dossier_code;
INSERT INTO recipient SELECT id(2, n), id(1, n), CASE n % 2 WHEN 0 THEN 'citizen' ELSE 'handler' END, 'r' || n / 8, 'vi',
    'o' || n / 8, 'x', '+8491' || n / 8, 'm' || n / 8 || '@example.vn' FROM generate_series(1, 4000) n;
INSERT INTO officer (code, name, origin, changed_by, changed_at) SELECT 'r' || n, 'Tên ' || n, 'event', 'event', now()
    FROM generate_series(1, 4000) n;
INSERT INTO delivery (id, event_id, source, recipient_id, channel, provider, content_kind, position, rank, urgency,
                      state, due_at, expires_at, reference, created_at, updated_at)
    SELECT id(k + 2, n), id(1, n), 'source' || n % 3, id(2, n), 'c' || k, 'c' || k, 'sms', 'first', 0, 'normal',
           CASE n % 100 WHEN 0 THEN 'planned' WHEN 1 THEN 'failed' ELSE 'delivered' END, CASE WHEN n % 100 = 0 THEN now() END,
           now(), 'r' || n, now(), now()
    FROM generate_series(1, 4000) n, generate_series(1, 3) k;
INSERT INTO attempt (id, delivery_id, number, idempotency_key, worker, started_at, finished_at)
    SELECT id(9, n), id(3, n), 1, 'k', 'w', now(), now() FROM generate_series(1, 4000) n;
INSERT INTO receipt (provider, received_at, method, query, headers, body, state, due_at)
    SELECT 'c1', now(), 'GET', '{}', '{}', '', CASE n % 100 WHEN 0 THEN 'stored' WHEN 1 THEN 'orphaned' ELSE 'applied' END,
           CASE WHEN n % 100 = 0 THEN now() END FROM generate_series(1, 4000) n;
INSERT INTO receipt_of SELECT id(3, n), n FROM generate_series(1, 4000) n;
INSERT INTO inbox SELECT 'o' || n, 8 FROM generate_series(0, 500) n;
INSERT INTO inbox_message SELECT 'o' || n / 8, n % 8 + 1, id(3, n), 's', 'd' || n % 5, 't', 'b', NULL, now(),
    CASE WHEN n % 4 > 0 THEN now() END, CASE WHEN n % 8 = 1 THEN now() END FROM generate_series(1, 4000) n;
INSERT INTO inbox_pass SELECT n::text::bytea, 'session', 'o' || n, now() + n * interval '1 s', now()
    FROM generate_series(1, 4000) n;
INSERT INTO lookup SELECT n::text::bytea, 'source' || n % 3, 'd' || n / 4, now() FROM generate_series(1, 4000) n;
INSERT INTO zalo_code SELECT n::text::bytea, 'oa', 'o' || n, NULL, now(), now() FROM generate_series(1, 4000) n;
INSERT INTO preference (owner, changed_at) SELECT 'o' || n, now() FROM generate_series(1, 4000) n;
INSERT INTO zalo_link SELECT 'oa', 'o' || n, 'u' || n / 2, 'code', now() FROM generate_series(1, 4000) n;
INSERT INTO audit (at, actor, event_id, delivery_id, reason, details)
    SELECT now(), 'w', id(1, n), id(3, n), 'planned.rule', '{}' FROM generate_series(1, 4000) n, generate_series(1, 4);
INSERT INTO told SELECT 'd' || n, 2, current_date, 'source' || n % 3, id(1, n) FROM generate_series(1, 4000) n;
INSERT INTO callback_endpoint SELECT 'source' || n, '{}', true FROM generate_series(1, 200) n;
INSERT INTO callback (source, delivery_id, seq, type, delivery_state, occurred_at, reason, details, state, due_at)
    SELECT 'source' || n % 3, id(3, n), k, 'thongbao.da_gui', 'accepted', now(), 'planned.rule', '{}',
           CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'sent' END, CASE WHEN n % 100 = 0 THEN now() END
    FROM generate_series(1, 4000) n, generate_series(1, 2) k;
ANALYZE;
"""


@pytest.fixture(scope="module")
def explain(template_database: str) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """The nodes of a statement's generic plan. Nothing is executed."""
    with psycopg.connect(template_database.replace("/template_notifier?", "/postgres?"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE plans TEMPLATE template_notifier")
        with psycopg.connect(
            template_database.replace("/template_notifier?", "/plans?"),
            autocommit=True,
            prepare_threshold=None,  # a statement that is explained often must not be prepared: it has no values
        ) as connection:
            connection.execute(FILL)
            connection.execute("SET enable_seqscan = off")
            yield lambda statement: list(
                nodes(connection.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement}").fetchone()[0][0]["Plan"])
            )
        admin.execute("DROP DATABASE plans WITH (FORCE)")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


async def sent_by(work: Callable[[Any], Awaitable[Any]], database_url: str) -> list[str]:
    """The statements that a function of the store sends."""
    sent: list[str] = []
    async with await open_pool(database_url, size=1) as pool, pool.acquire() as connection:
        with connection.query_logger(lambda record: sent.append(record.query)):
            try:
                await work(connection)
            except (AssertionError, TypeError, asyncpg.PostgresError):
                assert sent, "nothing was sent"
    return sent


@pytest.mark.parametrize("name", list(HOT))
async def test_a_hot_statement_finds_its_rows_by_its_index(name, new_database, explain):
    work, indexes = HOT[name]

    plan = [node for statement in await sent_by(work, new_database) for node in explain(statement)]

    assert {node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"} == set()
    used = {node["Index Name"] for node in plan if "Index Name" in node}
    arbiters = {index for node in plan for index in node.get("Conflict Arbiter Indexes", ())}
    assert indexes <= used | arbiters, json.dumps(plan, indent=1)


async def test_the_oldest_due_rows_come_from_the_index_without_sorting(new_database, explain):
    statement = (await sent_by(HOT["due deliveries"][0], new_database))[-1]
    oldest = [node for limit in explain(statement) if limit["Node Type"] == "Limit" for node in nodes(limit)]

    assert "delivery_due" in {node.get("Index Name") for node in oldest}
    assert not [node for node in oldest if node["Node Type"] == "Sort"]


async def test_a_table_that_is_small_today_is_read_by_its_index_too(app):
    """It is large after a burst, and what was planned before goes on being run until PostgreSQL has looked again."""
    async with app.pool.acquire() as connection:
        await connection.execute("ANALYZE lookup")
        plan = await connection.fetchval("EXPLAIN SELECT expires_at FROM lookup WHERE token_hash = 'x'")
    assert "lookup_pkey" in plan
