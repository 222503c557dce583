"""Contacts as they are shown to those who know them anyway: enough to recognise one's own, too little to learn another's."""

_HIDDEN = "•••"
_CODE_DIGITS, _TAIL_DIGITS = 4, 3


def masked_phone(e164: str) -> str:
    """`+84 9•• ••• 101` of a Vietnamese mobile number."""
    return f"{e164[:3]} {e164[3:_CODE_DIGITS]}•• {_HIDDEN} {e164[-_TAIL_DIGITS:]}"


def masked_email(address: str) -> str:
    """`n•••@example.vn`: the first character and the host."""
    local, _, host = address.rpartition("@")
    return f"{local[:1]}{_HIDDEN}@{host}"
