"""Configuration, read once by a front door: environment variables over one `notifier.toml`.

`NOTIFIER_CONFIG` names the file (default: `notifier.toml` in the working directory, if it is there). Every setting
can also be an environment variable: `NOTIFIER_DATABASE__URL` is `[database] url`. Unknown keys are refused.
The tables under `[channels.…]` belong to their adapters and are checked by them (`channels.registry`).
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from notifier.domain.callbacks import CallbackType
from notifier.domain.directory import lineage
from notifier.domain.errors import SettingsError
from notifier.domain.operators import OperatorRole

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT_PREFIX = "NOTIFIER_"
SECRET = re.compile("secret|token|url")
OF_COMMANDS = frozenset({"CONFIG", "MARKS", "METRICS_PORT", "ZALO_REFRESH_TOKEN"})
"""Variables with our prefix that are no settings: options of commands, and the chaos harness."""
PORTAL_PAGE = re.compile(r"https://[\w.-]+(?::\d+)?[/?][^\x00-\x20{}\\]*\{code\}[^\x00-\x20{}\\]*", re.ASCII)
"""The code stands behind the host, so that no code leads to another one."""
LOOPBACK = re.compile(r"//(?:[^/@]*@)?(?:localhost|127\.|\[::1\]|0\.0\.0\.0)")


class Environment(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(_Table):
    url: SecretStr = Field(description="PostgreSQL 15 or newer: postgresql://user:password@host/name")
    pool_size: int = Field(default=10, ge=3, le=200, description="connections per process")
    statement_timeout_seconds: float = Field(default=15, gt=0)
    idle_timeout_seconds: float = Field(
        default=5, gt=0, description="for how long others wait for one that stands still"
    )


class Redis(_Table):
    url: SecretStr = Field(description="Redis or Valkey 6.2 or newer, AOF on: redis://host:6379/0 or unix:///path")
    prefix: str = Field(default="notifier", pattern=r"^[a-z0-9-]{1,40}$", description="prefix of the queue names")


class Web(_Table):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="larger requests get 413")
    body_timeout_seconds: float = Field(default=10, gt=0, description="a client slower than this is cut off")
    max_requests: int = Field(default=256, ge=1, description="event posts read at once; more get 503")
    max_backlog: int = Field(default=500_000, ge=1, description="unsent messages above which posts get 429")


class Inbox(_Table):
    """How people and the portal look at inboxes."""

    ticket_seconds: int = Field(default=60, ge=5, le=600, description="how long a one-time ticket can be used")
    session_minutes: int = Field(default=15, ge=1, le=720, description="how long what a ticket opens stays open")
    heartbeat_seconds: float = Field(default=15, gt=0, le=300, description="a live stream is never silent for longer")
    max_streams_each: int = Field(default=8, ge=1, description="live streams of one inbox in one process")
    max_streams: int = Field(default=5000, ge=1, description="live streams of one process")
    allowed_origins: list[str] = Field(
        default_factory=list, description="web sites whose pages may call the inbox API and embed the inbox"
    )

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if not re.fullmatch(r"https?://[a-z0-9.\[\]:-]+", origin):
                raise ValueError(
                    f'"{origin}" is no origin: scheme, host and port, such as https://portal.example.gov.vn'
                )
        return origins


class Issuer(_Table):
    """An identity provider: how its tokens are known."""

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$", description="exactly as `iss` in the tokens says it")
    jwks_url: HttpUrl | None = Field(default=None, description="where the keys are, if discovery shall not be asked")
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"], ...] = (
        Field(default=("RS256", "PS256", "ES256", "EdDSA"), min_length=1, description="no other one counts")
    )
    leeway_seconds: float = Field(default=60, ge=0, le=300, description="how far the two clocks may be apart")
    token_url: HttpUrl | None = Field(default=None, description="where codes are redeemed, if not at the issuer's host")
    client_id: str | None = Field(default=None, min_length=1, description="as whom the provider knows our pages")
    client_secret: SecretStr | None = Field(default=None, description="proves us; none for a public client")
    scopes: tuple[str, ...] = Field(default=("openid",), min_length=1, description="what is asked of the provider")
    label: str = Field(default="", max_length=80, description="how people call it, on the button that leads there")

    @field_validator("scopes")
    @classmethod
    def _asks_who_it_is(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("`openid` is missing: without it no ID token comes")
        return scopes


class Identity(Issuer):
    """Whose access tokens open their bearer's own inbox; with a client, people sign in to our pages by it too."""

    audience: list[str] = Field(min_length=1, description="`aud` of tokens that are meant for us")
    types: tuple[str, ...] = Field(default=("at+jwt", "JWT"), description="`typ` of tokens that count")
    citizen_claim: str | None = Field(default=None, min_length=1, description="claim that holds the personal number")
    officer_claim: str | None = Field(default=None, min_length=1, description="claim that holds the officer's code")
    required_scope: str | None = Field(default=None, min_length=1, description="a scope that the token must have")
    session_minutes: int = Field(default=60, ge=5, le=720, description="how long a browser stays signed in")

    @model_validator(mode="after")
    def _names_somebody(self) -> "Identity":
        if self.citizen_claim is None and self.officer_claim is None:
            raise ValueError("`citizen_claim` or `officer_claim` is missing: a token has to say whose inbox it opens")
        return self


