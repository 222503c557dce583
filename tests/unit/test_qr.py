"""QR codes as a camera sees them: read back by a decoder from the pixels of the pictures."""

import re
import struct
import zlib

import pytest
import zxingcpp

from notifier.rendering.qr import qr_png, qr_svg

LINK = "https://thongbao.example.gov.vn/t/nGZQdnO2yJ1o2v5VfQ8cXw"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read(pixels: bytes, side: int) -> str:
    (code,) = zxingcpp.read_barcodes(zxingcpp.ImageView(pixels, side, side, zxingcpp.ImageFormat.Lum))
    return code.text


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG whose checksums are right (ISO/IEC 15948, 5.3)."""
    assert png.startswith(SIGNATURE)
    found, rest = {}, png[len(SIGNATURE) :]
    while rest:
        length, kind = struct.unpack(">I4s", rest[:8])
        data, (checksum,) = rest[8 : 8 + length], struct.unpack(">I", rest[8 + length : 12 + length])
        assert zlib.crc32(kind + data) == checksum
        found[kind], rest = data, rest[12 + length :]
    return found


def greys(line: bytes, width: int) -> bytes:
    """A row of one bit each, the leftmost pixel in the highest bit (ISO/IEC 15948, 7.2), as one byte each."""
    return bytes(255 * (line[at // 8] >> 7 - at % 8 & 1) for at in range(width))


@pytest.mark.parametrize("text", [LINK, LINK * 5, "hồ sơ H01.14-261118-0039"])
def test_the_picture_of_a_mail_says_what_was_given(text):
    found = chunks(qr_png(text))
    width, height, *kind = struct.unpack(">IIBBBBB", found[b"IHDR"])
    rows = zlib.decompress(found[b"IDAT"])
    step = 1 + (width + 7) // 8
    lines = [rows[start : start + step] for start in range(0, len(rows), step)]
    assert (len(lines), kind, {line[0] for line in lines}) == (height, [1, 0, 0, 0, 0], {0})
    assert read(b"".join(greys(line[1:], width) for line in lines), width) == text


@pytest.mark.parametrize("text", [LINK, "otpauth://totp/Notifier:lan?secret=JBSWY3DPEHPK3PXP&issuer=Notifier"])
def test_the_element_of_a_page_says_what_was_given(text):
    svg = qr_svg(text, scale=5)
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    pixels = bytearray(b"\xff" * side * side)
    for x, y, length in (map(int, run) for run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg)):
        pixels[y * side + x : y * side + x + length] = bytes(length)
    larger = b"".join(
        bytes(value for value in pixels[row * side : (row + 1) * side] for _ in range(4))
        for row in range(side)
        for _ in range(4)
    )
    assert read(larger, side * 4) == text


def test_the_element_needs_no_style_that_a_strict_page_refuses():
    assert "style" not in qr_svg(LINK, scale=4)
