"""Twenty-eight dossiers of the invented province through the whole service, for a month: real database, queue, sockets, receipts.

What its timers did is compared with the naive calculation, what it sent with what `notifier remind simulate` says of the
same events, and the coverage report with a count over the rows.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from notifier.cli.remind import prepared
from notifier.cli.simulated_post import Notice
from notifier.domain.events import DossierEvent
from notifier.reminders.reports.question import ReportName, question
from notifier.store import events, reports
from tests.support.naive_calendar import ZONE
from tests.support.naive_reminders import dossiers_of, reminders
from tests.support.province import END, province
from tests.support.province_service import EVE, played
from tests.support.report_cells import cells, total
from workers.steps.understanding import all_understood
from workers.wiring import App

pytestmark = pytest.mark.timeout(600)  # the month is played once, for all tests
SEED, DOSSIERS = 11, 28
DELIVERED = {"delivered", "read"}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    app: App
    sent: int
    """Events that were posted and were no repeats."""
    told: list[DossierEvent]
    """What dossier systems told, as it is stored."""


@pytest.fixture(scope="module")
async def service(template_database, redis_url, tmp_path_factory) -> AsyncIterator[Service]:
    drawn = province(SEED, DOSSIERS)
    async with played(drawn, tmp_path_factory.mktemp("province"), template_database, redis_url, END) as (app, _):
        async with app.pool.acquire() as connection:
            told = all_understood(await events.between(connection, EVE, END), app.profiles)
        yield Service(app, len(drawn.events), told)


async def rows(service: Service, query: str) -> list[Row]:
    async with service.app.pool.acquire() as connection:
        return [dict(row) for row in await connection.fetch(query)]


def minute(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d/%m %H:%M}"


async def test_everything_was_taken_in_once(service):
    assert len(service.told) == service.sent


async def test_the_timers_that_fired_are_those_that_had_to_at_their_minutes(service):
    fired = await rows(service, "SELECT dossier_code, type, basis, number, fired_at FROM timer WHERE state = 'fired'")
    naive = [fact for each in dossiers_of(service.told).values() for fact in reminders(each, END)]
    assert len(naive) > 100
    assert sorted(
        (row["dossier_code"], row["type"], row["number"], row["basis"], minute(row["fired_at"])) for row in fired
    ) == sorted((fact.dossier, fact.type, fact.number, fact.mark, minute(fact.at)) for fact in naive)


async def test_who_was_told_what_and_when_is_what_the_simulation_says(service):
    notices: list[Notice] = []
    async with service.app.pool.acquire() as connection:
        simulation, told = await prepared(connection, service.app.settings, EVE, END, None, notices.append)
    simulation.play(told, END)
    said = Counter(
        (
            minute(notice.at),
            notice.ref,
            channel,
            notice.type,
            tuple(sorted((each.type, each.dossier.code) for each in notice.of)),
        )
        for notice in notices
        for channel in notice.channels
    )
    assert await _sent(service) == said


async def _sent(service: Service) -> Counter[tuple[Any, ...]]:
    """Each first call to a provider: minute, person, channel, type, and what of which dossiers it told."""
    found = await rows(
        service,
        """
        SELECT a.started_at, r.ref, d.channel, e.type, e.dossier_code, p.document -> 'NhacViec' AS gathered
        FROM attempt a JOIN delivery d ON d.id = a.delivery_id JOIN recipient r ON r.id = d.recipient_id
        JOIN event e ON e.id = d.event_id JOIN event_payload p ON p.event_id = e.id
        WHERE a.number = 1 AND d.channel <> 'portal'
        """,
    )
    known = {str(row["id"]): (row["type"], row["dossier_code"]) for row in await rows(service, "SELECT * FROM event")}
    return Counter(
        (
            minute(row["started_at"]),
            row["ref"],
            row["channel"],
            row["type"],
            tuple(sorted(known[each] for each in row["gathered"] or ())) or ((row["type"], row["dossier_code"]),),
        )
        for row in found
    )


async def test_what_was_put_together_reached_its_reader(service):
    gathered = await rows(
        service,
        """
        SELECT DISTINCT e.id, r.ref, z.state FROM delivery d JOIN event e ON e.id = d.gathered_into
        JOIN recipient r ON r.event_id = e.id JOIN delivery z ON z.recipient_id = r.id
        WHERE z.channel = CASE WHEN r.zalo_uid IS NULL THEN 'sms' ELSE 'zalo' END
        """,
    )
    assert len(gathered) > 20
    assert {row["state"] for row in gathered} <= DELIVERED


async def test_the_coverage_report_agrees_with_a_count_over_the_rows(service):
    asked = question(ReportName.COVERAGE, {"from": "2027-01-18", "to": "2027-02-19"}, END.date())
    async with service.app.pool.acquire() as connection:
        report = await reports.make(connection, asked, END)
    tables = {sheet.name: sheet for sheet in report.sheets}
    owed = await _owed(service)
    covered = [row for row in owed if row["state"] in DELIVERED]
    unlinked = [row for row in owed if row["zalo_uid"] is None]
    assert total(tables["summary"], "owed", "covered") == (len(owed), len(covered))
    assert dict(cells(tables["reasons"], "reason", "missed"))["Cán bộ chưa liên kết Zalo"] == len(unlinked)
    for table, key in (("officers", "ref"), ("types", "type"), ("agencies", "agency")):
        column = {"ref": "officer"}.get(key, key)
        counted = Counter(row[key] for row in owed), Counter(row[key] for row in covered)
        found = {
            name: (owed_, covered_)
            for name, owed_, covered_ in cells(tables[table], column, "owed", "covered")
            if owed_
        }
        assert found == {name: (counted[0][name], counted[1][name]) for name in counted[0]}


async def _owed(service: Service) -> list[Row]:
    """Each officer whom an event tells, with the state of the Zalo message: their own, or that of the digest."""
    people = await rows(service, "SELECT * FROM recipient")
    happened = {row["id"]: row for row in await rows(service, "SELECT * FROM event")}
    zalo = {row["recipient_id"]: row for row in await rows(service, "SELECT * FROM delivery WHERE channel = 'zalo'")}
    by_digest = {(row["event_id"], row["inbox_owner"]): zalo.get(row["id"]) for row in people}
    owed = []
    for person in people:
        event, own = happened[person["event_id"]], zalo.get(person["id"])
        if person["audience"] == "citizen" or event["type"] == "nhac.tong_hop":
            continue
        into = own["gathered_into"] if own else None
        message = by_digest[into, person["inbox_owner"]] if into else own
        owed.append({**person, "type": event["type"], "agency": event["agency"], "state": message and message["state"]})
    return owed
