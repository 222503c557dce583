"""The settings read from the environment and the file, once."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from notifier.domain.errors import SettingsError
from notifier.settings.faults import sentence
from notifier.settings.service import ENVIRONMENT_PREFIX, Settings

OF_COMMANDS = frozenset({"CONFIG", "MARKS", "METRICS_PORT", "ZALO_REFRESH_TOKEN"})
"""Variables with our prefix that are no settings: options of commands, and the chaos harness."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError`, which names every fault at once."""
    environ = os.environ if environ is None else environ
    file = _settings_file(environ)
    _refuse_unknown_variables(environ)
    try:
        sources = (_Variables(environ), *([TomlConfigSettingsSource(Settings, toml_file=file)] if file else []))
        return Settings(_build_sources=(sources, {}))
    except ValidationError as error:
        lines = [sentence(fault, file, environ) for fault in error.errors(include_url=False)]
        raise SettingsError("the settings cannot be used\n  " + "\n  ".join(lines)) from None
    except SourceError as error:
        table = re.search(r'field "(\w+)"', str(error))
        name = ENVIRONMENT_PREFIX + table[1].upper() if table else "a variable of the environment"
        raise SettingsError(f"{name} holds a whole table and has to be JSON; or set {name}__… for each key") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}", code="NOTIFIER-CFG-002") from None


def _settings_file(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("NOTIFIER_CONFIG")
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"NOTIFIER_CONFIG names {named}, and no such file exists", code="NOTIFIER-CFG-003")
        return Path(named)
    usual = Path("notifier.toml")
    return usual if usual.is_file() else None


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    known = {name.upper() for name in Settings.model_fields} | OF_COMMANDS
    for name in environ:
        if name.upper().startswith(ENVIRONMENT_PREFIX):
            first = name[len(ENVIRONMENT_PREFIX) :].split("__")[0].upper()
            if first not in known:
                raise SettingsError(
                    f"the environment variable {name} is no setting; remove it or correct its name",
                    code="NOTIFIER-CFG-004",
                )


class _Variables(EnvSettingsSource):
    """The variables that `load_settings` was given, which need not be those of this process."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items()}
