"""QR codes (ISO/IEC 18004): a PNG for mails, an SVG for pages. Black on white, with their margin, in any colour scheme."""

import struct
import zlib
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import zxingcpp

_MASK = 3
"""Any is legal; choosing one spares the search for the prettiest, four fifths of the time."""
_FAST = 1
_SCALE = 4
"""Pixels for each module: as many as a digit of hexadecimal has bits."""
_GREYS = (1, 0, 0, 0, 0)
"""One bit each, grey, and the only compression, filter set and order of rows that PNG has for it."""
_DIGITS = bytes.maketrans(b"\x00\xff", b"0f")


@lru_cache(maxsize=512)
def qr_png(text: str) -> bytes:
    """About 150 pixels wide; kept, because all attempts and recipients of a link share it."""
    side, modules = _drawn(text)
    digits = modules.translate(_DIGITS).decode()
    filling = "f" * (side % 2)
    rows = [f"00{digits[begin : begin + side]}{filling}" * _SCALE for begin in range(0, side * side, side)]
    pixels = bytes.fromhex("".join(rows))
    head = struct.pack(">IIBBBBB", side * _SCALE, side * _SCALE, *_GREYS)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(pixels, _FAST)) + _chunk(b"IEND")
    )


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def qr_svg(text: str, *, scale: int) -> str:
    """An element for a page, without style attributes; `scale` pixels for each module of the code."""
    side, pixels = _drawn(text)
    dark = "".join(_runs(pixels[row * side : (row + 1) * side], row) for row in range(side))
    return (
        f'<svg class="qr" role="img" aria-label="QR" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
        f' width="{side * scale}" height="{side * scale}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )


def _runs(pixels: bytes, row: int) -> str:
    """The dark runs of one row, as a path."""
    runs = ([place for place, _ in group] for value, group in groupby(enumerate(pixels), itemgetter(1)) if not value)
    return "".join(f"M{run[0]} {row}h{len(run)}v1h-{len(run)}z" for run in runs)


def _drawn(text: str) -> tuple[int, bytes]:
    """Its side and its modules, row after row: 0 is black, 255 white."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=_MASK)
    image = code.to_image(scale=1)
    return image.shape[0], bytes(image)  # type: ignore[call-overload]  # its stubs do not say that it is a buffer
