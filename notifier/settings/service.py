"""All that the service is told, and which of it fits together."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from notifier.domain.directory import lineage
from notifier.settings.people import Console, Identity, Inbox, Issuer
from notifier.settings.processes import Bounces, Database, Redis, Web
from notifier.settings.systems import ApiToken, Source
from notifier.settings.table import Table

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT_PREFIX = "NOTIFIER_"
PORTAL_PAGE = re.compile(r"https://[\w.-]+(?::\d+)?[/?][^\x00-\x20{}\\]*\{code\}[^\x00-\x20{}\\]*", re.ASCII)
"""The code stands behind the host, so that no code leads to another one."""
LOOPBACK = re.compile(r"//(?:[^/@]*@)?(?:localhost|127\.|\[::1\]|0\.0\.0\.0)")


class Environment(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class SmsBudget(Table):
    """What the SMS of one agency may cost."""

    monthly: int = Field(ge=0, description="đồng in a calendar month of Vietnam")
    bulk_share: float = Field(
        default=0.8, ge=0, le=1, description="after this share only what is urgent or normal goes"
    )


class Settings(BaseSettings):
    """Everything the service is told. `notifier doctor` shows what was understood, secrets masked."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    environment: Environment = Environment.PRODUCTION
    secret_key: SecretStr = Field(min_length=32, description="keys inboxes and look-up links; keep it for ever")
    public_url: str = Field(pattern=r"^https?://[^/]+$", description="where citizens and providers reach this service")
    sender_name: str = Field(default="Trung tâm Phục vụ hành chính công", description="who signs the messages")
    hotlines: dict[str, str] = Field(description="agency code → telephone; the key `default` is used for all others")
    portal_dossier_urls: dict[str, str] = Field(
        default_factory=dict,
        description="agency code → the page of a dossier on its portal, with {code}; `default` serves all others",
    )
    lookup_days: int = Field(default=90, ge=1, description="how long a look-up link lives")
    signature_tolerance_seconds: int = Field(default=300, ge=1, le=3600)
    rules_file: Path = ROOT / "rules.toml"
    templates_dir: Path = ROOT / "templates"
    clock_file: Path | None = Field(default=None, description="demo and tests: a clock that can be moved")

    database: Database
    redis: Redis
    web: Web = Web()
    inbox: Inbox = Inbox()
    identity: Identity | None = None
    console: Console = Console()
    bounces: Bounces = Bounces()
    sources: dict[str, Source] = Field(default_factory=dict)
    api_tokens: dict[str, ApiToken] = Field(default_factory=dict)
    sms_budgets: dict[str, SmsBudget] = Field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @field_validator("hotlines")
    @classmethod
    def _known_hotline(cls, hotlines: dict[str, str]) -> dict[str, str]:
        if "default" not in hotlines:
            raise ValueError("a key `default` is expected: every message carries a telephone number")
        return hotlines

    @field_validator("portal_dossier_urls")
    @classmethod
    def _lead_to_dossiers(cls, patterns: dict[str, str]) -> dict[str, str]:
        for agency, pattern in patterns.items():
            if not PORTAL_PAGE.fullmatch(pattern):
                raise ValueError(
                    f'that of "{agency}" is no https address with {{code}} behind its host,'
                    " such as https://dichvucong.example.gov.vn/tra-cuu?ma={code}"
                )
        return patterns

    @model_validator(mode="after")
    def _something_to_read(self) -> "Settings":
        for name, token in self.api_tokens.items():
            if token.source is not None and (
                token.source not in self.sources or not self.sources[token.source].callback
            ):
                raise ValueError(
                    f'api_tokens.{name}.source: nothing is kept for it without a table [sources."{token.source}".callback]'
                )
        return self

    @model_validator(mode="after")
    def _proven_in_production(self) -> "Settings":
        providers: tuple[tuple[str, Issuer | None], ...] = (
            ("identity", self.identity),
            ("console.identity", self.console.identity),
        )
        for table, provider in providers:
            for key in ("issuer", "jwks_url", "token_url"):
                url = getattr(provider, key, None)
                if self.environment is Environment.PRODUCTION and url and not str(url).startswith("https://"):
                    raise ValueError(f"{table}.{key} is plain http; production needs https, it is what proves people")
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> "Settings":
        if self.environment is Environment.PRODUCTION:
            if self.clock_file is not None:
                raise ValueError("clock_file is for the demo and the tests; production runs on the real time")
            if not self.public_url.startswith("https://"):
                raise ValueError("public_url is plain http; production needs https, citizens follow this link")
            for name, source in self.sources.items():
                if source.callback and source.callback.url and source.callback.url.scheme != "https":
                    raise ValueError(f'sources."{name}".callback.url is plain http; production needs https')
            for channel, table in _providers(self.channels):
                for key, value in table.items():
                    if isinstance(value, str) and key.endswith("_url") and LOOPBACK.search(value):
                        raise ValueError(
                            f"channels.{channel}.{key} points at this machine, where only the sandbox would answer"
                        )
        return self

    def portal_page(self, code: str, agency: str | None) -> str | None:
        """The dossier on the portal of its agency, or of the nearest one above; None where none is known."""
        patterns = self.portal_dossier_urls
        pattern = next((patterns[each] for each in lineage(agency) if each in patterns), patterns.get("default"))
        return pattern.replace("{code}", quote(code, safe="")) if pattern else None

    def hotline(self, *unit_codes: str | None) -> str:
        """The telephone of the first agency that has one, else the default."""
        return next((self.hotlines[code] for code in unit_codes if code in self.hotlines), self.hotlines["default"])


def _providers(channels: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The table of each provider with the path to it."""
    for channel, table in channels.items():
        several = table.get("providers")
        if isinstance(several, Mapping):
            tables = ((f"{channel}.providers.{name}", each) for name, each in several.items())
            yield from ((path, each) for path, each in tables if isinstance(each, Mapping))
        else:
            yield channel, table
