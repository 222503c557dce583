"""Who is told: one person in one role for one event, with every way to reach them."""

from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.hours import Rest
from notifier.domain.ids import InboxOwner, RecipientId


class Audience(StrEnum):
    """Whom a rule addresses."""

    CITIZEN = "citizen"
    """The dossier's owner, or the authorised person in the owner's place."""
    HANDLER = "handler"
    """Each officer of the next step (NguoiXuLyTiep)."""
    HEAD = "head"
    """Each head of the unit (ThuTruong)."""
    DIRECTOR = "director"
    """Who answers for the one-stop centre, as the directory names them."""

    @property
    def is_staff(self) -> bool:
        return self is not Audience.CITIZEN


class Locale(StrEnum):
    VI = "vi"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Contact:
    """Ways to reach one person. `phone` is E.164 and mobile, else None. The inbox always exists."""

    inbox: InboxOwner
    phone: str | None = None
    email: str | None = None
    zalo_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """`ref` names the person within the event without saying who it is: `citizen`, or an officer's code."""

    id: RecipientId
    audience: Audience
    ref: str
    name: str
    contact: Contact
    locale: Locale = Locale.VI
    rest: Rest | None = None
    """Their own quiet hours."""
