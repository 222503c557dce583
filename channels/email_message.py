"""One mail as bytes, the same bytes at every attempt.

Everything that does not change from mail to mail is prepared once for each sender (`Skeleton`); filling it costs a
tenth of what the standard library's `EmailMessage` costs, and `tests/property/test_email_message.py` proves that both
read the same. Documents: RFC 5322, RFC 2045 to 2047, RFC 3834 (Auto-Submitted), RFC 8058 (one-click unsubscribe).
"""

import re
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from struct import Struct

from notifier.domain.content import EmailContent
from notifier.domain.ids import DeliveryId

_EASY = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
"""Words that stand in a header as they are."""
_LINE = 76
_WORD = "=?utf-8?b?{}?="
_TEXT = (
    b'--%(mark)b_0\r\nContent-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n%(text)b'
)
_HTML = b'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n%(html)b'
_PICTURE = (
    b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <qr>\r\n"
    b'Content-Disposition: inline; filename="qr.png"\r\n\r\n%(picture)b'
)
_PLAIN_BODY = _TEXT + b"--%(mark)b_0\r\n" + _HTML + b"--%(mark)b_0--\r\n"
_BODY_WITH_PICTURE = (
    _TEXT + b'--%(mark)b_0\r\nContent-Type: multipart/related;\r\n boundary="%(mark)b_1"\r\n\r\n'
    b"--%(mark)b_1\r\n" + _HTML + b"--%(mark)b_1\r\n" + _PICTURE + b"--%(mark)b_1--\r\n--%(mark)b_0--\r\n"
)
_HEAD = (
    b"%(from)bTo: %(to)b\r\n%(subject)bDate: %(date)b\r\nMessage-ID: %(message_id)b\r\n"
    b"Auto-Submitted: auto-generated\r\n%(stop)bMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="%(mark)b_0"\r\n\r\n'
)
_STOP = b"List-Unsubscribe: <%b>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail is from, and who answers go to."""

    address: str
    name: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class Skeleton:
    """A mail of one sender without what differs from mail to mail."""

    def __init__(self, sender: Sender) -> None:
        self._from = _header("From", sender.name, f"<{sender.address}>")
        if sender.reply_to:
            self._from += f"Reply-To: {sender.reply_to}\r\n".encode("ascii")

    def filled(
        self,
        content: EmailContent,
        *,
        delivery_id: DeliveryId,
        message_id: str,
        to: str,
        created_at: datetime,
        stop_link: str | None = None,
    ) -> bytes:
        """Text, HTML and the QR picture. All of it is ASCII, so any peer takes it unchanged; only `to` may be UTF-8.

        `to` is an address as `email_address` answers it. `stop_link` is where one POST stops mail of this kind.
        """
        parts = {
            b"from": self._from,
            b"to": to.encode(),
            b"subject": _header("Subject", content.subject),
            b"date": format_datetime(created_at).encode("ascii"),
            b"message_id": message_id.encode("ascii"),
            b"stop": _STOP % stop_link.encode("ascii") if stop_link else b"",
            b"mark": b"=_" + delivery_id.hex.encode("ascii"),
            b"text": _lines(content.text),
            b"html": _lines(content.html),
        }
        if content.qr_png is None:
            return (_HEAD + _PLAIN_BODY) % parts
        return (_HEAD + _BODY_WITH_PICTURE) % {**parts, b"picture": _base64(content.qr_png)}


def _lines(text: str) -> bytes:
    """A text with the line ends of mail, encoded."""
    return _base64(b"\r\n".join(text.encode().splitlines()) + b"\r\n")


def _base64(data: bytes) -> bytes:
    code = b2a_base64(data, newline=False)
    full = len(code) // _LINE
    rest = code[full * _LINE :]
    return b"\r\n".join([*_lines_of(full).unpack_from(code), rest, *([b""] if rest else [])])


@lru_cache(maxsize=1024)
def _lines_of(number: int) -> Struct:
    """Cuts so many full lines at once."""
    return Struct(f"{_LINE}s" * number)


def _header(name: str, text: str, ending: str = "") -> bytes:
    """A header of words in any language (RFC 2047), each line short; `ending` is not encoded."""
    lines = _encoded(" ".join(text.split()), _LINE - len(name) - 2)
    if ending:
        last = f"{lines[-1]} {ending}"
        lines[-1:] = [last] if len(last) + len(name) < _LINE else [lines[-1], ending]
    return (f"{name}: " + "\r\n ".join(lines) + "\r\n").encode("ascii")


def _encoded(text: str, room: int) -> list[str]:
    """The text as encoded words, one to a line; what stands between two of them is no space to the reader."""
    if len(text) <= room and _EASY.fullmatch(text):
        return [text]
    most = (room - len(_WORD) + 2) // 4 * 3
    raw = text.encode()
    words: list[str] = []
    begin = 0
    while begin < len(raw) or not words:
        end = begin + most
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # noqa: PLR2004  in UTF-8: not the first byte of a character
            end -= 1
        words.append(_WORD.format(b2a_base64(raw[begin:end], newline=False).decode()))
        begin = end
    return words
