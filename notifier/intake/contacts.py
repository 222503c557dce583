"""Whether a contact that a dossier gives can be used, and its one canonical form. Nothing here ever raises."""

import re
from unicodedata import normalize

import idna
import phonenumbers

COUNTRY = "VN"
_VIETNAM = 84

_TEN_DIGITS = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
"""Eleven-digit mobile prefixes of before 2018 and what they became (Decision 798/QĐ-BTTTT of 2018)."""
_ELEVEN_DIGITS = re.compile(r"(?:\+?84|0084|0)(1[0-9]{2})([0-9]{7})")
_SEPARATORS = re.compile(r"[\s.()\-]+")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_LINK = re.compile(r"https?://[!-~]{1,2000}")


_PLAN: phonenumbers.PhoneMetadata = phonenumbers.PhoneMetadata.metadata_for_region(COUNTRY)  # type: ignore[assignment]  # it has one
_MOBILE = re.compile(rf"(?:\+?84|0)({_PLAN.mobile.national_number_pattern})", re.ASCII)  # type: ignore[union-attr]  # and that too
"""Mobile numbers as nearly all are written. To ask the library for each takes a hundred times as long."""


def mobile_e164(raw: str | None) -> str | None:
    """The number as `+84…` if it is a Vietnamese mobile number, however it is written; else None."""
    if usual := _MOBILE.fullmatch(_SEPARATORS.sub("", raw or "")):
        return f"+{_VIETNAM}{usual[1]}"
    number = _number(raw)
    if number is None or phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_renumbered(raw: str | None) -> bool:
    """Whether the number is usable only because eleven digits of before 2018 were rewritten: somebody else may have it now."""
    old = _ELEVEN_DIGITS.fullmatch(_SEPARATORS.sub("", raw or ""))
    return bool(old) and mobile_e164(raw) is not None


_SHORT = re.compile(r"1[0-9]{2,4}")
_DIALLED = frozenset(
    {
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
    }
)


def desk_phone(raw: str | None) -> str | None:
    """The number of a desk that people call: `+84…`, or as it is dialled if only Vietnam knows it (1022, 1900 …)."""
    bare = _SEPARATORS.sub("", raw or "")
    if _SHORT.fullmatch(bare):
        return bare
    if (number := _number(raw)) is None:
        return None
    if phonenumbers.number_type(number) in _DIALLED:
        return str(number.national_number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _number(raw: str | None) -> phonenumbers.PhoneNumber | None:
    if not raw:
        return None
    bare = _SEPARATORS.sub("", raw)
    if old := _ELEVEN_DIGITS.fullmatch(bare):
        bare = f"+84{_TEN_DIGITS.get(old[1], old[1])}{old[2]}"
    try:
        number = phonenumbers.parse(bare, COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    return number if number.country_code == _VIETNAM and phonenumbers.is_valid_number(number) else None


def email_address(raw: str | None) -> str | None:
    """The address in its one form, or None if it is none: domain in ASCII and lower case (RFC 5891), local part in NFC.

    A local part may be in any language (RFC 6531); only relays that offer SMTPUTF8 carry those.
    """
    local, at, domain = (raw or "").strip().rpartition("@")
    local = normalize("NFC", local)
    try:
        domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    address = f"{local}@{domain}"
    is_one = at and local.isprintable() and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not is_one or len(local.encode()) > 64 or len(address.encode()) > 254:  # noqa: PLR2004  RFC 5321, 4.5.3.1
        return None
    return address


def web_link(raw: str | None) -> str | None:
    """The link if it is an http or https address, else None: no other scheme may reach a message."""
    text = (raw or "").strip()
    return text if _LINK.fullmatch(text) else None
