"""An Official Account of ours at work: its token is kept fresh, and now and then Zalo is asked how it stands.

What Zalo answers (templates, quota, package) is kept in PostgreSQL, where the adapter, `notifier doctor` and
`notifier zalo status` read it. Nothing here is needed for a message to go out.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from channels import zalo_templates
from channels.http import HttpClient
from channels.registry import ProviderSetup
from channels.zalo import CONSULTATION
from channels.zalo_api import ACCOUNT, Request, ZaloApi
from channels.zalo_codes import code_of
from channels.zalo_settings import Settings
from channels.zalo_templates import NotTold, Template
from notifier.domain.approved import ApprovedTemplate
from notifier.domain.clock import Clock
from notifier.domain.errors import TokenLost
from notifier.domain.ids import ProviderName
from notifier.store import accounts, providers
from notifier.store.accounts import AccountRecord, TemplateRecord
from notifier.store.pool import DATABASE_DOWN, Pool
from workers.tokens import ZaloTokens

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(hours=1)
AGAIN_AFTER_FAULT = timedelta(minutes=10)
TEMPLATES_EVERY = timedelta(hours=6)
KNOWN_SECONDS = 15.0
"""So long a process believes what it read of the templates."""


class ZaloAccount:
    """One Official Account. `owner` names this process in the lease of the token."""

    def __init__(self, setup: ProviderSetup, pool: Pool, http: HttpClient, clock: Clock, owner: str) -> None:
        self.provider = setup.name
        self.settings: Settings = setup.settings
        self.tokens = ZaloTokens(pool, http, self.settings, clock, owner)
        self._api = ZaloApi(self.settings, http, self.tokens)
        self._pool = pool
        self._clock = clock

    async def keep(self) -> None:
        """Refresh the token well ahead; look at the account when it is time to."""
        await self.tokens.keep_fresh()
        now = self._clock()
        async with self._pool.acquire() as connection:
            known = await accounts.account(connection, self.settings.oa_id)
        patience = AGAIN_AFTER_FAULT if known.fault else LOOK_EVERY
        if known.looked_at is None or now - known.looked_at >= patience or now < known.looked_at:
            await self.look()
        if not known.fault and _are_old(known, now):
            await self.sync_templates()

    async def look(self) -> str | None:
        """Ask Zalo for quota and package, and keep the answers; the code of what went wrong, if anything did."""
        quota: zalo_templates.Quota | NotTold
        official: zalo_templates.Official | NotTold
        try:
            quota, official = await zalo_templates.quota(self._api), await zalo_templates.official(self._api)
        except TokenLost:
            quota = official = NotTold("token_lost")
        now = self._clock()
        fault = next((each.code for each in (quota, official) if isinstance(each, NotTold)), None)
        found = AccountRecord(fault=fault)
        if not isinstance(official, NotTold):
            found = replace(
                found,
                name=official.name,
                is_verified=official.is_verified,
                package=official.package,
                package_until=official.package_until,
            )
        async with self._pool.acquire() as connection:
            if not isinstance(quota, NotTold) and quota.remaining is not None:
                await providers.note_volume(connection, self.provider, quota.remaining, quota.daily, now)
            await accounts.looked(connection, self.settings.oa_id, found, now)
        if fault:
            log.warning("Zalo did not tell how the account stands", extra={"provider": self.provider, "code": fault})
        return fault

    async def sync_templates(self) -> NotTold | list[TemplateRecord]:
        """Read the templates anew, those in use with their parameters, and keep them; nothing is kept of half an answer."""
        asked_at = self._clock()
        wanted = frozenset(self.settings.templates.values())
        found: list[TemplateRecord] = []
        try:
            async for each in zalo_templates.all_described(self._api, wanted):
                if isinstance(each, NotTold):
                    return each
                found.append(_record(each))
        except TokenLost:
            return NotTold("token_lost")
        async with self._pool.acquire() as connection:
            await accounts.keep_templates(connection, self.settings.oa_id, found, asked_at)
        return found

    async def say(self, person: str, text: str) -> bool:
        """Answer somebody who has just turned to the account, by a consultation message; whether Zalo took it."""
        body = {"recipient": {"user_id": person}, "message": {"text": text}}
        try:
            code = code_of(await self._api.reply(Request(ACCOUNT, "POST", CONSULTATION, body)))
        except TokenLost:
            code = None
        if code != 0:
            log.warning("an answer to a person did not go out", extra={"provider": self.provider, "code": str(code)})
        return code == 0


def _are_old(known: AccountRecord, now: datetime) -> bool:
    """Whether the templates were read too long ago, or before an event told of a change."""
    read_at = known.templates_at
    if read_at is None or (known.changed_at is not None and known.changed_at >= read_at):
        return True
    return now - read_at >= TEMPLATES_EVERY or now < read_at


def _record(each: Template) -> TemplateRecord:
    return TemplateRecord(each.template, quality=each.quality, price_phone=each.price_phone, price_uid=each.price_uid)


class ZaloApprovals:
    """The `Approvals` of the Zalo adapter: what is kept, read a few times a minute."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[str, Mapping[str, TemplateRecord]] = {}
        self._read_at: dict[str, float] = {}

    async def template(self, account: str, id_: str) -> ApprovedTemplate | None:
        if time.monotonic() - self._read_at.get(account, float("-inf")) > KNOWN_SECONDS:
            self._read_at[account] = time.monotonic()
            try:
                async with self._pool.acquire() as connection:
                    self._known[account] = await accounts.templates(connection, account)
            except DATABASE_DOWN:
                log.warning("the templates of an account could not be read")
        record = self._known.get(account, {}).get(id_)
        return record.template if record else None


Accounts = Mapping[ProviderName, ZaloAccount]


def open_accounts(
    setups: Mapping[ProviderName, ProviderSetup], pool: Pool, http: HttpClient, clock: Clock, owner: str
) -> Accounts:
    """The Official Accounts among the providers."""
    return {
        name: ZaloAccount(setup, pool, http, clock, owner)
        for name, setup in setups.items()
        if isinstance(setup.settings, Settings)
    }
