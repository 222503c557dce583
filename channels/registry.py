"""Adapter name → module. Adding a channel is one file beside this one and one line here."""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, HttpUrl, ValidationError

from channels.base import ChannelModule
from channels.http import address_of
from channels.settings_faults import sentence
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName

ADAPTERS: dict[str, str] = {
    "portal": "channels.portal",
    "email_smtp": "channels.email_smtp",
    "sms_esms": "channels.sms_esms",
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


def parse_settings(channel: ChannelName, table: Mapping[str, Any]) -> tuple[ChannelModule, BaseModel]:
    """The table `[channels.<channel>]`: its key `adapter` names the module, the rest are that module's settings.

    Raises SettingsError with one line for each fault: key, what was found, what is expected, what to write.
    """
    adapter = table.get("adapter")
    if not isinstance(adapter, str):
        raise SettingsError(f"channels.{channel}.adapter is missing; one of {', '.join(ADAPTERS)} is expected.")
    module = load(adapter)
    rest = {key: value for key, value in table.items() if key != "adapter"}
    try:
        return module, module.Settings.model_validate(rest)
    except ValidationError as error:
        faults = (sentence(f"channels.{channel}", module.Settings, fault) for fault in error.errors())
        raise SettingsError("\n".join(faults)) from None


def addresses(settings: BaseModel) -> frozenset[str]:
    """Every `host:port` that a channel's settings name, for the HTTP client's guard."""
    urls = (value for _, value in settings if isinstance(value, HttpUrl))
    return frozenset(address for url in urls if (address := address_of(str(url))))