class ConsoleIdentity(Issuer):
    """The identity provider by which operators sign in."""

    login_claim: str = Field(default="preferred_username", min_length=1, description="claim that holds the login")
    role_claim: str | None = Field(default=None, min_length=1, description="claim that holds the role, or a list")
    roles: dict[str, OperatorRole] = Field(
        default_factory=lambda: {role.value: role for role in OperatorRole}, description="values of the claim → role"
    )
    agencies_claim: str | None = Field(default=None, min_length=1, description="claim with codes; `*`: all")
    makes_accounts: bool = Field(default=False, description="whether the first sign-in opens an account")

    @model_validator(mode="after")
    def _can_be_used(self) -> "ConsoleIdentity":
        if self.client_id is None:
            raise ValueError("`client_id` is missing: operators sign in as users of a client")
        if self.makes_accounts and self.role_claim is None:
            raise ValueError("`role_claim` is missing: an account that a sign-in opens has the role that it says")
        return self


class Console(_Table):
    """How operators work at the console."""

    session_minutes: int = Field(default=600, ge=5, le=1440, description="how long somebody stays signed in")
    idle_minutes: int = Field(default=30, ge=1, le=480, description="how long without a click")
    identity: ConsoleIdentity | None = None


class Bounces(_Table):
    """Where `notifier bounces` takes mail that comes back. It may be reached by the agency's mail system alone."""

    protocol: Literal["lmtp", "smtp"] = "lmtp"
    host: str = "127.0.0.1"
    port: int = Field(default=2424, ge=0, le=65535)
    max_bytes: int = Field(
        default=262_144, ge=16_384, description="larger mail is refused; a report holds headers only"
    )
    max_connections: int = Field(default=50, ge=1)


class Callback(_Table):
    """How a dossier system hears what became of its notices. Without `url` it asks by itself: GET /v1/callbacks."""

    url: HttpUrl | None = Field(default=None, description="where delivery events are posted; https in production")
    secrets: list[SecretStr] = Field(default_factory=list, max_length=2, description="each of them signs")
    types: tuple[CallbackType, ...] = Field(default=tuple(CallbackType), min_length=1)
    allow_private: list[IPvAnyNetwork] = Field(default_factory=list, description="networks of our own it may be in")
    timeout_seconds: float = Field(default=15, gt=0, le=30)

    @model_validator(mode="after")
    def _can_be_signed(self) -> "Callback":
        if self.url is not None and not self.secrets:
            raise ValueError("`secrets` is missing: what is posted to `url` is signed")
        if self.url is not None and (self.url.username or self.url.password):
            raise ValueError("`url` holds a password; the signature is what proves us")
        return self


class Source(_Table):
    """One dossier system. Its table name is the CloudEvents `source` it sends."""

    secrets: list[SecretStr] = Field(min_length=1, description="Standard Webhooks secrets, whsec_…; several to rotate")
    dialect: Literal["dvcqg", "ministry_2026"] = "dvcqg"
    status_map: dict[str, int] = Field(default_factory=dict, description="own status words or numbers → 1…10")
    subject_map: dict[str, str] = Field(default_factory=dict, description="own LoaiDoiTuong values → kind")
    callback: Callback | None = None


class Scope(StrEnum):
    INBOX = "inbox"
    TIMELINE = "timeline"
    OPERATE = "operate"
    CALLBACKS = "callbacks"
    REPORTS = "reports"


