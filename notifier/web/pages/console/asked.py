"""What an operator's text may mean: a code, a number, an address, a name."""

import unicodedata
from uuid import UUID

from notifier.intake.contacts import email_address, mobile_e164
from notifier.store.search import Term, TermKind

LONGEST = 200
KIND_NAMES: dict[TermKind, tuple[str, str]] = {
    TermKind.PHONE: ("số điện thoại", "telephone number"),
    TermKind.EMAIL: ("thư điện tử", "mail address"),
    TermKind.DOSSIER: ("mã hồ sơ", "dossier code"),
    TermKind.OFFICER: ("tài khoản cán bộ", "officer's account"),
    TermKind.NAME: ("tên cán bộ", "officer's name"),
    TermKind.REFERENCE: ("mã của nhà cung cấp", "provider's reference"),
    TermKind.EXTERNAL_ID: ("mã sự kiện", "event id"),
    TermKind.ID: ("mã tin gửi", "delivery id"),
}


def terms_of(text: str) -> tuple[Term, ...]:
    """Everything that the text may be, in the form in which it is stored; nothing for a text that can be none of it.

    A text of several words without digits is a name; what has the form of a mail address may also be a Message-ID.
    """
    plain = cleaned(text)
    if not plain:
        return ()
    if "@" in plain:
        address = email_address(plain)
        letter = Term(TermKind.REFERENCE, plain)
        return (Term(TermKind.EMAIL, address), letter) if address else (letter,)
    number, id_ = mobile_e164(plain), _uuid(plain)
    found = [Term(TermKind.PHONE, number)] if number else []
    found += [Term(TermKind.ID, str(id_))] if id_ else []
    if " " not in plain:
        kinds = (TermKind.DOSSIER, TermKind.OFFICER, TermKind.REFERENCE, TermKind.EXTERNAL_ID)
        found += [Term(kind, plain) for kind in kinds]
    if not any(letter.isdigit() for letter in plain):
        found.append(Term(TermKind.NAME, plain))
    return tuple(found)


def cleaned(text: str) -> str:
    """In NFC, without what nobody types, at most `LONGEST` characters."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(each for each in spaced if unicodedata.category(each) not in {"Cc", "Cs", "Cf"})[:LONGEST]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
