"""The tables of `rules.toml`, each checked by itself; `notifier.routing.rules` checks the file as a whole.

What the keys mean is told in `rules.toml` itself.
"""

import re
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, EventType
from notifier.domain.preferences import KindName
from notifier.domain.recipients import Audience, Locale
from notifier.domain.steps import SendPolicy
from notifier.domain.timers import Clock, TimerRule


def _local_time(value: object) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('a local time like "07:30" is expected')
    return time.fromisoformat(value)


def known_channels(info: ValidationInfo) -> tuple[ChannelName, ...]:
    """The channels that exist: `load_rules` hands them to the models as their context."""
    return tuple(info.context or ())


def _known_channel(value: object, info: ValidationInfo) -> ChannelName:
    channels = known_channels(info)
    if not isinstance(value, str) or value not in channels:
        raise ValueError(f"a channel is expected ({', '.join(channels)})")
    return ChannelName(value)


LocalTime = Annotated[time, BeforeValidator(_local_time)]
Channel = Annotated[ChannelName, BeforeValidator(_known_channel)]
Positive = Annotated[StrictInt, Field(ge=1)]
NotNegative = Annotated[StrictInt, Field(ge=0)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SendingHours(Table):
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


class HoursByUrgency(Table):
    """None: any hour."""

    urgent: SendingHours | None = None
    normal: SendingHours | None = None
    bulk: SendingHours | None = None


class Working(StrEnum):
    """The working hours of the agency's calendar."""

    WORKING = "working"


class StaffHours(Table):
    """None: any hour."""

    urgent: SendingHours | Working | None = None
    normal: SendingHours | Working | None = None
    bulk: SendingHours | Working | None = None


class HoursByGroup(Table):
    citizen: HoursByUrgency
    staff: StaffHours = StaffHours()


class DeadlineHours(Table):
    """Hours from which on a message would mislead: after routing, and for officers after it may go at all."""

    urgent: Positive
    normal: Positive
    bulk: Positive


class Track(StrEnum):
    """On one track of one dossier, a later event overtakes an earlier one."""

    STATUS = "status"
    APPOINTMENT = "appointment"
    POST = "post"


class Corrections(Table):
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


class Gathering(Table):
    """When an officer's messages go out together; on working days only."""

    merge_minutes: Positive = 10
    digest_at: Annotated[tuple[LocalTime, ...], Field(min_length=1)] = (time(7, 30), time(14))

    @property
    def merge(self) -> timedelta:
        return timedelta(minutes=self.merge_minutes)


Hour = Annotated[float, Field(ge=0)]


class TimerTable(Table):
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


class ChannelPolicy(Table):
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


class Sensitive(Table):
    """Procedures whose name must not stand beside a person's on an open channel."""

    procedures: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


Words = Annotated[str, Field(min_length=1)]


class Spoken(Table):
    """Words for people, in both languages."""

    vi: Words
    en: Words

    def text(self, locale: Locale) -> str:
        return self.en if locale is Locale.EN else self.vi


class NoticeKind(Table):
    """Notices for which people choose together. Of obligatory ones they choose the ways, not whether they hear of it."""

    name: Spoken
    about: Spoken
    law: Spoken | None = None

    @property
    def is_obligatory(self) -> bool:
        return self.law is not None


class Tell(Table):
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


class Rule(Table):
    urgency: Urgency
    tell: Annotated[tuple[Tell, ...], Field(min_length=1)]
    kind: KindName | None = None
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

    @property
    def citizens(self) -> Tell | None:
        """The entry that speaks to citizens."""
        return next((each for each in self.tell if not each.to.is_staff), None)
