"""How people are known, and how they look at their pages: inbox, identity providers, console."""

import re
from typing import Literal

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from notifier.domain.operators import OperatorRole
from notifier.settings.table import Table


class Inbox(Table):
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


class Issuer(Table):
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


class Console(Table):
    """How operators work at the console."""

    session_minutes: int = Field(default=600, ge=5, le=1440, description="how long somebody stays signed in")
    idle_minutes: int = Field(default=30, ge=1, le=480, description="how long without a click")
    identity: ConsoleIdentity | None = None
