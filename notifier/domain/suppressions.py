"""What stands against mail to somebody: an address that does not exist, or the person's own wish.

Only mail that need not be given can be stopped by a wish: bulk notices to citizens. Statutory notices go on, and so do
the reminders of officers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from notifier.domain.deliveries import Urgency
from notifier.domain.hours import clock_text
from notifier.domain.ids import InboxOwner
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience, Contact


class SuppressionKind(StrEnum):
    BOUNCED = "bounced"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Bounce:
    """Since when an address is known not to exist, and the mail system's own code for that."""

    since: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What is known of some people: bounces by the address that stands in their contacts."""

    bounced: Mapping[str, Bounce] = field(default_factory=dict)
    stopped: frozenset[InboxOwner] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.bounced or self.stopped)

    def against(self, contact: Contact, *, stoppable: bool, planned: bool = False) -> Reason | None:
        """Why no mail may go to this contact. `planned`: it was to go already, and is called off."""
        if bounce := self.bounced.get(contact.email or ""):
            code = ReasonCode.BOUNCED_MEANWHILE if planned else ReasonCode.ADDRESS_BOUNCED
            return Reason(code, {"code": bounce.code, "since": clock_text(bounce.since)})
        if stoppable and contact.inbox in self.stopped:
            return Reason(ReasonCode.STOPPED_MEANWHILE if planned else ReasonCode.MAIL_STOPPED)
        return None


def is_stoppable(audience: Audience, urgency: Urgency) -> bool:
    """Whether a person may stop mail of this kind."""
    return urgency is Urgency.BULK and not audience.is_staff
