"""The routing rules: who hears of which event, on which channels, how soon. Data, read once from `rules.toml`.

`load_rules` refuses a file with any fault in it and names all of them: file, line, key, what stands there and what
is expected. What the keys mean is told in `rules.toml` itself.
"""

import tomllib
from collections.abc import Collection
from datetime import time, timedelta
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from notifier.domain.deliveries import Urgency, most_urgent
from notifier.domain.errors import RulesError
from notifier.domain.hours import Bound, Hours, WorkingHours
from notifier.domain.ids import ChannelName, EventType
from notifier.domain.preferences import KindName
from notifier.domain.reasons import ReasonCode
from notifier.domain.recipients import Audience
from notifier.domain.steps import SendPolicy
from notifier.domain.timers import TimerRule
from notifier.routing.faults import sentences
from notifier.routing.tables import (
    ChannelPolicy,
    Corrections,
    DeadlineHours,
    Gathering,
    HoursByGroup,
    NoticeKind,
    Rule,
    SendingHours,
    Sensitive,
    Table,
    TimerTable,
    Working,
    known_channels,
)

RuleName = Annotated[EventType, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
KindKey = Annotated[KindName, Field(pattern=r"^[a-z_]+$")]


class Rules(Table):
    """The whole file, checked."""

    linked_sources: tuple[str, ...] = ()
    hours: HoursByGroup
    deadline_hours: DeadlineHours
    corrections: Corrections = Corrections()
    channels: dict[str, ChannelPolicy]
    sensitive: Sensitive = Sensitive()
    gathering: Gathering = Gathering()
    kinds: dict[KindKey, NoticeKind] = Field(default_factory=dict)
    timers: dict[RuleName, TimerTable] = Field(default_factory=dict)
    rules: dict[RuleName, Rule]

    @field_validator("channels")
    @classmethod
    def _known_policies(cls, policies: dict[str, ChannelPolicy], info: ValidationInfo) -> dict[str, ChannelPolicy]:
        channels = known_channels(info)
        strange = [name for name in policies if name != "default" and name not in channels]
        if strange:
            raise ValueError(f"tables for {', '.join(channels)} or default are expected, not for {', '.join(strange)}")
        if "default" not in policies:
            raise ValueError("a table default is expected: it serves every channel without one of its own")
        return policies

    @model_validator(mode="after")
    def _timers_have_rules(self) -> Self:
        if orphans := [name for name in self.timers if name not in self.rules]:
            raise ValueError(f"a rule for every timer is expected; {', '.join(orphans)} has none")
        return self

    @model_validator(mode="after")
    def _citizens_have_kinds(self) -> Self:
        """Where people choose at all, each notice to them has its kind."""
        if not self.kinds and not any(rule.kind for rule in self.rules.values()):
            return self
        wrong = [
            name
            for name, rule in self.rules.items()
            if (rule.kind is not None) != (rule.citizens is not None) or (rule.kind and rule.kind not in self.kinds)
        ]
        if wrong:
            known = ", ".join(self.kinds) or "none"
            raise ValueError(
                f"a kind ({known}) is expected in every rule that tells citizens and in no other; look at"
                f" {', '.join(wrong)}"
            )
        return self

    @model_validator(mode="after")
    def _fallback_has_time(self) -> Self:
        longest = max(policy.handover_wait_minutes + policy.receipt_wait_minutes for policy in self.channels.values())
        shortest = min(self.deadline_hours.urgent, self.deadline_hours.normal, self.deadline_hours.bulk)
        if longest >= shortest * 60:
            raise ValueError(
                "handover_wait_minutes and receipt_wait_minutes of a channel are together expected to be shorter than"
                f" every deadline ({shortest} h), or a fallback could never be sent; the longest are {longest} minutes"
            )
        return self

    def lane(self, event_type: EventType) -> Urgency:
        """How soon an event of this type must be routed: as its most urgent audience asks; normal without a rule."""
        rule = self.rules.get(event_type)
        if rule is None:
            return Urgency.NORMAL
        return most_urgent(tell.urgency or rule.urgency for tell in rule.tell)

    def policy(self, channel: ChannelName) -> SendPolicy:
        return self._patience(channel).as_policy()

    def handover_wait(self, channel: ChannelName) -> timedelta:
        """How long after its due time a message may wait for its provider while a fallback stands behind it."""
        return timedelta(minutes=self._patience(channel).handover_wait_minutes)

    def _patience(self, channel: ChannelName) -> ChannelPolicy:
        return self.channels.get(channel, self.channels["default"])

    @cached_property
    def timer_rules(self) -> tuple[TimerRule, ...]:
        return tuple(table.as_rule(name) for name, table in self.timers.items())

    def sending_hours(self, audience: Audience, urgency: Urgency) -> SendingHours | Working | None:
        """When people of this audience may be disturbed; None is any hour."""
        group = self.hours.staff if audience.is_staff else self.hours.citizen
        hours: SendingHours | Working | None = getattr(group, urgency)
        return hours

    def allowed_hours(
        self,
        audience: Audience,
        urgency: Urgency,
        *,
        quiet: bool,
        window: tuple[time, time] | None,
        working: WorkingHours,
    ) -> tuple[Bound, ...]:
        """All hours that bind a message on a channel: quiet hours unless it is `quiet`, and the channel's window."""
        resting = None if quiet else self.sending_hours(audience, urgency)
        channel = (Hours(*window, ReasonCode.CHANNEL_WINDOW),) if window else ()
        match resting:
            case None:
                return channel
            case Working():
                return (working, *channel)
            case SendingHours():
                return (Hours(resting.opens, resting.closes, ReasonCode.QUIET_HOURS), *channel)

    def deadline(self, urgency: Urgency) -> timedelta:
        hours: int = getattr(self.deadline_hours, urgency)
        return timedelta(hours=hours)


def load_rules(text: str, file_name: str, channels: Collection[ChannelName]) -> Rules:
    """Read and check the rules against the channels that exist. Raises `RulesError`, which names every fault."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{file_name} is not TOML: {error}", code="NOTIFIER-RUL-002") from None
    try:
        return Rules.model_validate(document, context=sorted(channels))
    except ValidationError as error:
        lines = "\n  ".join(sentences(error.errors(include_url=False), text, file_name))
        raise RulesError(f"the routing rules cannot be used\n  {lines}") from None
