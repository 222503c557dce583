"""Contacts and names as they are shown to people who need not know them: enough to recognise, too little to use."""

import re

MARK = "•••"
_SHOWN = 3
_COUNTRY = "+84"


def masked_phone(phone: str) -> str:
    """`+84 9•• ••• 101` of `+84912000101`."""
    if not phone.startswith(_COUNTRY) or len(phone) <= len(_COUNTRY) + _SHOWN + 1:
        return MARK
    return f"{_COUNTRY} {phone[len(_COUNTRY)]}•• {MARK} {phone[-_SHOWN:]}"


def masked_email(address: str) -> str:
    """`n•••@example.vn`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{MARK}{at}{domain}"


def masked_name(name: str) -> str:
    """`N••• V••• M•••`."""
    return " ".join(f"{word[0]}{MARK}" for word in re.findall(r"\w+", name))
