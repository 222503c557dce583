"""Faults of the rules file as sentences: line, key, what stands there, what is expected."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "string_type": "a text",
    "string_pattern_mismatch": "a name like hoso.rut_ho_so",
    "too_short": "at least one entry",
}
"""What pydantic's kinds of fault mean to somebody who edits a TOML file. Other kinds speak for themselves."""


def sentences(faults: Iterable[Any], text: str, file_name: str) -> Iterator[str]:
    for fault in _own(list(faults)):
        path = tuple(part for part in fault["loc"] if part != "[key]")
        line = line_of(text, path)
        place = f"{file_name}, line {line}" if line else file_name
        yield f"{place}: {_sentence(fault, dotted(path))}"


def _own(faults: list[Any]) -> list[Any]:
    """Without the lists that are too short only because an entry of theirs is at fault."""
    places = [fault["loc"] for fault in faults]
    return [
        fault
        for fault in faults
        if fault["type"] != "too_short"
        or not any(len(place) > len(fault["loc"]) and place[: len(fault["loc"])] == fault["loc"] for place in places)
    ]


def dotted(path: tuple[str | int, ...]) -> str:
    """The key as TOML writes it: `rules."hoso.rut_ho_so".tell[0].send[1]`."""
    key = ""
    for part in path:
        if isinstance(part, int):
            key += f"[{part}]"
        else:
            key += ("." if key else "") + (part if re.fullmatch(r"[\w-]+", part) else f'"{part}"')
    return key or "the file"


def _sentence(fault: Mapping[str, Any], key: str) -> str:
    kind, found = fault["type"], fault["input"]
    if kind == "missing":
        return f"{key} is missing."
    if kind == "extra_forbidden":
        return f"{key} is not a key that is known here. Remove it or correct its name."
    message = fault["msg"].removeprefix("Value error, ")
    if kind == "enum":
        message = f"{fault['ctx']['expected']} is expected"
    elif kind == "greater_than_equal":
        message = f"a whole number from {fault['ctx']['ge']} on is expected"
    elif kind in EXPECTED:
        message = f"{EXPECTED[kind]} is expected"
    if isinstance(found, str | int | float | bool):
        shown = f'"{found}"' if isinstance(found, str) else str(found).lower()
        return f"{key} is {shown}; {message}."
    return f"{key}: {message}."


def line_of(text: str, path: tuple[str | int, ...]) -> int | None:
    """The line that says `path`, or the last of its tables and keys that has a line of its own.

    Read by eye, as it were: a header or a key at the start of a line; the n-th line that opens with `{` after a
    key is the n-th table of its list.
    """
    lines = text.splitlines()
    names = [part for part in path if isinstance(part, str)]
    table, start, line = [], 0, None
    for depth in range(len(names), 0, -1):
        found = next((n for n, each in enumerate(lines) if _header(each) == names[:depth]), None)
        if found is not None:
            table, start, line = names[:depth], found + 1, found + 1
            break
    if len(table) < len(names):
        key = re.compile(rf'\s*"?{re.escape(names[len(table)])}"?\s*=')
        for number in range(start, len(lines)):
            if _header(lines[number]) is not None:
                break
            if key.match(lines[number]):
                line = number + 1
                place = next((part for part in path if isinstance(part, int)), None)
                return _item(lines, number, place) if place is not None else line
    return line


def _header(line: str) -> list[str] | None:
    match = re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line)
    if match is None:
        return None
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^."\s]+)', match.group(1))]


def _item(lines: list[str], key_line: int, place: int) -> int:
    tables = [n for n in range(key_line + 1, len(lines)) if re.match(r"\s*\{", lines[n])]
    ends = next((n for n in range(key_line + 1, len(lines)) if re.match(r"\s*\]", lines[n])), len(lines))
    inside = [n for n in tables if n < ends]
    return inside[place] + 1 if place < len(inside) else key_line + 1
