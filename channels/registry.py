"""Adapter name → module. Adding a channel is one file beside this one and one line here."""

import difflib
import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from channels.base import AddressKind, Capabilities, ChannelModule
from channels.http import address_of
from channels.settings_faults import sentence
from notifier.domain.directory import lineage
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName, ProviderName

ADAPTERS: dict[str, str] = {
    "portal": "channels.portal",
    "portal_push": "channels.portal_push",
    "email_smtp": "channels.email_smtp",
    "sms_esms": "channels.sms_esms",
    "sms_kannel": "channels.sms_kannel",
    "sms_smpp": "channels.sms_smpp",
    "sms_vnpt": "channels.sms_vnpt",
    "zalo": "channels.zalo",
}
"""A channel's settings name its adapter: `[channels.sms] adapter = "sms_esms"`."""


def load(adapter: str) -> ChannelModule:
    """The module of an adapter. Raises SettingsError that names the known ones."""
    if adapter not in ADAPTERS:
        near = difflib.get_close_matches(adapter, ADAPTERS, n=1)
        hint = f" Write {near[0]}." if near else ""
        raise SettingsError(f'there is no adapter "{adapter}"; one of {", ".join(ADAPTERS)} is expected.{hint}')
    return cast(ChannelModule, importlib.import_module(ADAPTERS[adapter]))


class Limits(BaseModel):
    """What holds for every provider, whatever its adapter: how much it may be given by all workers together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_per_second: Annotated[float | None, Field(gt=0)] = None
    """Messages a second; without it what the adapter knows of its provider."""
    daily_quota: Annotated[int | None, Field(gt=0)] = None
    """Messages a day, Vietnamese time; without it there is none."""
    quota_resets_at: time = time(0)
    """When the provider counts its day anew, in Vietnam."""
    price_per_part: Annotated[int, Field(ge=0)] = 0
    """Of an SMS, in đồng, by the contract."""
    serves: tuple[str, ...] = ()
    """Codes of the agencies, with those below them, for whom it carries messages; none: all that nobody else names."""
    slow_receipt_seconds: Annotated[float, Field(gt=0)] = 300.0
    """A receipt that takes longer counts against a provider that has an alternative."""


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """A configured provider, not yet connected: enough to route to it and to read its callbacks."""

    name: ProviderName
    channel: ChannelName
    adapter: str
    module: ChannelModule
    settings: Any
    capabilities: Capabilities
    limits: Limits


def parse_channel(channel: ChannelName, table: Mapping[str, Any]) -> tuple[ProviderSetup, ...]:
    """The table `[channels.<channel>]`: one provider, or several under `providers`, the preferred one first.

    A table's key `adapter` names the module; the keys of `Limits` are the gate's, the rest are that module's settings.
    Raises SettingsError with one line for each fault: key, what was found, what is expected, what to write.
    """
    prefix = f"channels.{channel}"
    if "providers" not in table:
        return (_parse_provider(prefix, ProviderName(channel), channel, table),)
    tables = table["providers"]
    if set(table) != {"providers"} or not isinstance(tables, Mapping) or not tables:
        raise SettingsError(
            f"{prefix} is either one provider with an adapter, or only [{prefix}.providers.NAME] tables."
        )
    setups = tuple(
        _parse_provider(f"{prefix}.providers.{name}", ProviderName(name), channel, each)
        for name, each in tables.items()
    )
    first = setups[0].capabilities
    for setup in setups[1:]:
        if (setup.capabilities.content, setup.capabilities.address) != (first.content, first.address):
            raise SettingsError(
                f"{prefix}.providers: {setup.name} and {setups[0].name} do not carry the same messages."
            )
    if first.address is AddressKind.ZALO:
        _refuse_shared_agencies(prefix, setups)
    return setups


def _refuse_shared_agencies(prefix: str, setups: Sequence[ProviderSetup]) -> None:
    """A person's id belongs to one account, so no two accounts speak for one agency."""
    named = Counter(agency for setup in setups for agency in setup.limits.serves or ("",))
    for agency, count in named.items():
        if count > 1:
            whom = f"for the agency {agency}" if agency else "for all agencies that no other names"
            raise SettingsError(
                f"{prefix}.providers: {count} accounts speak {whom}; one is expected. Give each its own `serves`."
            )


def serving(setups: Sequence[ProviderSetup], agency: str | None) -> tuple[ProviderSetup, ...]:
    """Who carries the messages of an agency: those that name it, else the nearest above it, else those that name none."""
    for code in lineage(agency):
        if found := tuple(setup for setup in setups if code in setup.limits.serves):
            return found
    return tuple(setup for setup in setups if not setup.limits.serves)


def _parse_provider(prefix: str, name: ProviderName, channel: ChannelName, table: Mapping[str, Any]) -> ProviderSetup:
    adapter = table.get("adapter") if isinstance(table, Mapping) else None
    if not isinstance(adapter, str):
        raise SettingsError(f"{prefix}.adapter is missing; one of {', '.join(ADAPTERS)} is expected.")
    module = load(adapter)
    shared = {key: value for key, value in table.items() if key in Limits.model_fields}
    rest = {key: value for key, value in table.items() if key != "adapter" and key not in shared}
    limits, settings, faults = None, None, []
    try:
        limits = Limits.model_validate(shared)
    except ValidationError as error:
        faults += [sentence(prefix, Limits, fault) for fault in error.errors()]
    try:
        settings = module.Settings.model_validate(rest)
    except ValidationError as error:
        faults += [sentence(prefix, module.Settings, fault) for fault in error.errors()]
    if limits is None or settings is None:
        raise SettingsError("\n".join(faults))
    return ProviderSetup(name, channel, adapter, module, settings, module.capabilities(settings), limits)


def addresses(settings: BaseModel) -> frozenset[str]:
    """Every `host:port` that a channel's settings name, for the HTTP client's guard."""
    urls = (value for _, value in settings if isinstance(value, HttpUrl))
    return frozenset(address for url in urls if (address := address_of(str(url))))
