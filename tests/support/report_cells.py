"""Cells of a report's tables, and the agencies and officers of the reports' tests."""

from dataclasses import replace

from notifier.domain.directory import Agency, Officer, by_every_code
from notifier.reminders.reports.sheets import Sheet
from notifier.reminders.reports.units import Agencies

AGENCIES = Agencies(by_every_code([Agency("H01.14", "UBND xã Bình Mẫu", ("000.14.00.H01",)), Agency("H01.27", "Sở")]))
AN = Officer("an", "Trần Văn An", unit="H01.14", zalo={"zalo": "1"})


def cells(sheet: Sheet, *keys: str) -> list[tuple]:
    places = [[column.key for column in sheet.columns].index(key) for key in keys]
    return [tuple(row[place] for place in places) for row in sheet.rows]


def total(sheet: Sheet, *keys: str) -> tuple:
    assert sheet.total is not None
    return cells(replace(sheet, rows=(sheet.total,)), *keys)[0]
