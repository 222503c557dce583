"""What a request carries and who claims to send it, before anything is believed (CloudEvents 1.0.2 over HTTP)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

from notifier.domain.errors import FieldError, IntakeError
from notifier.domain.ids import SourceName
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import found, is_blank

BATCH_LIMIT = 100
BATCH = "application/cloudevents-batch"
STRUCTURED = "application/cloudevents"
JSON = "application/json"
HEADER = "ce-"


class ItemKind(Enum):
    EVENT = "event"
    """A CloudEvent: `value` is its structured form, whichever mode it came in."""
    RECORD = "record"
    """A bare record of DongBoHoSoMC or CapNhatTienDoHoSoMC."""


@dataclass(frozen=True, slots=True)
class Item:
    kind: ItemKind
    value: Any


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request, taken apart. `source` is a claim until the signature is verified with that source's secrets."""

    source: SourceName
    items: tuple[Item, ...]
    many: bool
    """The sender sent a list, and so is answered by a list."""


def read_request(content_type: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Incoming:
    """Takes a request apart and finds the source it claims. Raises IntakeError for the request as a whole.

    The claim is the query parameter `source`, else the header `ce-source`, else the first event's `source`.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    mode = _mode(content_type, lower)
    value = parse_json(body)
    items = _items(mode, lower, value)
    if len(items) > BATCH_LIMIT:
        raise IntakeError("batch-too-large", f"The request holds {len(items)} items; at most {BATCH_LIMIT} are taken.")
    many = mode is Mode.BATCH or (mode is Mode.PLAIN and not _is_event(value))
    return Incoming(_claim(lower, query, value), tuple(items), many)


class Mode(Enum):
    """How a request carries its events."""

    BATCH = "batch"
    STRUCTURED = "structured"
    BINARY = "binary"
    PLAIN = "plain"
    """Called just JSON: a structured event, an array, or the body of DongBoHoSoMC."""


def _mode(content_type: str, headers: Mapping[str, str]) -> Mode:
    media_type = content_type.partition(";")[0].strip().lower()
    # The batch prefix holds the structured one, so it is tested first.
    if media_type.startswith(BATCH):
        expected, mode = f"{BATCH}+json", Mode.BATCH
    elif media_type.startswith(STRUCTURED):
        expected, mode = f"{STRUCTURED}+json", Mode.STRUCTURED
    elif any(f"{HEADER}{name}" in headers for name in ("specversion", "id", "type")):
        expected, mode = (media_type if media_type.endswith("+json") else JSON), Mode.BINARY
    else:
        expected, mode = JSON, Mode.PLAIN
    if media_type != expected:
        named = media_type if re.fullmatch(r"[a-z0-9.+/_-]{1,100}", media_type) else "missing or garbled"
        raise IntakeError("unsupported-media-type", f"The Content-Type is {named}.")
    return mode


def _items(mode: Mode, headers: Mapping[str, str], value: Any) -> list[Item]:
    match mode:
        case Mode.STRUCTURED:
            return [Item(ItemKind.EVENT, value)]
        case Mode.BINARY:
            return [Item(ItemKind.EVENT, {**_attributes(headers), "data": value})]
        case Mode.BATCH:
            return [Item(ItemKind.EVENT, event) for event in _array(value, "an array of events")]
        case Mode.PLAIN if _is_event(value):
            return [Item(ItemKind.EVENT, value)]
        case Mode.PLAIN:
            records = _array(
                value.get("data") if isinstance(value, dict) else value,
                "an event with specversion, an array of records, or an object whose data is such an array",
            )
            return [Item(ItemKind.EVENT if _is_event(record) else ItemKind.RECORD, record) for record in records]


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and "specversion" in value


def _array(value: Any, expected: str) -> list[Any]:
    if isinstance(value, list):
        return value
    error = FieldError(pointer="", detail="the body is not of the form expected", found=found(value), expected=expected)
    raise IntakeError("invalid-event", f"The body is not {expected}.", (error,))


_QUOTED_PAIR = re.compile(r"\\(.)")


def _attributes(headers: Mapping[str, str]) -> dict[str, str]:
    """The attributes of binary mode. The body's own Content-Type is the datacontenttype."""
    names = (name for name in headers if name.startswith(HEADER) and name != f"{HEADER}datacontenttype")
    return {name.removeprefix(HEADER): _header_text(name, headers[name]) for name in names}


def _header_text(name: str, value: str) -> str:
    """Undoes quoting, then percent-encoding, once (HTTP binding 1.0.2, section 3.1.3.2)."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED_PAIR.sub(r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value.encode("utf-8", "surrogateescape")).decode()
    except UnicodeDecodeError:
        error = FieldError(
            pointer=f"/{name.removeprefix(HEADER)}",
            detail=f"the header {name} does not decode",
            found=found(value),
            expected="text in percent-encoded UTF-8",
        )
        raise IntakeError("invalid-event", f"The header {name} does not decode.", (error,)) from None


def _claim(headers: Mapping[str, str], query: Mapping[str, str], value: Any) -> SourceName:
    header = headers.get(f"{HEADER}source")
    members = value if isinstance(value, list) else [value]
    claims = [
        query.get("source"),
        _header_text(f"{HEADER}source", header) if header else None,
        *(member.get("source") for member in members if isinstance(member, dict)),
    ]
    for claim in claims:
        if isinstance(claim, str) and not is_blank(claim):
            return SourceName(normalised(claim).strip())
    raise IntakeError("unknown-source", "The request does not say which dossier system sends it.")
