"""The directory as a CSV file, which a spreadsheet may have touched.

Written: UTF-8 with a byte order mark, by which spreadsheets know Vietnamese; commas. Read: with the mark or without,
commas or semicolons. A cell that a spreadsheet would run (it begins with = + - @ or a control character) or would spoil
(an id of many digits, a code with zeros in front) is written behind an apostrophe, and one apostrophe in front is taken
away again. Telephone numbers are written bare: `+84…` is a number at worst, and is read without its + as well.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any
from unicodedata import normalize

from notifier.domain.directory import Entry, Kind, Officer
from notifier.domain.errors import DirectoryError
from notifier.intake.directory_rows import COLUMNS, ZALO, Fault, account_of, is_column, read_values

BYTE_ORDER_MARK = "\ufeff"
_GUARDED = re.compile(r"[=+\-@\t\r\n'].*|0[0-9]+|[0-9]{12,}", re.DOTALL)
_PHONE = re.compile(r"\+[0-9]{8,15}")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file: what it says by field, and what is wrong with it."""

    number: int
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


def guarded(cell: str) -> str:
    """The cell so that a spreadsheet neither runs nor spoils it."""
    return f"'{cell}" if _GUARDED.fullmatch(cell) and not _PHONE.fullmatch(cell) else cell


def bare(cell: str) -> str:
    """What `guarded` was given."""
    return cell.strip().removeprefix("'")


def decoded(content: bytes) -> str:
    """The text of a file, in NFC. Raises `DirectoryError` for another encoding than UTF-8."""
    try:
        return normalize("NFC", content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DirectoryError("the file is not written in UTF-8; save it as CSV UTF-8") from None


def read_csv(kind: Kind, text: str) -> Iterator[Row]:
    """Every row of a file, also those after a wrong one. Raises `DirectoryError` at once if its head is not usable."""
    first, _, _ = text.partition("\n")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        head = _head(kind, next(rows, []))
    except csv.Error as error:
        raise DirectoryError(f"the head of the file is no CSV ({error})") from None
    return _rows(kind, rows, head)


def _head(kind: Kind, cells: Sequence[str]) -> list[str]:
    head = [_column(cell) for cell in cells]
    known = ", ".join(COLUMNS[kind]) + (f", {ZALO}:NAME" if kind is Kind.OFFICERS else "")
    if "code" not in head:
        raise DirectoryError(f"the first line of the file does not name code; columns of {kind.value} are {known}")
    if strange := [name or "an empty one" for name in head if not is_column(kind, name)]:
        raise DirectoryError(f"columns that mean nothing: {', '.join(strange)}; those of {kind.value} are {known}")
    if len({account_of(kind, name) or name for name in head}) < len(head):
        raise DirectoryError("the first line of the file names a column twice")
    return head


def _column(cell: str) -> str:
    """Columns are named in any case; the name of an Official Account is its own."""
    name, colon, account = bare(cell).partition(":")
    return f"{name.strip().lower()}{colon}{account.strip()}"


def _rows(kind: Kind, rows: Any, head: list[str]) -> Iterator[Row]:
    seen: dict[str, int] = {}
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield _row(kind, head, cells, rows.line_num, seen)
    except csv.Error as error:
        yield Row(rows.line_num, {}, (Fault("", "", f"a CSV file ({error}); what follows was not read"),))


def _row(kind: Kind, head: list[str], cells: list[str], number: int, seen: dict[str, int]) -> Row:
    if len(cells) != len(head):
        expected = f"{len(head)} cells as in the first line; texts that hold the separator stand in double quotes"
        return Row(number, {}, (Fault("", f"{len(cells)} cells", expected),))
    values, faults = read_values(kind, dict(zip(head, map(bare, cells), strict=True)))
    code = values.get("code")
    if not code and not any(fault.column == "code" for fault in faults):
        faults = (Fault("code", "", "the code: every row needs one"), *faults)
    elif code and (first := seen.setdefault(code, number)) != number:
        faults = (*faults, Fault("code", code, f"each code once; it stands in line {first} already"))
    return Row(number, values, faults)


def write_csv(kind: Kind, entries: Sequence[Entry]) -> Iterator[str]:
    """The lines of a file that `read_csv` reads as these rows, the first with the byte order mark."""
    accounts = sorted({name for each in entries if isinstance(each, Officer) for name in each.zalo} - {ZALO})
    head = [*COLUMNS[kind], *(f"{ZALO}:{name}" for name in accounts)]
    yield BYTE_ORDER_MARK + _line(head)
    for each in entries:
        yield _line(guarded(_cell(each, name)) for name in head)


def _line(cells: Iterable[str]) -> str:
    line = StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(list(cells))
    return line.getvalue()


def _cell(each: Entry, column: str) -> str:
    if isinstance(each, Officer) and (account := account_of(Kind.OFFICERS, column)):
        return each.zalo.get(account, "")
    match getattr(each, column):
        case None:
            return ""
        case date() as day:
            return f"{day:%Y-%m-%d}"
        case tuple() as codes:
            return " ".join(codes)
        case value:
            return str(value)
