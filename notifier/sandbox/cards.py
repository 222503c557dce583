"""Whose message is it: everything that reached one person, gathered for one card of the page."""

import hashlib
from dataclasses import dataclass

from notifier.sandbox.messages import Captured, Messages, News, same_address
from notifier.sandbox.portal import Inbox
from notifier.sandbox.script import EMAIL
from notifier.sandbox.settings import Person, SandboxSettings

_SHOWN = 60
"""How many messages of a kind a card shows."""


@dataclass(frozen=True, slots=True)
class Card:
    """One person of the settings, or one address that belongs to nobody there. Newest first."""

    key: str
    name: str
    role: str
    addresses: tuple[str, ...]
    phone: tuple[Captured, ...]
    """SMS and Zalo, in the order in which a phone shows them."""
    mails: tuple[Captured, ...]
    person: int | None
    """The person's place in the settings, if the portal can show an inbox."""
    inbox: Inbox | None = None
    zalo_uid: str | None = None
    """The person's id at the Official Account, if they can turn to it."""


def key_of(settings: SandboxSettings, address: str) -> str:
    """The key of the card that shows messages to this address."""
    wanted = same_address(address)
    for at, person in enumerate(settings.people):
        if wanted in _addresses(person):
            return f"p{at}"
    return "x" + hashlib.sha256(wanted.encode()).hexdigest()[:12]


def card_of_news(settings: SandboxSettings, news: News) -> str:
    """The key of the card that a line of the stream changes."""
    return f"p{news.data['person']}" if news.kind == "portal" else key_of(settings, news.data["to"])


def all_cards(settings: SandboxSettings, messages: Messages) -> list[Card]:
    """The people of the settings in their order, then the other addresses in the order of their first message."""
    mine: dict[str, list[Captured]] = {f"p{at}": [] for at in range(len(settings.people))}
    for message in messages.all():
        mine.setdefault(key_of(settings, message.to), []).append(message)
    return [_card(settings, key, found) for key, found in mine.items()]


def one_card(settings: SandboxSettings, messages: Messages, key: str) -> Card | None:
    return next((card for card in all_cards(settings, messages) if card.key == key), None)


def _card(settings: SandboxSettings, key: str, found: list[Captured]) -> Card:
    newest = found[::-1]
    mails = tuple(message for message in newest if message.channel == EMAIL)[:_SHOWN]
    phone = tuple(message for message in newest if message.channel != EMAIL)[:_SHOWN]
    if key.startswith("p"):
        at = int(key[1:])
        person = settings.people[at]
        lookup = at if settings.portal and person.lookup else None
        return Card(key, person.name, person.role, _addresses(person), phone, mails, lookup, zalo_uid=person.zalo_uid)
    return Card(key, found[0].to, "Địa chỉ khác", (), phone, mails, None)


def _addresses(person: Person) -> tuple[str, ...]:
    return tuple(same_address(each) for each in (person.phone, person.email, person.zalo_uid) if each)
