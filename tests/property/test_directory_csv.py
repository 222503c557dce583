"""Whatever stands in the directory is read back from its file as it was, and no spreadsheet runs a cell of it."""

import csv
from datetime import date, timedelta
from io import StringIO
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.directory import Agency, Kind, Officer, Origin, Role, officer_code
from notifier.intake.codes import agency_code
from notifier.intake.directory_csv import bare, decoded, guarded, read_csv, write_csv
from notifier.intake.directory_rows import entry

texts = (
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)
    .map(lambda text: normalize("NFC", text).strip())
    .filter(bool)
)
formulas = st.builds(lambda sign, text: f"{sign}{text}", st.sampled_from("=+-@'"), texts)
words = texts | formulas | st.from_regex(r"0[0-9]{1,8}|[0-9]{12,20}", fullmatch=True)
accounts = words.map(officer_code).filter(
    lambda code: normalize("NFC", code) == code and code == officer_code(code) != ""
)
unit_codes = st.lists(st.sampled_from(["H01", "14", "02", "A1"]), min_size=1, max_size=4).map(".".join).map(agency_code)
days = st.integers(0, 60_000).map(lambda number: date(1950, 1, 1) + timedelta(days=number))
phones = st.integers(0, 999).map(lambda number: f"+84912000{number:03}")
uids = st.from_regex(r"[0-9A-Za-z_\-]{1,24}", fullmatch=True)


@st.composite
def officers(draw):
    begin = draw(st.none() | days)
    return Officer(
        code=draw(accounts),
        name=draw(words),
        title=draw(st.none() | words),
        unit=draw(st.none() | unit_codes),
        role=draw(st.sampled_from(Role)),
        phone=draw(st.none() | phones),
        email=draw(st.none() | st.sampled_from(["-a@example.vn", "=b@example.vn", "pt.thu@example.vn"])),
        zalo=draw(st.dictionaries(st.sampled_from(["zalo", "zalo-hue", "OA_2"]), uids)),
        leave_from=begin,
        leave_until=begin and draw(st.none() | days.filter(lambda end: end >= begin)),
        gone_at=draw(st.none() | days),
        origin=draw(st.sampled_from(Origin)),
    )


@st.composite
def agencies(draw):
    code = draw(unit_codes)
    others = draw(st.sets(st.sampled_from(["000.00.07.H33", "H33.07", "-1", "0012"])))
    return Agency(
        code=code,
        name=draw(words),
        other_codes=tuple(sorted({*others, *map(agency_code, others)})),
        phone=draw(st.none() | st.sampled_from(["1022", "19001022", "+842963852901"])),
        valid_from=draw(st.none() | days),
        origin=draw(st.sampled_from(Origin)),
    )


def read_back(kind, entries):
    text = decoded("".join(write_csv(kind, entries)).encode())
    return [entry(kind, None, row.values) for row in read_csv(kind, text)]


def unique(entries):
    return list({each.code: each for each in entries}.values())


@given(st.lists(officers(), max_size=5).map(unique))
def test_officers_come_back_as_they_were(entries):
    assert read_back(Kind.OFFICERS, entries) == entries


@given(st.lists(agencies(), max_size=5).map(unique))
def test_agencies_come_back_as_they_were(entries):
    assert read_back(Kind.AGENCIES, entries) == entries


@given(st.lists(officers(), max_size=5).map(unique))
def test_no_cell_is_a_formula(entries):
    lines = csv.reader(StringIO(decoded("".join(write_csv(Kind.OFFICERS, entries)).encode()), newline=""))
    cells = [cell for line in lines for cell in line]
    assert not [
        cell
        for cell in cells
        if cell[:1] in {"=", "-", "@", "\t", "\r"} or (cell[:1] == "+" and not cell[1:].isdigit())
    ]


@given(words)
def test_a_guard_is_taken_away_again(text):
    assert bare(guarded(text)) == text
