"""What a message may say: the facts of one event for one recipient, by the names that templates use.

A fact that is not known is left out, so that a template that needs it fails by name instead of showing a blank.
Personal numbers are never a fact. Every value is one line of NFC text, a flag, or a list of such.

| fact                                      | what it is                                                            |
| ----------------------------------------- | --------------------------------------------------------------------- |
| ma_ho_so, thu_tuc, don_vi, noi_tiep_nhan  | dossier code, procedure, handling unit, receiving unit                |
| trang_thai                                | name of the status                                                    |
| ngay_nop, ngay_tiep_nhan, ngay_tra        | filed, accepted, result returned                                      |
| hen_tra, hen_tra_cu, hen_tra_moi          | due time in force; the one before and the new one after an extension  |
| luc                                       | when the event happened                                               |
| cach_nop, qua_buu_chinh, noi_tra          | way of filing; flag: result comes by post; place of return            |
| ma_buu_gui                                | postal item code                                                      |
| noi_dung_bo_sung, giay_to, han_bo_sung    | what to supplement, the list of papers, until when                    |
| khoan_thu, can_nop, da_nop                | lines to pay (ten, so_tien); their sum; sum paid                      |
| link_thanh_toan                           | where to pay; only on an official host                                |
| ly_do                                     | the reason given                                                      |
| van_ban                                   | letters (ten, url); url only on an official host, else empty          |
| buoc, han_buoc, con_lai                   | step, its due time, time left in calendar time (officers only)        |
| can_bo                                    | names of the officers who have the dossier now (officers only)        |
| lich_hen_luc, lich_hen_noi, so_thu_tu     | appointment: time, place, ticket                                      |
| nguoi_nhan, ten, xung_ho                  | whom we greet, the name alone, the form of address                    |
| la_thu_truong                             | flag: the reader is a head: of the unit, or of the one-stop centre    |
| link, hotline, don_vi_gui                 | look-up page, telephone, sending unit                                 |

Of a reminder (`han.*`):

| fact                                      | what it is                                                            |
| ----------------------------------------- | --------------------------------------------------------------------- |
| moc                                       | the deadline that nears or has passed, or since when somebody waits   |
| moc_con_lai                               | time left until that deadline, or how late it is                      |
| cho                                       | how long somebody waits; only where `moc` is no deadline              |
| lan                                       | the how manieth reminder this is: a number from 1 on                  |

Of a digest (`nhac.tong_hop`), for officers only; the other facts are then those of the most urgent dossier:

| fact                                      | what it is                                                            |
| ----------------------------------------- | --------------------------------------------------------------------- |
| viec                                      | the dossiers, most urgent first; of each, as texts, empty if unknown: |
|                                           | ma_ho_so, thu_tuc, buoc, can_bo; loai: what it is about; han: its     |
|                                           | deadline; con_lai: time left or lateness; tre: "1" if it is late      |
| so_viec, so_tre, so_hom_nay               | number of dossiers; of those that are late; that are due today        |

A neutral message (sensitive procedure, open channel) has no procedure name, reason, supplement, paper, fee line,
letter, step, or name of the person: data protection asks for the least that still helps. In a digest each dossier is
neutral or not by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from notifier.domain.dossiers import Dossier, ReturnMethod, SubjectKind
from notifier.domain.events import Appointment, DossierEvent, Fee, Letter, Supplement
from notifier.domain.recipients import Audience, Locale, Recipient
from notifier.reminders.digest import deadline_of, is_late
from notifier.rendering import phrases
from notifier.rendering.reminders import Neutral, of_digest, of_reminder, officers_of
from notifier.rendering.text import one_line

Fact = str | bool | list[str] | list[dict[str, str]]

WITHHELD = frozenset({"ly_do", "noi_dung_bo_sung", "giay_to", "khoan_thu", "van_ban", "buoc", "link_thanh_toan"})
"""What a neutral message is not given; the procedure and the citizen's name are replaced."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds an event in a message. `link` holds an opaque token, never anything about the person."""

    recipient: Recipient
    locale: Locale
    link: str
    hotline: str
    sender_name: str
    neutral: Neutral
    now: datetime


def facts_of(event: DossierEvent, frame: Frame) -> dict[str, Fact]:
    """The facts that a template may use. What is not known, or not to be told, is not among them."""
    neutral = frame.neutral(event)
    found: dict[str, Fact | None] = {
        **_of_dossier(event.dossier, frame.locale),
        **_of_step(event, frame),
        **_of_fees(event.fees, frame.locale),
        **_of_supplement(event.supplement),
        **_of_appointment(event.appointment),
        **_of_person(event.dossier, frame, neutral=neutral),
        **of_reminder(event, frame.now, frame.locale),
        **(of_digest(event.gathered, frame.now, frame.neutral) if frame.recipient.audience.is_staff else {}),
        "luc": phrases.moment(event.occurred_at),
        "ly_do": _sentence(event.reason),
        "van_ban": [_letter(letter, frame.locale) for letter in event.letters],
        "link": frame.link,
        "hotline": frame.hotline,
        "don_vi_gui": frame.sender_name,
    }
    if neutral:
        found["thu_tuc"] = phrases.chosen(phrases.NEUTRAL_PROCEDURE, frame.locale)
        found = {name: value for name, value in found.items() if name not in WITHHELD}
    return _known(found)


