"""What a citizen chose for the messages of their inbox: language, quiet hours, and the ways that they do not want.

Kept is what was declined, so that whoever chose nothing gets everything, and a new kind or way is not missed by anybody.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NewType

from notifier.domain.hours import Rest
from notifier.domain.ids import ChannelName
from notifier.domain.recipients import Locale

KindName = NewType("KindName", str)
"""A kind of notice that people can tell from others: `progress`. `rules.toml` says which there are."""


@dataclass(frozen=True, slots=True)
class Preferences:
    locale: Locale = Locale.VI
    rest: Rest | None = None
    declined: Mapping[KindName, frozenset[ChannelName]] = field(default_factory=dict)

    def declines(self, kind: KindName) -> frozenset[ChannelName]:
        return self.declined.get(kind, frozenset())

    def text(self) -> str:
        """All of it in one line that says nothing about the person: `en; 20:00-07:00; progress: -sms`."""
        rest = f"{self.rest.begins:%H:%M}-{self.rest.ends:%H:%M}" if self.rest else "-"
        ways = [f"{kind}: {_crossed(ways)}" for kind, ways in sorted(self.declined.items()) if ways]
        return "; ".join([self.locale.value, rest, *ways])


NO_PREFERENCES = Preferences()


def _crossed(ways: Collection[ChannelName]) -> str:
    return " ".join(f"-{way}" for way in sorted(ways))
