"""What the pretend SMSC does with octets: parts put together again, and receipts in all the forms that are met."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from channels.smpp.pdu import Parameters, ShortMessage, Tag, parameter
from channels.smpp.receipts import STATES
from channels.smpp.text import UDH_INDICATOR, decoded
from notifier.domain.clock import VIETNAM
from notifier.sandbox.settings import SmscAccount

_NUMBERS = {text: number for number, text in STATES.items()}
_RECEIPT = 0x04
_VENDOR_TAG = 0x1401


@dataclass(slots=True)
class Assembly:
    """The parts of one long message that have come so far, by their number."""

    total: int
    pieces: dict[int, str] = field(default_factory=dict)


class Assemblies:
    """Puts the parts of long messages together, in whichever of the three forms they come."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, int, int], Assembly] = {}

    def whole(self, body: ShortMessage) -> tuple[str, int] | None:
        """The text and how many parts it came in, once this part completes it; else None."""
        octets = body.text or parameter(body, Tag.MESSAGE_PAYLOAD) or b""
        reference, total, number = 0, 1, 1
        if body.esm_class & UDH_INDICATOR and octets[:3] == b"\5\0\3":
            reference, total, number = octets[3:6]
            octets = octets[6:]
        elif (sar := parameter(body, Tag.SAR_REFERENCE)) is not None:
            reference = int.from_bytes(sar, "big")
            total = int.from_bytes(parameter(body, Tag.SAR_TOTAL) or b"\1", "big")
            number = int.from_bytes(parameter(body, Tag.SAR_NUMBER) or b"\1", "big")
        text = decoded(octets, body.data_coding)
        if total == 1:
            return text, 1
        key = (body.source, body.dest, reference, total)
        assembly = self._open.setdefault(key, Assembly(total))
        assembly.pieces[number] = text
        if len(assembly.pieces) < total:
            return None
        del self._open[key]
        return "".join(assembly.pieces[each] for each in sorted(assembly.pieces)), total


class Ids:
    """The ids that the SMSC gives, in the base of its answers; its receipts may write another."""

    def __init__(self, account: SmscAccount) -> None:
        self._account = account
        self._numbers = count(0xA00F00)

    def new(self) -> str:
        number = next(self._numbers)
        return f"{number:08X}" if self._account.answers_in_hex else str(number)

    def in_receipt(self, message_id: str) -> str:
        account = self._account
        if account.receipts_in_hex == account.answers_in_hex:
            return message_id
        number = int(message_id, 16 if account.answers_in_hex else 10)
        return f"{number:X}" if account.receipts_in_hex else f"{number:010d}"


def receipt(
    account: SmscAccount, submitted: ShortMessage, message_id: str, written_id: str, stat: str, err: str, at: datetime
) -> ShortMessage:
    """A deliver_sm that reports `stat` of a message, in the form of the account: text, parameters or both."""
    date = at.astimezone(VIETNAM).strftime("%y%m%d%H%M%S" if account.dates_with_seconds else "%y%m%d%H%M")
    text = (
        f"id:{written_id} sub:001 dlvrd:{int(stat == 'DELIVRD'):03d} submit date:{date} done date:{date} "
        f"stat:{stat} err:{err} text:{'.' * 12}"
    )
    known: Parameters = (
        (Tag.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
        (Tag.MESSAGE_STATE, bytes((_NUMBERS.get(stat, 7),))),
        (_VENDOR_TAG, b"\x01\x02"),
    )
    return ShortMessage(
        source_ton=submitted.dest_ton,
        source_npi=submitted.dest_npi,
        source=submitted.dest,
        dest_ton=submitted.source_ton,
        dest_npi=submitted.source_npi,
        dest=submitted.source,
        esm_class=_RECEIPT,
        text=text.encode() if account.receipt_form != "parameters" else b"",
        parameters=known if account.receipt_form != "text" else (),
    )
