"""What each channel can and cannot do, as its adapter declares it: in words, for people who choose and set up channels.

Nothing here knows an adapter. What a setting changes is found by asking the adapter with that setting and without it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, HttpUrl, SecretStr
from pydantic.fields import FieldInfo

from channels.base import USUAL_COST, AddressKind, Asks, Capabilities, Cost, Quota
from channels.registry import ADAPTERS, load
from notifier.domain.content import ContentKind

_ADDRESSES = {
    AddressKind.INBOX: "nothing: everybody has an inbox",
    AddressKind.EMAIL: "mail address",
    AddressKind.PHONE: "mobile number",
    AddressKind.ZALO: "Zalo id, or a citizen's mobile number",
}
_ASKS = {Asks.NOTHING: "no", Asks.REFERENCE: "by its own id", Asks.KEY: "by our key"}
_QUOTAS = {Quota.NONE: "none", Quota.DAILY: "messages a day", Quota.BALANCE: "prepaid balance"}
_COSTS = {Cost.NOTHING: "nothing", Cost.MESSAGE: "each message", Cost.PART: "each part"}
_PARTS = "GSM-7: 160, then 153 each; UCS-2: 70, then 67 each"
_PLACEHOLDERS: dict[Any, Any] = {
    str: "-",
    int: 1,
    float: 1.0,
    SecretStr: SecretStr("-"),
    HttpUrl: HttpUrl("https://provider.example.vn"),
}


@dataclass(frozen=True, slots=True)
class Ability:
    title: str
    meaning: str
    of: Callable[[Capabilities], str]


def _receipt(can: Capabilities) -> str:
    if can.accepted_is_delivered:
        return "taking is delivering"
    return "yes" if can.proves_delivery else "no"


def _hours(can: Capabilities) -> str:
    taken = "–".join(each.strftime("%H:%M") for each in can.window) if can.window else "any hour"
    return f"{taken}, quiet hours too" if can.quiet else taken


ABILITIES: tuple[Ability, ...] = (
    Ability("carries", "the kind of content, which templates are written for", lambda can: can.content.value),
    Ability("needs", "what must be known of a person", lambda can: _ADDRESSES[can.address]),
    Ability("delivery", "whether a receipt proves that the message arrived", _receipt),
    Ability("reading", "whether a receipt proves that the person has seen it", lambda can: _word(can.proves_reading)),
    Ability("look-up", "whether the provider can be asked what became of a message", lambda can: _ASKS[can.asks]),
    Ability(
        "doubles",
        "whether a second call with the same key makes no second message",
        lambda can: _word(can.deduplicates),
    ),
    Ability(
        "rate",
        "what the provider is known to bear; `rate_per_second` sets it",
        lambda can: f"{can.rate_per_second:g} a second" if can.rate_per_second else "not known",
    ),
    Ability(
        "quota", "what of the provider's own runs out; `daily_quota` sets one of ours", lambda can: _QUOTAS[can.quota]
    ),
    Ability("hours", "when the provider takes messages; our rules may allow fewer hours", _hours),
    Ability(
        "parts",
        "the characters of a part, where a long text is cut into several",
        lambda can: _PARTS if can.content is ContentKind.SMS else "one",
    ),
    Ability("cost", "what is paid for", lambda can: _COSTS[can.cost or USUAL_COST[can.content]]),
)


def _word(holds: bool) -> str:  # noqa: FBT001 - the one value it is about
    return "yes" if holds else "no"


@dataclass(frozen=True, slots=True)
class Change:
    """What one setting, written otherwise than its default, makes of an ability."""

    setting: str
    ability: str
    becomes: str


def abilities_of(adapter: str) -> dict[str, str]:
    """Title → words, with the adapter's default settings."""
    return _words(load(adapter).Settings, adapter, {})


def changes_of(adapter: str) -> Iterator[Change]:
    """Every ability that a switch, a choice or a list among the adapter's settings changes."""
    model = load(adapter).Settings
    usual = _words(model, adapter, {})
    for name, field in model.model_fields.items():
        for text, value in _others(field):
            found = _words(model, adapter, {name: value})
            for title, words in found.items():
                if words != usual[title]:
                    yield Change(f"{name} {text}", title, words)


def _words(model: type[BaseModel], adapter: str, changed: dict[str, Any]) -> dict[str, str]:
    required = {
        name: _placeholder(field.annotation) for name, field in model.model_fields.items() if field.is_required()
    }
    settings = model.model_construct(**(required | changed))
    can = load(adapter).capabilities(settings)
    return {ability.title: ability.of(can) for ability in ABILITIES}


def _placeholder(annotation: Any) -> Any:
    """A value of a setting that has no default: capabilities may look at it, and nobody is called with it."""
    kind = next(part for part in _parts(annotation) if part is not NoneType)
    origin = get_origin(kind) or kind
    if origin is Literal:
        return get_args(kind)[0]
    if isinstance(origin, type) and issubclass(origin, Enum):
        return next(iter(origin))
    return _PLACEHOLDERS[origin] if origin in _PLACEHOLDERS else origin()


def _others(field: FieldInfo) -> Iterator[tuple[str, Any]]:
    """What else than its default a switch, a choice or an empty list may be."""
    if field.is_required():
        return
    default = field.get_default(call_default_factory=True)
    kind = next(part for part in _parts(field.annotation) if part is not NoneType)
    if kind is bool:
        yield f"= {str(not default).lower()}", not default
    elif get_origin(kind) is Literal:
        yield from ((f'= "{each}"', each) for each in get_args(kind) if each != default)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from ((f'= "{each.value}"', each) for each in kind if each != default)
    elif get_origin(kind) is list and not default:
        yield "given", [_placeholder(get_args(kind)[0])]


def _parts(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


HEAD = """# Channels

What each channel can do and what it cannot, as its adapter declares it. `notifier channels --markdown` writes this page;
a test compares, so change the `capabilities` of the adapter and write the page again. How to switch a channel on:
[settings](reference/settings.md#channels). How to add one: [add a channel](how-to/add-a-channel.md).
"""


def markdown() -> str:
    """The page docs/channels.md."""
    titles = [ability.title for ability in ABILITIES]
    lines = [HEAD, "| adapter | " + " | ".join(titles) + " |", "| --- |" + " --- |" * len(titles)]
    lines += [f"| {' | '.join([_link(each), *abilities_of(each).values()])} |" for each in ADAPTERS]
    lines += ["", "All settings stand at their defaults here.", "", "## What settings change", ""]
    lines += [
        f"- `{adapter}`, `{change.setting}`: {change.ability} is then *{change.becomes}*."
        for adapter in ADAPTERS
        for change in changes_of(adapter)
    ]
    lines += ["", "## What the columns mean", ""]
    lines += [f"- **{ability.title}**: {ability.meaning}." for ability in ABILITIES]
    return "\n".join(lines) + "\n"


def _link(adapter: str) -> str:
    return f"[`{adapter}`](reference/settings.md#{adapter})"
