"""The routing rules: who hears of which event, on which channels, how soon. Data, read once from `rules.toml`.

`load_rules` refuses a file with any fault in it and names all of them: file, line, key, what stands there and what
is expected. What the keys mean is told in `rules.toml` itself.
"""

import re
import tomllib
from collections.abc import Collection
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from notifier.domain.deliveries import Urgency
from notifier.domain.errors import RulesError
from notifier.domain.hours import Bound, Hours, WorkingHours
from notifier.domain.ids import ChannelName, EventType
from notifier.domain.reasons import ReasonCode
from notifier.domain.recipients import Audience
from notifier.domain.steps import SendPolicy
from notifier.domain.timers import Clock, TimerRule
from notifier.routing.faults import sentences


def _local_time(value: object) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('a local time like "07:30" is expected')
    return time.fromisoformat(value)


def _channels(info: ValidationInfo) -> tuple[ChannelName, ...]:
    """The channels that exist: `load_rules` hands them to the models as their context."""
    return tuple(info.context or ())


def _known_channel(value: object, info: ValidationInfo) -> ChannelName:
    channels = _channels(info)
    if not isinstance(value, str) or value not in channels:
        raise ValueError(f"a channel is expected ({', '.join(channels)})")
    return ChannelName(value)


LocalTime = Annotated[time, BeforeValidator(_local_time)]
Channel = Annotated[ChannelName, BeforeValidator(_known_channel)]
Positive = Annotated[StrictInt, Field(ge=1)]
NotNegative = Annotated[StrictInt, Field(ge=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SendingHours(_Table):
    """Local hours in which a person may be disturbed. `next_morning`: never on the day itself, but when they next open."""

    opens: LocalTime
    closes: LocalTime
    next_morning: StrictBool = False

    @field_validator("closes")
    @classmethod
    def _after_opening(cls, closes: time, info: ValidationInfo) -> time:
        opens = info.data.get("opens")
        if opens is not None and closes <= opens:
            raise ValueError(f"a time after opens ({opens:%H:%M}) is expected")
        return closes


class HoursByUrgency(_Table):
    """None: any hour."""

    urgent: SendingHours | None = None
    normal: SendingHours | None = None
    bulk: SendingHours | None = None


class Working(StrEnum):
    """The working hours of the agency's calendar."""

    WORKING = "working"


class StaffHours(_Table):
    """None: any hour."""

    urgent: SendingHours | Working | None = None
    normal: SendingHours | Working | None = None
    bulk: SendingHours | Working | None = None


class HoursByGroup(_Table):
    citizen: HoursByUrgency
    staff: StaffHours = StaffHours()


class DeadlineHours(_Table):
    """Hours from which on a message would mislead: after routing, and for officers after it may go at all."""

    urgent: Positive
    normal: Positive
    bulk: Positive


class Track(StrEnum):
    """On one track of one dossier, a later event overtakes an earlier one."""

    STATUS = "status"
    APPOINTMENT = "appointment"
    POST = "post"


class Corrections(_Table):
    """How long a citizen's message waits when the status was just corrected, or is unusual. 0: not at all."""

    hold_minutes: NotNegative = 3

    @property
    def hold(self) -> timedelta:
        return timedelta(minutes=self.hold_minutes)


class Gather(StrEnum):
    """How messages of one officer are put together into one."""

    MERGE = "merge"
    """The first goes at once; those that come within `merge_minutes` of it wait for the end of that time."""
    DIGEST = "digest"
    """All wait for the next of `digest_at`."""


class Gathering(_Table):
    """When an officer's messages go out together; on working days only."""

    merge_minutes: Positive = 10
    digest_at: Annotated[tuple[LocalTime, ...], Field(min_length=1)] = (time(7, 30), time(14))

    @property
    def merge(self) -> timedelta:
        return timedelta(minutes=self.merge_minutes)


Hour = Annotated[float, Field(ge=0)]


class TimerTable(_Table):
    """When a type of reminder fires; `notifier.domain.timers.TimerRule` says what each key means."""

    clock: Clock
    after_working_hours: tuple[Hour, ...] = ()
    limit_working_hours: Hour | None = None
    before_working_hours: tuple[Hour, ...] = ()
    before_working_days: tuple[Positive, ...] = ()
    before_days: tuple[Positive, ...] = ()
    after_days: tuple[Positive, ...] = ()
    daily: StrictBool = False
    at: LocalTime = time(8)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (
            "after_working_hours",
            "before_working_hours",
            "before_working_days",
            "before_days",
            "after_days",
            "daily",
        )
        if sum(bool(getattr(self, way)) for way in ways) != 1:
            raise ValueError(f"exactly one of {', '.join(ways)} is expected")
        for name in ("after_working_hours", "after_days"):
            if list(getattr(self, name)) != sorted(set(getattr(self, name))):
                raise ValueError(f"{name} are expected from the least to the greatest, each once")
        for name in ("before_working_hours", "before_working_days", "before_days"):
            if list(getattr(self, name)) != sorted(set(getattr(self, name)), reverse=True):
                raise ValueError(f"{name} are expected from the greatest to the least, each once")
        return self

    def as_rule(self, type_: EventType) -> TimerRule:
        return TimerRule(type_, **self.model_dump())


class ChannelPolicy(_Table):
    receipt_wait_minutes: Positive
    handover_wait_minutes: Positive = 240
    retry_base_seconds: Positive
    retry_cap_seconds: Positive
    attempts: Positive

    @field_validator("retry_cap_seconds")
    @classmethod
    def _at_least_the_base(cls, cap: int, info: ValidationInfo) -> int:
        base = info.data.get("retry_base_seconds")
        if base is not None and cap < base:
            raise ValueError(f"at least retry_base_seconds ({base}) is expected")
        return cap

    def as_policy(self) -> SendPolicy:
        return SendPolicy(
            retry_base=timedelta(seconds=self.retry_base_seconds),
            retry_cap=timedelta(seconds=self.retry_cap_seconds),
            attempts=self.attempts,
            receipt_wait=timedelta(minutes=self.receipt_wait_minutes),
        )


class Sensitive(_Table):
    """Procedures whose name must not stand beside a person's on an open channel."""

    procedures: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Tell(_Table):
    """One audience of a rule: all of `send` at once, then `fallback` one by one while nobody was reached."""

    to: Audience
    send: Annotated[tuple[Channel, ...], Field(min_length=1)]
    fallback: tuple[Channel, ...] = ()
    urgency: Urgency | None = None
    gather: Gather | None = None
    from_number: Positive = 1

    @field_validator("send", "fallback")
    @classmethod
    def _each_once(cls, channels: tuple[ChannelName, ...], info: ValidationInfo) -> tuple[ChannelName, ...]:
        named = [*info.data.get("send", ()), *channels]
        twice = sorted({channel for channel in named if named.count(channel) > 1})
        if twice:
            raise ValueError(f"each channel once is expected in send and fallback, {', '.join(twice)} stands twice")
        return channels

    @field_validator("gather")
    @classmethod
    def _officers_only(cls, gather: Gather | None, info: ValidationInfo) -> Gather | None:
        to = info.data.get("to")
        if gather and to is not None and not to.is_staff:
            raise ValueError("nothing is expected here: only officers' messages are put together")
        return gather


class Rule(_Table):
    urgency: Urgency
    tell: Annotated[tuple[Tell, ...], Field(min_length=1)]
    track: Track | None = None
    linked_sources_tell: StrictBool = True
    first_time_only: StrictBool = False
    until_appointment: StrictBool = False

    @field_validator("tell")
    @classmethod
    def _each_audience_once(cls, tell: tuple[Tell, ...]) -> tuple[Tell, ...]:
        named = [each.to for each in tell]
        twice = sorted({audience.value for audience in named if named.count(audience) > 1})
        if twice:
            raise ValueError(f"each audience once is expected, {', '.join(twice)} stands twice")
        return tell


RuleName = Annotated[EventType, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]


class Rules(_Table):
    """The whole file, checked."""

    linked_sources: tuple[str, ...] = ()
    hours: HoursByGroup
    deadline_hours: DeadlineHours
    corrections: Corrections = Corrections()
    channels: dict[str, ChannelPolicy]
    sensitive: Sensitive = Sensitive()
    gathering: Gathering = Gathering()
    timers: dict[RuleName, TimerTable] = {}
    rules: dict[RuleName, Rule]

    @field_validator("channels")
    @classmethod
    def _known_policies(cls, policies: dict[str, ChannelPolicy], info: ValidationInfo) -> dict[str, ChannelPolicy]:
        channels = _channels(info)
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
        asked = {tell.urgency or rule.urgency for tell in rule.tell}
        return next(urgency for urgency in Urgency if urgency in asked)

    def policy(self, channel: ChannelName) -> SendPolicy:
        return self._patience(channel).as_policy()

    def handover_wait(self, channel: ChannelName) -> timedelta:
        """How long after its due time a message may wait for its provider while a fallback stands behind it."""
        return timedelta(minutes=self._patience(channel).handover_wait_minutes)

    def _patience(self, channel: ChannelName) -> ChannelPolicy:
        return self.channels.get(channel, self.channels["default"])

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
