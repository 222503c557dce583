"""The directory in the database: what an event needs of it, what it learns, what administrators write."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from notifier.domain.directory import Directory, Kind, Origin, Role
from notifier.domain.dossiers import Unit
from notifier.domain.learning import said_by, taught
from notifier.domain.reasons import Reason, ReasonCode
from notifier.intake.directory_csv import Row
from notifier.intake.directory_rows import read_values
from notifier.store import directory as store
from notifier.store import directory_keeping as keeping
from notifier.store import relations
from notifier.store.calendar import Change
from notifier.store.directory import Wanted
from notifier.store.relations import Saying
from tests.support.directory import DESK, OA, TODAY, UNIT, agency, head, learned, officer, person
from tests.support.intake import accepted, domain_event, sample

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PHONE, OTHER_PHONE = "+84912000901", "+84912000902"


@pytest.fixture
async def connection(app):
    async with app.pool.acquire() as lent:
        yield lent


async def put(connection, *entries, now=NOW):
    kind = Kind.AGENCIES if type(entries[0]).__name__ == "Agency" else Kind.OFFICERS
    return await keeping.put(connection, kind, entries, by="lan", now=now)


async def learn(connection, told, now=NOW):
    codes, units = [each.code for each in said_by(told, OA)[0]], told.dossier.units
    known = await store.around(connection, codes, units)
    await store.learn(connection, known, taught(known, told, OA), now)


async def teach(connection, *people, heads=(), now=NOW, **units):
    """An event that names these as next handlers and heads."""
    told = domain_event(accepted(sample("04")))
    progress = replace(told.progress, next_handlers=people, heads=tuple(heads))
    told = replace(told, progress=progress, dossier=replace(told.dossier, **units))
    await learn(connection, told, now)


async def audited(connection) -> list[Reason]:
    rows = await connection.fetch("SELECT reason, details FROM audit WHERE reason LIKE 'directory.%' ORDER BY seq")
    return [Reason(ReasonCode(row["reason"]), row["details"]) for row in rows]


# Writing


async def test_an_officer_is_kept_as_written(connection):
    written = officer(
        "a",
        title="Chuyên viên",
        role=Role.DIRECTOR,
        phone=PHONE,
        email="a@example.vn",
        zalo={OA: "111"},
        leave_from=TODAY,
        leave_until=TODAY,
        deputy="b",
        gone_at=date(2027, 1, 1),
    )
    assert await put(connection, written) == {Change.NEW: 1}
    assert await store.officer(connection, "a") == written


async def test_an_agency_is_kept_as_written(connection):
    written = agency(
        UNIT,
        other_codes=("000.00.07.H33", "H33.07"),
        parent="H01",
        phone="1022",
        valid_from=date(2025, 7, 1),
        valid_until=TODAY,
        successor="H01.15",
    )
    assert await put(connection, written) == {Change.NEW: 1}
    assert await store.agency(connection, UNIT) == written


async def test_who_wrote_a_row_and_when_is_kept(connection):
    await put(connection, officer("a"))
    found = await store.officer(connection, "a")
    assert (found.changed_by, found.changed_at) == ("operator:lan", NOW)


async def test_new_changed_and_same_rows_are_counted(connection):
    await put(connection, officer("a"), officer("b"))
    counts = await put(connection, officer("a"), officer("b", title="Chuyên viên"), officer("c"))
    assert counts == {Change.SAME: 1, Change.CHANGED: 1, Change.NEW: 1}


async def test_a_change_is_audited_by_the_names_of_its_fields(connection):
    await put(connection, officer("a", phone=PHONE))
    await put(connection, officer("a", phone=OTHER_PHONE, zalo={OA: "111"}))
    assert (await audited(connection))[-1].text() == "lan ghi cán bộ a: phone, zalo"


async def test_the_audit_trail_holds_no_names_and_no_contacts(connection):
    await put(connection, officer("a", name="Phạm Thị Thử", phone=PHONE))
    kept = str((await audited(connection))[0].values)
    assert ("Phạm" in kept, PHONE in kept, "phone" in kept) == (False, False, True)


async def test_a_row_that_stands_already_is_not_audited_again(connection):
    await put(connection, agency(UNIT))
    await put(connection, agency(UNIT))
    assert len(await audited(connection)) == 1


async def test_a_learned_row_that_an_export_wrote_stays_learned(connection):
    await teach(connection, person("a"))
    standing = await store.officer(connection, "a")
    assert await put(connection, standing) == {Change.SAME: 1}
    assert (await store.officer(connection, "a")).origin is Origin.EVENT


async def test_a_learned_row_that_was_changed_is_an_administrator_s(connection):
    await teach(connection, person("a"))
    standing = await store.officer(connection, "a")
    await put(connection, replace(standing, title="Chuyên viên"))
    assert (await store.officer(connection, "a")).origin is Origin.ADMIN


async def test_a_leave_leaves_a_learned_row_learned(connection):
    await teach(connection, person("a"))
    await keeping.alter_officer(connection, "a", lambda found: replace(found, leave_from=TODAY), by="lan", now=NOW)
    await teach(connection, person("a", phone=PHONE))
    found = await store.officer(connection, "a")
    assert (found.leave_from, found.phone) == (TODAY, PHONE)


async def test_nobody_is_altered_where_nobody_is(connection):
    assert await keeping.alter_officer(connection, "a", lambda found: found, by="lan", now=NOW) is None


# Learning


async def test_an_event_teaches_officers_heads_and_units(connection):
    await learn(connection, domain_event(accepted(sample("04"))))
    found = {each.code: each for each in await store.officers(connection, Wanted(), TODAY)}
    assert {code: each.role for code, each in found.items()} == {
        "hv.kiem": Role.OFFICER,
        "lt.vidu": Role.HEAD,
        "pv.pho": Role.OFFICER,
    }
    assert found["pv.pho"].zalo == {OA: "9990000000000000909"}
    assert {each.code: each.name for each in await store.agencies(connection)} == {
        UNIT: "UBND xã Bình Mẫu",
        DESK: "Trung tâm Phục vụ hành chính công xã Bình Mẫu",
    }


async def test_what_is_known_already_is_not_written(connection):
    told = domain_event(accepted(sample("04")))
    await learn(connection, told)
    before = await connection.fetch(
        "SELECT xmin, xmax, ctid FROM officer UNION ALL SELECT xmin, xmax, ctid FROM agency"
    )
    await learn(connection, told, LATER)
    after = await connection.fetch("SELECT xmin, xmax, ctid FROM officer UNION ALL SELECT xmin, xmax, ctid FROM agency")
    assert before == after


async def test_learning_is_not_audited(connection):
    await teach(connection, person("a"))
    assert await audited(connection) == []


async def test_a_later_event_corrects_what_was_learned(connection):
    await teach(connection, person("a", phone=PHONE))
    await teach(connection, person("a", phone=OTHER_PHONE), now=LATER)
    found = await store.officer(connection, "a")
    assert (found.phone, found.changed_at) == (OTHER_PHONE, LATER)


async def test_what_a_later_event_leaves_out_is_kept(connection):
    await teach(connection, person("a", phone=PHONE, email="a@example.vn", zalo_uid="111"))
    await teach(connection, person("a", name="a"))
    assert await store.officer(connection, "a") == learned("a", phone=PHONE, email="a@example.vn", zalo={OA: "111"})


async def test_an_administrator_s_row_is_never_changed_by_an_event(connection):
    written = officer("a", unit="H01.15")
    await put(connection, written)
    await teach(connection, person("A", phone=PHONE, zalo_uid="111"), heads=[person("a", title="Chủ tịch")])
    assert await store.officer(connection, "a") == written


async def test_an_officer_stays_in_the_unit_that_named_them_first(connection):
    await teach(connection, person("a"))
    await teach(connection, person("a"), handling_unit=Unit("H01.15", "UBND xã khác"))
    assert (await store.officer(connection, "a")).unit == UNIT


async def test_whoever_is_named_as_head_becomes_a_head_of_that_unit(connection):
    await teach(connection, person("a"))
    await teach(connection, heads=[person("a")], handling_unit=Unit("H01.15", "UBND xã khác"))
    found = await store.officer(connection, "a")
    assert (found.role, found.unit) == (Role.HEAD, "H01.15")


async def test_a_head_who_handles_a_dossier_stays_a_head(connection):
    await teach(connection, heads=[person("a")])
    await teach(connection, person("a"))
    assert (await store.officer(connection, "a")).role is Role.HEAD


async def test_the_first_name_of_a_learned_unit_is_kept(connection):
    await teach(connection, handling_unit=Unit("H01.15", "H01.15"))
    await teach(connection, handling_unit=Unit("H01.15", "UBND xã Mẫu"))
    await teach(connection, handling_unit=Unit("H01.15", "Ủy ban xã Mẫu"))
    assert (await store.agency(connection, "H01.15")).name == "UBND xã Mẫu"


async def test_a_code_that_an_agency_has_as_another_is_not_learned_as_one_of_its_own(connection):
    await put(connection, agency("H01.15", other_codes=("H33.07",)))
    await teach(connection, handling_unit=Unit("H33.07", "UBND xã cũ"))
    assert await store.agency(connection, "H33.07") is None


# What an event needs


async def around(connection, codes=(), units=()) -> Directory:
    return await store.around(connection, codes, units)


async def test_nothing_is_known_of_strangers(connection):
    assert await around(connection, ["a"], [UNIT]) == Directory({}, {})


async def test_the_officers_asked_for_come_with_their_deputies(connection):
    await put(connection, officer("a", deputy="b"), officer("b", deputy="c"), officer("c", deputy="a"), officer("d"))
    assert (await around(connection, ["a"])).officers.keys() == {"a", "b", "c"}


async def test_units_come_with_their_parents_and_who_answers_for_them(connection):
    await put(connection, agency("H01"), agency(UNIT, parent="H01"), agency(DESK), agency("H01.15"))
    await put(connection, head("h"), head("x", "H01.15"), officer("d", unit="H01", role=Role.DIRECTOR), officer("o"))
    found = await around(connection, units=[DESK])
    assert (found.agencies.keys(), found.officers.keys()) == ({"H01", UNIT, DESK}, {"h", "d"})


async def test_parents_are_found_by_the_codes_of_unknown_units(connection):
    await put(connection, head("h"))
    assert (await around(connection, units=["H01.14.02.01"])).officers.keys() == {"h"}


async def test_heads_come_with_their_deputies(connection):
    await put(connection, head("h", deputy="b"), officer("b", unit="H01.15"))
    assert (await around(connection, units=[UNIT])).officers.keys() == {"h", "b"}


async def test_the_units_of_officers_come_too(connection):
    await put(connection, officer("a"), head("h"))
    assert (await around(connection, ["a"])).officers.keys() == {"a", "h"}


async def test_units_come_with_what_they_have_become_and_its_parents(connection):
    ended = agency("H33.07", valid_until=date(2025, 6, 30), successor=DESK)
    await put(connection, ended, agency(DESK), agency(UNIT))
    await put(connection, head("h"))
    found = await around(connection, units=["H33.07"])
    assert (found.agencies.keys(), found.officers.keys()) == ({"H33.07", DESK, UNIT}, {"h"})


async def test_units_are_found_by_their_other_codes(connection):
    written = agency(UNIT, other_codes=("H33.07",))
    await put(connection, written)
    await put(connection, head("h"))
    found = await around(connection, units=["H33.07"])
    assert (found.agencies, found.officers.keys()) == ({"H33.07": written, UNIT: written}, {"h"})


async def test_heads_written_under_another_code_of_the_unit_are_found(connection):
    await put(connection, agency(UNIT, other_codes=("H33.07",)))
    await put(connection, head("h", "H33.07"))
    assert (await around(connection, units=[UNIT])).officers.keys() == {"h"}


async def test_in_a_large_directory_what_an_event_needs_is_found_by_indexes(connection):
    await connection.execute(
        "INSERT INTO agency (code, name, parent, other_codes, origin, changed_by, changed_at)"
        " SELECT 'H01.' || n, 'x', 'H01', ARRAY['H33.' || n], 'admin', 'x', now() FROM generate_series(1, 5000) n;"
        "INSERT INTO officer (code, name, unit, role, origin, changed_by, changed_at)"
        " SELECT 'o' || n, 'x', 'H01.' || n % 5000, CASE WHEN n < 5000 THEN 'head' ELSE 'officer' END, 'admin', 'x', now()"
        " FROM generate_series(1, 50000) n;"
        "ANALYZE agency; ANALYZE officer"
    )
    for statement in (store.AGENCIES_AROUND, store.OFFICERS_AROUND):
        rows = await connection.fetch("EXPLAIN " + statement, ["H01.7", "H33.9"], ["o1", "o2"])
        assert not [row[0] for row in rows if "Seq Scan" in row[0]], "\n".join(row[0] for row in rows)


# Lists


async def test_officers_of_a_unit_and_of_those_under_it_are_listed(connection):
    await put(connection, agency("H01.99", parent=UNIT))
    await put(
        connection, officer("a"), officer("b", unit=DESK), officer("c", unit="H01.99.01"), officer("d", unit="H01.15")
    )
    assert [each.code for each in await store.officers(connection, Wanted(unit=UNIT), TODAY)] == ["a", "b", "c"]


async def test_those_who_are_not_linked_are_listed_while_they_work_here(connection):
    await put(
        connection,
        officer("a"),
        officer("b", zalo={OA: "1"}),
        officer("c", zalo={"x": "1"}),
        officer("d", gone_at=TODAY),
    )
    assert [each.code for each in await store.officers(connection, Wanted(unlinked=OA), TODAY)] == ["a", "c"]


async def test_those_who_are_linked_and_not_known_to_follow_are_listed_while_they_work_here(connection):
    linked = [officer(code, zalo={OA: uid}) for code, uid in (("a", "1"), ("b", "2"), ("c", "3"))]
    await put(connection, *linked, officer("d"), officer("e", zalo={OA: "5"}, gone_at=TODAY))
    for uid, follows in (("1", True), ("2", False)):
        await relations.learn(connection, Saying("222", uid, NOW, follows))
    assert [each.code for each in await store.officers(connection, Wanted(not_following=OA), TODAY)] == ["b", "c"]


async def test_roles_are_listed(connection):
    await put(connection, officer("a"), head("h"))
    assert [each.code for each in await store.officers(connection, Wanted(role=Role.HEAD), TODAY)] == ["h"]


async def test_a_list_goes_on_after_a_code(connection):
    await put(connection, officer("a"), officer("b"), officer("c"))
    assert [each.code for each in await store.officers(connection, Wanted(), TODAY, after="a", limit=1)] == ["b"]


async def test_agencies_under_one_are_listed(connection):
    await put(connection, agency(UNIT), agency(DESK), agency("H01.99", parent=UNIT), agency("H01.15"))
    assert [each.code for each in await store.agencies(connection, UNIT)] == [UNIT, DESK, "H01.99"]


# Files


def rows(kind, *texts):
    return [Row(number, *read_values(kind, each)) for number, each in enumerate(texts, start=2)]


async def carry_in(connection, kind, *texts, **options):
    return await keeping.import_rows(connection, kind, rows(kind, *texts), by="lan", now=NOW, **options)


async def test_a_column_that_a_file_lacks_stays_as_it_is(connection):
    await put(connection, officer("a", phone=PHONE, zalo={"x": "1"}))
    report = await carry_in(connection, Kind.OFFICERS, {"code": "a", "zalo": "111"})
    assert report.counts == {Change.CHANGED: 1}
    assert await store.officer(connection, "a") == officer("a", phone=PHONE, zalo={"x": "1", OA: "111"})


async def test_an_empty_cell_empties_the_field(connection):
    await put(connection, officer("a", phone=PHONE, zalo={OA: "111"}))
    await carry_in(connection, Kind.OFFICERS, {"code": "a", "phone": "", "zalo": ""})
    assert await store.officer(connection, "a") == officer("a")


async def test_rows_of_one_file_may_mean_each_other(connection):
    report = await carry_in(
        connection,
        Kind.OFFICERS,
        {"code": "a", "name": "A", "deputy": "b"},
        {"code": "b", "name": "B", "deputy": "a"},
    )
    assert report.counts == {Change.NEW: 2}


async def test_a_row_that_means_nobody_is_wrong(connection):
    report = await carry_in(connection, Kind.OFFICERS, {"code": "a", "name": "A", "unit": UNIT, "deputy": "z"})
    assert [(number, fault.column, fault.found) for number, fault in report.faults] == [
        (2, "unit", UNIT),
        (2, "deputy", "z"),
    ]
    assert report.counts == {}


async def test_an_agency_may_be_meant_by_its_other_code(connection):
    await put(connection, agency(UNIT, other_codes=("H33.07",)))
    report = await carry_in(connection, Kind.OFFICERS, {"code": "a", "name": "A", "unit": "H33.07"})
    assert not report.faults


async def test_skipping_a_wrong_row_skips_those_that_mean_it(connection):
    report = await carry_in(
        connection,
        Kind.OFFICERS,
        {"code": "a", "name": "A", "deputy": "b"},
        {"code": "b", "name": "B", "deputy": "c"},
        {"code": "c", "name": "C", "phone": "12"},
        {"code": "d", "name": "D"},
        skip_bad=True,
    )
    assert (report.counts, report.skipped) == ({Change.NEW: 1}, 3)
    assert [each.code for each in await store.officers(connection, Wanted(), TODAY)] == ["d"]


async def test_a_wrong_row_is_told_of_all_that_is_wrong(connection):
    report = await carry_in(connection, Kind.OFFICERS, {"code": "a", "name": "A", "phone": "1", "unit": "H01.99"})
    assert [fault.column for _, fault in report.faults] == ["phone", "unit"]


async def test_a_row_that_means_a_wrong_row_is_not_wrong_itself(connection):
    texts = ({"code": "a", "name": "A", "deputy": "b"}, {"code": "b", "name": "B", "phone": "1"})
    report = await carry_in(connection, Kind.OFFICERS, *texts)
    assert [(number, fault.column) for number, fault in report.faults] == [(3, "phone")]


async def test_a_new_row_needs_a_name(connection):
    report = await carry_in(connection, Kind.AGENCIES, {"code": UNIT})
    assert [fault.column for _, fault in report.faults] == ["name"]