def _of_dossier(dossier: Dossier, locale: Locale) -> Mapping[str, Fact | None]:
    unit = dossier.handling_unit or dossier.receiving_unit
    extended = dossier.new_due_at is not None and dossier.new_due_at != dossier.due_at
    return {
        "ma_ho_so": dossier.code,
        "thu_tuc": dossier.procedure_name or phrases.chosen(phrases.NEUTRAL_PROCEDURE, locale),
        "don_vi": unit.name if unit else None,
        "noi_tiep_nhan": dossier.receiving_unit.name if dossier.receiving_unit else None,
        "trang_thai": phrases.chosen(phrases.STATUS[dossier.status], locale) if dossier.status else None,
        "ngay_nop": _moment(dossier.filed_at),
        "ngay_tiep_nhan": _moment(dossier.accepted_at),
        "ngay_tra": _moment(dossier.returned_at),
        "hen_tra": _moment(dossier.new_due_at or dossier.due_at),
        "hen_tra_cu": _moment(dossier.due_at) if extended else None,
        "hen_tra_moi": _moment(dossier.new_due_at),
        "cach_nop": phrases.chosen(phrases.FILED_BY[dossier.filed_by], locale) if dossier.filed_by else None,
        "qua_buu_chinh": dossier.return_method is ReturnMethod.POST,
        "noi_tra": dossier.return_place,
        "ma_buu_gui": dossier.postal_code,
    }


def _of_step(event: DossierEvent, frame: Frame) -> Mapping[str, Fact | None]:
    progress = event.progress
    if progress is None or not frame.recipient.audience.is_staff:
        return {}
    due = progress.step_due_at
    late = due == deadline_of(event) and is_late(event, frame.now)
    return {
        "buoc": progress.step_name,
        "han_buoc": _moment(due),
        "con_lai": phrases.time_left(due, frame.now, late=late) if due else None,
        "can_bo": officers_of(progress),
    }


def _of_fees(fees: tuple[Fee, ...], locale: Locale) -> Mapping[str, Fact | None]:
    unpaid = [fee for fee in fees if fee.paid is not True]
    due, paid = _total(unpaid), _total([fee for fee in fees if fee.paid])
    return {
        "khoan_thu": [
            {"ten": one_line(fee.name), "so_tien": phrases.amount(fee.amount, locale)}
            for fee in unpaid
            if fee.amount is not None
        ],
        "can_nop": phrases.amount(due, locale) if due else None,
        "da_nop": phrases.amount(paid, locale) if paid else None,
        "link_thanh_toan": next((url for fee in unpaid if (url := _official(fee.payment_url))), None),
    }


def _of_supplement(supplement: Supplement | None) -> Mapping[str, Fact | None]:
    if supplement is None:
        return {}
    return {
        "noi_dung_bo_sung": _sentence(supplement.content),
        "giay_to": [line for paper in supplement.papers if (line := _sentence(paper))],
        "han_bo_sung": _moment(supplement.deadline),
    }


def _of_appointment(appointment: Appointment | None) -> Mapping[str, Fact | None]:
    if appointment is None:
        return {}
    return {
        "lich_hen_luc": _moment(appointment.at),
        "lich_hen_noi": appointment.place,
        "so_thu_tu": appointment.ticket,
    }


def _of_person(dossier: Dossier, frame: Frame, *, neutral: bool) -> Mapping[str, Fact | None]:
    staff = frame.recipient.audience.is_staff
    name = one_line(frame.recipient.name)
    body = not staff and not dossier.authorised and dossier.subject_kind not in {None, SubjectKind.CITIZEN}
    address = phrases.chosen(("Quý đơn vị", "Sir or Madam") if body else ("Ông/Bà", "Sir or Madam"), frame.locale)
    bare = frame.locale is Locale.EN or body
    told = name and (staff or not neutral)
    return {
        "xung_ho": address,
        "ten": name if told else address,
        "nguoi_nhan": (name if bare else f"{address} {name}") if told else address,
        "la_thu_truong": frame.recipient.audience in {Audience.HEAD, Audience.DIRECTOR},
    }


def _letter(letter: Letter, locale: Locale) -> dict[str, str]:
    kind = phrases.LETTERS.get(letter.form or "", (letter.file_name or "Văn bản", letter.file_name or "Document"))
    number = phrases.chosen((" số ", " no. "), locale) + letter.number if letter.number else ""
    return {"ten": one_line(phrases.chosen(kind, locale) + number), "url": _official(letter.url) or ""}


def _official(url: str | None) -> str | None:
    """The address if it is encrypted and on a government host: a notice never leads anywhere else."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    official = parts.scheme == "https" and (parts.hostname or "").endswith(".gov.vn")
    ends_early = "\\" in url  # to a browser the host ends there, as at a slash
    return url if official and not ends_early and len(url.split()) == 1 else None


def _total(fees: list[Fee]) -> Decimal | None:
    amounts = [fee.amount for fee in fees if fee.amount is not None]
    return sum(amounts, Decimal()) if len(amounts) == len(fees) else None


def _moment(at: datetime | None) -> str | None:
    return phrases.moment(at) if at else None


def _sentence(text: str | None) -> str | None:
    """One line without the stop at its end: the template sets its own."""
    return one_line(text).rstrip(".;, ") if text else None


def _known(found: Mapping[str, Fact | None]) -> dict[str, Fact]:
    known: dict[str, Fact] = {}
    for name, value in found.items():
        if isinstance(value, bool):
            known[name] = value
        elif value:
            known[name] = one_line(value) if isinstance(value, str) else value
    return known
