"""What is learnt from a genuine event of Zalo: relations, templates, quota, ratings, links. Doubled and late ones do no harm.

All of it happens in the transaction that finishes the callback; what is to be answered is said after its commit.
"""

from dataclasses import dataclass
from datetime import datetime

from channels.registry import ProviderSetup
from channels.zalo_news import DailyQuota, Rated, Submitted, TemplatesChanged, TemplateStatus, Wrote, news
from channels.zalo_settings import Settings as ZaloSettings
from notifier.domain.ids import ProviderName
from notifier.domain.receipts import RawReceipt
from notifier.rendering.linking import Answer
from notifier.store import accounts, deliveries, feedback, providers
from notifier.store.deliveries import Named
from notifier.store.feedback import Feedback
from notifier.store.pool import Connection
from workers import relations
from workers.linking import Hearing, hear, learn_phone


@dataclass(frozen=True, slots=True)
class Saying:
    """What an account has to answer to a person."""

    provider: ProviderName
    person: str
    answer: Answer


async def learn(
    connection: Connection, setup: ProviderSetup, raw: RawReceipt, secret: bytes, now: datetime
) -> Saying | None:
    """Note what a callback tells, and say what it asks to be answered."""
    settings = setup.settings
    if not isinstance(settings, ZaloSettings):
        return None
    await relations.learn(connection, setup, raw, now)
    at, oa = Hearing(setup.name, settings, secret, now), settings.oa_id
    match news(raw, oa):
        case Wrote() as wrote:
            answer = await hear(connection, wrote, at)
            return Saying(setup.name, wrote.person, answer) if answer else None
        case Submitted() as submitted:
            await learn_phone(connection, submitted, at)
        case TemplateStatus() as changed:
            await accounts.template_changed(
                connection, oa, changed.id, changed.status, changed.reason, min(changed.at, now)
            )
            await accounts.templates_changed(connection, oa, now)
        case TemplatesChanged():
            await accounts.templates_changed(connection, oa, now)
        case DailyQuota() as quota:
            await providers.note_daily(connection, setup.name, quota.daily)
        case Rated() as rated:
            await _rate(connection, setup, rated, now)
        case None:
            pass
    return None


async def _rate(connection: Connection, setup: ProviderSetup, rated: Rated, now: datetime) -> None:
    named = Named(setup.channel, setup.name, rated.delivery_id, rated.reference)
    (match,) = await deliveries.match_receipts(connection, [named])
    if match is not None:
        given = Feedback(rated.rate, rated.note, rated.labels, rated.at)
        actor = f"receipt:{setup.name}"
        await feedback.keep(connection, match.id, setup.settings.oa_id, given, actor=actor, now=now)
