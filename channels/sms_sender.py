"""What all SMS adapters share: under which name and in which class a message goes, how a number is written, what fits.

A brandname (tên định danh) has at most eleven Latin letters, digits, blanks, dots, hyphens and underscores, and is not
made of digits alone (Decree 91/2020, article 23). Gateways and carriers register it with a class of traffic: CSKH
(care of customers, from registered wordings), QC (advertising), ĐH (notices of state bodies to their own people).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, assert_never

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from channels.base import Message
from channels.faults import Fault, outcome_of
from notifier.domain.content import SmsContent
from notifier.domain.directory import lineage
from notifier.domain.outcomes import Outcome

_BRANDNAME = re.compile(r"(?!\d+$)[A-Za-z0-9._ -]{1,11}")


def _brandname(text: str) -> str:
    if not _BRANDNAME.fullmatch(text):
        raise ValueError("at most eleven letters, digits, blanks, dots, hyphens and underscores, not digits alone")
    return text


Brandname = Annotated[str, AfterValidator(_brandname)]
PhoneForm = Literal["0", "84", "+84"]
"""How a gateway wants 0912000123: so, or as 84912000123, or as +84912000123."""


class SmsClass(StrEnum):
    CARE = "CSKH"
    ADVERTISING = "QC"
    OPERATIONS = "DH"


class AgencySender(BaseModel):
    """What is different for the messages of one agency; what is left out is as for all others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brandname: Brandname | None = None
    staff_brandname: Brandname | None = None
    message_class: SmsClass | None = None
    staff_class: SmsClass | None = None


class SmsSettings(BaseModel):
    """What the settings of every SMS adapter have; each adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brandname: Brandname
    staff_brandname: Brandname | None = None
    """For messages to officers; without it they go out under `brandname`."""
    message_class: SmsClass = SmsClass.CARE
    staff_class: SmsClass = SmsClass.CARE
    agencies: dict[str, AgencySender] = {}
    phone_form: PhoneForm = "84"
    most_parts: Annotated[int, Field(ge=1, le=10)] = 3
    forbidden_characters: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    brandname: str
    message_class: SmsClass


def sender_of(settings: SmsSettings, message: Message) -> Sender:
    """The brandname and class of a message: of its agency or the nearest above it, for citizens or for officers."""
    own = next((settings.agencies[code] for code in lineage(message.agency) if code in settings.agencies), None)
    own = own or AgencySender()
    if message.staff:
        name = own.staff_brandname or own.brandname or settings.staff_brandname or settings.brandname
        return Sender(name, own.staff_class or settings.staff_class)
    return Sender(own.brandname or settings.brandname, own.message_class or settings.message_class)


def number_for(message: Message, content: SmsContent, settings: SmsSettings) -> str | Outcome:
    """The number as the gateway wants it; or why the message is not even offered to it."""
    phone = in_form(message.contact.phone, settings.phone_form)
    if phone is None:
        return outcome_of(Fault.RECIPIENT, "no_mobile")
    return unfit(content, settings.most_parts, settings.forbidden_characters) or phone


def in_form(phone: str | None, form: PhoneForm) -> str | None:
    """+84912000001 as the gateway wants it; None for a number that is missing or not Vietnamese."""
    if not phone or not phone.startswith("+84"):
        return None
    match form:
        case "0":
            return "0" + phone[3:]
        case "84":
            return phone[1:]
        case "+84":
            return phone
        case _:
            assert_never(form)


def unfit(content: SmsContent, most_parts: int, forbidden_characters: str) -> Outcome | None:
    """Why a text is not even offered to the gateway; None: it may be."""
    if content.parts > most_parts:
        return outcome_of(Fault.TEMPLATE, f"parts_{content.parts}")
    if not set(forbidden_characters).isdisjoint(content.text):
        return outcome_of(Fault.TEMPLATE, "forbidden_character")
    return None
