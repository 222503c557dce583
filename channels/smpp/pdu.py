"""SMPP 3.4 on the wire: those protocol data units that a sender of short messages meets, and no others.

Source: SMPP Protocol Specification v3.4 (issue 1.2), sections 3 to 5. What peers really send is wider than that, so
reading is lenient: over-long strings, unknown parameters, a refusal without a body. Writing is exact.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("!IIII")
LONGEST = 65_536
"""Octets. The longest message_payload with all else is shorter; a longer length is no PDU but noise."""
RESPONSE = 0x8000_0000
LAST_SEQUENCE = 0x7FFF_FFFF


class SmppError(Exception):
    """The octets are no PDU that can be read, or the values none that can be written."""


class Command(IntEnum):
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER_RESP = 0x8000_0002
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND_RESP = 0x8000_0006
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    ENQUIRE_LINK_RESP = 0x8000_0015


class Tag(IntEnum):
    """Optional parameters that we read or write."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MORE_MESSAGES = 0x0426
    MESSAGE_STATE = 0x0427


Parameters = tuple[tuple[int, bytes], ...]
"""Tag and value of each optional parameter, in their order; unknown ones too."""


@dataclass(frozen=True, slots=True)
class Empty:
    """The body of enquire_link, unbind and their responses, of generic_nack, and of many a refusal."""


@dataclass(frozen=True, slots=True)
class Bind:
    system_id: str
    password: str
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, slots=True)
class BindResponse:
    system_id: str
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of submit_sm and of deliver_sm."""

    service_type: str = ""
    source_ton: int = 0
    source_npi: int = 0
    source: str = ""
    dest_ton: int = 0
    dest_npi: int = 0
    dest: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message: int = 0
    text: bytes = b""
    """`short_message`, at most 254 octets; a longer one is a parameter MESSAGE_PAYLOAD."""
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The body of submit_sm_resp and of deliver_sm_resp."""

    message_id: str = ""
    parameters: Parameters = ()


Body = Empty | Bind | BindResponse | ShortMessage | Taken

_BODIES: dict[int, type[Body]] = {
    Command.BIND_RECEIVER: Bind,
    Command.BIND_TRANSMITTER: Bind,
    Command.BIND_TRANSCEIVER: Bind,
    Command.BIND_RECEIVER_RESP: BindResponse,
    Command.BIND_TRANSMITTER_RESP: BindResponse,
    Command.BIND_TRANSCEIVER_RESP: BindResponse,
    Command.SUBMIT_SM: ShortMessage,
    Command.DELIVER_SM: ShortMessage,
    Command.SUBMIT_SM_RESP: Taken,
    Command.DELIVER_SM_RESP: Taken,
}


@dataclass(frozen=True, slots=True)
class Head:
    """`length` counts the 16 octets of the header too. `command` may be one that we do not know."""

    length: int
    command: int
    status: int
    sequence: int

    @property
    def is_response(self) -> bool:
        return bool(self.command & RESPONSE)


@dataclass(frozen=True, slots=True)
class Pdu:
    command: Command
    sequence: int
    body: Body = Empty()
    status: int = 0


def read_head(octets: bytes) -> Head:
    """The header of a PDU, by which a stream is cut. Raises SmppError where nothing behind it can be trusted."""
    if len(octets) < HEADER.size:
        raise SmppError(f"{len(octets)} octets are no header")
    head = Head(*HEADER.unpack_from(octets))
    if not HEADER.size <= head.length <= LONGEST:
        raise SmppError(f"a length of {head.length} octets")
    return head


def decode(octets: bytes) -> Pdu:
    """One whole PDU. Raises SmppError and nothing else."""
    head = read_head(octets)
    if head.length != len(octets):
        raise SmppError(f"{len(octets)} octets where the header says {head.length}")
    try:
        command = Command(head.command)
    except ValueError:
        raise SmppError(f"an unknown command 0x{head.command:08x}") from None
    kind = _BODIES.get(command, Empty)
    rest = octets[HEADER.size :]
    if head.is_response and not rest:
        kind = Empty  # refusals come without a body, and some answers to receipts
    return Pdu(command, head.sequence, _read_body(kind, rest), head.status)


def encode(pdu: Pdu) -> bytes:
    """The octets of a PDU. Raises SmppError for values that do not fit into their fields."""
    kind = _BODIES.get(pdu.command, Empty)
    if type(pdu.body) is not kind and not (type(pdu.body) is Empty and pdu.command & RESPONSE):
        raise SmppError(f"{pdu.command.name} has no body {type(pdu.body).__name__}")
    body = b"".join(_WRITERS[field.type](getattr(pdu.body, field.name)) for field in fields(pdu.body))
    length = HEADER.size + len(body)
    if length > LONGEST:
        raise SmppError(f"a length of {length} octets")
    try:
        return HEADER.pack(length, pdu.command, pdu.status, pdu.sequence) + body
    except struct.error:
        raise SmppError(f"status {pdu.status} or sequence {pdu.sequence} is out of its range") from None


def parameter(body: ShortMessage, tag: int) -> bytes | None:
    """The value of the first optional parameter with this tag."""
    return next((value for each, value in body.parameters if each == tag), None)


def _read_body(kind: type[Body], octets: bytes) -> Body:
    reader = _Reader(octets)
    return kind(**{field.name: _READERS[field.type](reader) for field in fields(kind)})


class _Reader:
    """Takes one field after the other off the octets of a body."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._octets):
            raise SmppError(f"the body ends after {len(self._octets)} octets, within a field")
        taken, self._at = self._octets[self._at : end], end
        return taken

    def string(self) -> str:
        end = self._octets.find(b"\0", self._at)
        if end < 0:
            raise SmppError("a string without its end")
        text = self.take(end - self._at).decode("latin-1")
        self.take(1)
        return text

    def number(self) -> int:
        return self.take(1)[0]

    def short(self) -> bytes:
        return self.take(self.number())

    def parameters(self) -> Parameters:
        found: list[tuple[int, bytes]] = []
        while self._at < len(self._octets):
            tag, length = struct.unpack("!HH", self.take(4))
            found.append((tag, self.take(length)))
        return tuple(found)


def _write_string(text: str) -> bytes:
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        raise SmppError("a string with characters beyond Latin-1") from None
    if b"\0" in octets:
        raise SmppError("a string with a NUL inside")
    return octets + b"\0"


def _write_number(value: int) -> bytes:
    if not 0 <= value <= 0xFF:  # noqa: PLR2004 - one octet
        raise SmppError(f"{value} does not fit into an octet")
    return bytes((value,))


def _write_short(octets: bytes) -> bytes:
    return _write_number(len(octets)) + octets


def _write_parameters(parameters: Parameters) -> bytes:
    try:
        return b"".join(struct.pack("!HH", tag, len(value)) + value for tag, value in parameters)
    except struct.error:
        raise SmppError("an optional parameter that is out of its range") from None


_READERS: dict[object, Callable[[_Reader], Any]] = {
    str: _Reader.string,
    int: _Reader.number,
    bytes: _Reader.short,
    Parameters: _Reader.parameters,
}
_WRITERS: dict[object, Callable[..., bytes]] = {
    str: _write_string,
    int: _write_number,
    bytes: _write_short,
    Parameters: _write_parameters,
}