class SmsBudget(_Table):
    """What the SMS of one agency may cost."""

    monthly: int = Field(ge=0, description="đồng in a calendar month of Vietnam")
    bulk_share: float = Field(
        default=0.8, ge=0, le=1, description="after this share only what is urgent or normal goes"
    )


class ApiToken(_Table):
    """A bearer token of one calling system."""

    token: SecretStr = Field(min_length=24)
    scopes: frozenset[Scope]
    source: str | None = Field(default=None, description="whose delivery events the scope `callbacks` reads")

    @model_validator(mode="after")
    def _reads_one_source(self) -> "ApiToken":
        if Scope.CALLBACKS in self.scopes and self.source is None:
            raise ValueError("`source` is missing: the scope `callbacks` reads the delivery events of one source")
        return self


class Settings(BaseSettings):
    """Everything the service is told. `notifier doctor` shows what was understood, secrets masked."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )
    _file: ClassVar[Path | None] = None
    _environ: ClassVar[Mapping[str, str]] = os.environ

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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - `_Variables` stands in its place
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if cls._file is None:
            return init_settings, _Variables(settings_cls)
        return init_settings, _Variables(settings_cls), TomlConfigSettingsSource(settings_cls, toml_file=cls._file)

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


class _Variables(EnvSettingsSource):
    """The variables that `load_settings` was given, which need not be those of this process."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        assert issubclass(self.settings_cls, Settings)  # noqa: S101 - bound in load_settings
        environ = self.settings_cls._environ  # noqa: SLF001 - bound in load_settings
        return {name.lower(): value for name, value in environ.items()}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError`, which names every fault at once."""
    environ = os.environ if environ is None else environ
    file = _settings_file(environ)
    _refuse_unknown_variables(environ)
    bound = type("Settings", (Settings,), {"_file": file, "_environ": environ, "__module__": __name__})
    try:
        settings: Settings = bound()
    except ValidationError as error:
        lines = [_sentence(fault, file, environ) for fault in error.errors(include_url=False)]
        raise SettingsError("the settings cannot be used\n  " + "\n  ".join(lines)) from None
    except SourceError as error:
        table = re.search(r'field "(\w+)"', str(error))
        name = ENVIRONMENT_PREFIX + table[1].upper() if table else "a variable of the environment"
        raise SettingsError(f"{name} holds a whole table and has to be JSON; or set {name}__… for each key") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}", code="NOTIFIER-CFG-002") from None
    return settings


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


def _sentence(fault: Any, file: Path | None, environ: Mapping[str, str]) -> str:
    """One fault as a sentence: key, what was found, what is expected, and the place where it is said."""
    key = ".".join(str(part) for part in fault["loc"]) or "settings"
    place = _place(fault["loc"], file, environ)
    if fault["type"] == "missing":
        return f"{key} is missing. Write it in notifier.toml, or set {_variable(fault['loc'])}."
    if fault["type"] == "extra_forbidden":
        return f"{key} is no setting{place}. Remove it or correct its name."
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{key}: {message}{place}."
    return f"{key} is {_found(key, fault)}; {message[0].lower() + message[1:]}{place}."


_KINDS: dict[Any, str] = {str: "a text", list: "a list", dict: "a table"}


def _found(key: str, fault: Any) -> str:
    """What stands there. A text in the place of a secret, an address or a whole table is not shown."""
    value = fault["input"]
    is_hidden = SECRET.search(key) or fault["type"] in {"dict_type", "model_type", "model_attributes_type"}
    if type(value) in {list, dict} or (type(value) is str and is_hidden):
        return _KINDS[type(value)]
    return repr(value)


def _variable(location: tuple[Any, ...]) -> str:
    return ENVIRONMENT_PREFIX + "__".join(str(part) for part in location).upper()


def _place(location: tuple[Any, ...], file: Path | None, environ: Mapping[str, str]) -> str:
    """Where a setting is said: in a variable of the environment, or on a line of the file."""
    given = {name.upper() for name in environ}
    for length in range(len(location), 0, -1):
        if (variable := _variable(location[:length])) in given:
            return f" ({variable})"
    return _line(location, file)


def _line(location: tuple[Any, ...], file: Path | None) -> str:
    if file is None or not location:
        return ""
    key, table = str(location[-1]), [str(part) for part in location[:-1]]
    current: list[str] = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            current = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^."\s]+)', header.group(1))]
        elif current == table and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
            return f" ({file.name}, line {number})"
    return f" ({file.name})"
