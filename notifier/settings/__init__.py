"""Configuration, read once by a front door: environment variables over one `notifier.toml`.

`NOTIFIER_CONFIG` names the file (default: `notifier.toml` in the working directory, if it is there). Every setting
can also be an environment variable: `NOTIFIER_DATABASE__URL` is `[database] url`. Unknown keys are refused.
The tables under `[channels.…]` belong to their adapters and are checked by them (`channels.registry`).
"""

from notifier.settings.people import ConsoleIdentity, Identity, Issuer
from notifier.settings.processes import Bounces
from notifier.settings.reading import load_settings
from notifier.settings.service import ENVIRONMENT_PREFIX, ROOT, Environment, Settings, SmsBudget
from notifier.settings.systems import ApiToken, Callback, Scope

__all__ = [
    "ENVIRONMENT_PREFIX",
    "ROOT",
    "ApiToken",
    "Bounces",
    "Callback",
    "ConsoleIdentity",
    "Environment",
    "Identity",
    "Issuer",
    "Scope",
    "Settings",
    "SmsBudget",
    "load_settings",
]
