"""The Official Accounts of the settings, for the commands that work on one or all of them."""

from channels.registry import ProviderSetup
from channels.zalo_settings import Settings as ZaloSettings
from notifier.domain.errors import NotifierError, SettingsError
from notifier.domain.ids import ProviderName
from notifier.settings import Settings
from workers.tokens import grant_name
from workers.wiring import channel_setups, providers_of


def accounts_of(settings: Settings) -> dict[ProviderName, ProviderSetup]:
    """Every Official Account by the name of its provider. Raises `SettingsError` where there is none."""
    found = {
        name: setup
        for name, setup in providers_of(channel_setups(settings)).items()
        if isinstance(setup.settings, ZaloSettings)
    }
    if not found:
        raise SettingsError("no Zalo channel is configured: write [channels.zalo] in notifier.toml")
    return found


def account_of(settings: Settings, name: str | None) -> ProviderSetup:
    """The account of this name, or the only one."""
    found = accounts_of(settings)
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name is None or name not in found:
        said = f"there is no account {name}" if name else "there are several accounts"
        raise NotifierError(f"{said}; name one of them with --account: {', '.join(found)}")
    return found[ProviderName(name)]


def zalo_grant(settings: Settings, name: str | None = None) -> str:
    """The name under which the grant of an account is stored."""
    return grant_name(account_of(settings, name).settings)
