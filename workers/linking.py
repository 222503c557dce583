"""Who a person at an Official Account is: learnt from the one-time code that they send there, forgotten when they ask.

An officer's id is written into the directory, as an administrator would; a citizen's is kept with the opaque name of
their inbox. What people write is looked at for a code and kept nowhere.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from channels.zalo_news import Submitted, Wrote
from channels.zalo_settings import Settings as ZaloSettings
from notifier.domain.directory import Officer
from notifier.domain.ids import InboxOwner, ProviderName
from notifier.domain.link_codes import LIFE, TRIES, TRIES_IN, asks_to_unlink, code_in, new_code
from notifier.domain.opaque import inbox_owner, link_code_hash
from notifier.intake.contacts import mobile_e164
from notifier.rendering.linking import Answer
from notifier.store import directory, directory_keeping, links
from notifier.store.links import Redeemed
from notifier.store.pool import Connection

ACTOR = "zalo"
"""Who linked or unlinked, in the audit trail: the person themself, in Zalo."""


@dataclass(frozen=True, slots=True)
class Issued:
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Hearing:
    """Where something was heard: of which account, under which name the directory knows it."""

    provider: ProviderName
    settings: ZaloSettings
    secret: bytes
    now: datetime


async def issue(
    connection: Connection, secret: bytes, oa: str, owner: InboxOwner, officer: str | None, now: datetime
) -> Issued:
    """A new code for the person of this inbox; for an officer also their code in the directory. Earlier ones end."""
    code = new_code()
    await links.issue(connection, link_code_hash(secret, oa, code), oa, owner, officer, now, LIFE)
    return Issued(code, now + LIFE)


async def hear(connection: Connection, wrote: Wrote, at: Hearing) -> Answer | None:
    """Do what a message asks for, and say what to answer; None for a message that is none of this. In a transaction."""
    if asks_to_unlink(wrote.text):
        return Answer.UNLINKED if await _unlink(connection, wrote.person, at) else Answer.NOT_LINKED
    code = code_in(wrote.text)
    if code is None:
        return None
    oa, sent_at = at.settings.oa_id, min(wrote.at, at.now)
    if await links.tries_of(connection, oa, wrote.person, sent_at - TRIES_IN) >= TRIES:
        return Answer.TOO_MANY
    redeemed = await links.redeem(connection, link_code_hash(at.secret, oa, code), oa, wrote.person, sent_at)
    if redeemed is None:
        tries = await links.tried(connection, oa, wrote.person, sent_at, TRIES_IN)
        return Answer.TOO_MANY if tries >= TRIES else Answer.WRONG_CODE
    return None if redeemed.again else await _link(connection, redeemed, wrote.person, at)


async def _link(connection: Connection, redeemed: Redeemed, uid: str, at: Hearing) -> Answer:
    if redeemed.officer is None:
        await links.link(connection, at.settings.oa_id, redeemed.owner, uid, "code", at.now)
        return Answer.LINKED_CITIZEN

    def with_uid(officer: Officer) -> Officer:
        return replace(officer, zalo={**officer.zalo, at.provider: uid})

    found = await directory_keeping.alter_officer(connection, redeemed.officer, with_uid, by=ACTOR, now=at.now)
    return Answer.LINKED_OFFICER if found else Answer.WRONG_CODE


async def learn_phone(connection: Connection, submitted: Submitted, at: Hearing) -> None:
    """Link whoever is known by this number, where the settings believe it. What a code has proven stays."""
    phone = mobile_e164(submitted.phone)
    if at.settings.submitted_phone == "link" and phone is not None:
        owner = inbox_owner(at.secret, "phone", phone)
        await links.link(connection, at.settings.oa_id, owner, submitted.person, "form", at.now)


async def _unlink(connection: Connection, uid: str, at: Hearing) -> int:
    """End every link of this person; answers how many there were."""
    ended = await links.unlink_uid(connection, at.settings.oa_id, uid)
    for code in await directory.officers_of_uid(connection, at.provider, uid):
        ended += await unlink_officer(connection, at.provider, code, by=ACTOR, now=at.now)
    return ended


async def unlink_officer(connection: Connection, provider: ProviderName, code: str, *, by: str, now: datetime) -> bool:
    """End an officer's link with an account; False where there is none."""
    officer = await directory.officer(connection, code)
    if officer is None or provider not in officer.zalo:
        return False

    def without_uid(officer: Officer) -> Officer:
        return replace(officer, zalo={name: uid for name, uid in officer.zalo.items() if name != provider})

    await directory_keeping.alter_officer(connection, code, without_uid, by=by, now=now)
    return True
