"""How the console shows notices: the person masked, the ways with their states, the answer to "did they get it?"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from notifier.audit.verdict import Answer, Standing, Verdict, Way, standing, verdict
from notifier.audit.verdict_words import channel_word, in_order
from notifier.domain.deliveries import MISSED, DeliveryState
from notifier.domain.ids import DossierCode, RecipientId, SourceName
from notifier.domain.labels import audience_label, state_label
from notifier.domain.masks import masked_email, masked_name, masked_phone
from notifier.domain.recipients import Audience, Locale
from notifier.store.notices import Notice
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.event_names import event_name
from notifier.web.problems import ProblemError

ANSWER_NAMES: Mapping[Answer, tuple[str, str]] = {
    Answer.YES: ("đã đến", "arrived"),
    Answer.WAIT: ("đang chờ", "waiting"),
    Answer.UNSURE: ("chưa chắc", "not certain"),
    Answer.NEEDLESS: ("không cần nữa", "not needed any more"),
    Answer.NO: ("không đến", "not arrived"),
}
TONES: Mapping[Answer, str] = {
    Answer.YES: "good",
    Answer.WAIT: "wait",
    Answer.UNSURE: "wait",
    Answer.NEEDLESS: "quiet",
    Answer.NO: "stop",
}
"""The class of its colour; the words say it too."""
UNOPENED = ("chưa mở", "not opened")
"""Of a message that lies in the portal inbox."""
_PROVEN = frozenset({DeliveryState.DELIVERED, DeliveryState.READ})
_LOST = MISSED - {DeliveryState.CANCELLED, DeliveryState.SUPERSEDED, DeliveryState.SUPPRESSED}


@dataclass(frozen=True, slots=True)
class Person:
    """`code` is an officer's; `contacts` are label and value."""

    audience: str
    code: str | None
    name: str
    contacts: tuple[tuple[str, str], ...]


def pick(pair: tuple[str, str], locale: Locale) -> str:
    return pair[0 if locale is Locale.VI else 1]


def person(notice: Notice, locale: Locale, *, full: bool = False) -> Person:
    """Who is told. `full`: unmasked, for somebody who gave a reason."""
    staff = notice.audience is not Audience.CITIZEN
    phone, email = notice.phone, notice.email
    contacts = [
        (pick(("Điện thoại", "Telephone"), locale), phone and (phone if full else masked_phone(phone))),
        (pick(("Thư điện tử", "Email"), locale), email and (email if full else masked_email(email))),
        ("Zalo", notice.zalo_uid and (notice.zalo_uid if full else pick(("đã liên kết", "linked"), locale))),
    ]
    return Person(
        audience_label(notice.audience, locale),
        notice.ref if staff else None,
        notice.name if staff or full else masked_name(notice.name),
        tuple((label, value) for label, value in contacts if value),
    )


def way_facts(way: Way, locale: Locale) -> dict[str, str | None]:
    """One way in a word or two."""
    unopened = standing(way) is Standing.IN_INBOX
    tone = "quiet" if unopened else "good" if way.state in _PROVEN else "stop" if way.state in _LOST else "quiet"
    return {
        "id": str(way.id),
        "channel": channel_word(way, locale),
        "provider": None if str(way.provider) == way.channel else way.provider,
        "state": pick(UNOPENED, locale) if unopened else state_label(way.state, locale),
        "tone": tone,
    }


def verdict_facts(found: Verdict, locale: Locale) -> dict[str, str]:
    return {"name": pick(ANSWER_NAMES[found.answer], locale), "tone": TONES[found.answer]}


def rows(notices: Sequence[Notice], ways: Mapping[RecipientId, Sequence[Way]], locale: Locale) -> list[dict[str, Any]]:
    """Notices as the lines of a table."""
    return [
        {
            "address": address_of_notice(each.id),
            "dossier": each.dossier,
            "dossier_address": address_of_dossier(each.source, each.dossier),
            "name": event_name(each.type, locale),
            "at": each.received_at,
            "person": person(each, locale),
            "verdict": verdict_facts(verdict(ways[each.id]), locale),
            "ways": [way_facts(way, locale) for way in in_order(ways[each.id])],
        }
        for each in notices
    ]


def address_of_notice(id_: RecipientId) -> str:
    return f"/console/notices/{id_}"


def address_of_dossier(source: SourceName, code: DossierCode) -> str:
    return f"/console/dossiers/{quote(source, safe='')}/{quote(code, safe='')}"


def none_here() -> ProblemError:
    """Nothing of that name, or nothing that this operator may see: the same answer."""
    return ProblemError("not-found", "There is no such notice, or it is not of your agencies.")


def uuid_in_path(visit: OperatorVisit, name: str) -> UUID:
    """An id from the address. Raises `not-found` for anything else."""
    try:
        return UUID(visit.request.match_info[name])
    except ValueError:
        raise none_here() from None
