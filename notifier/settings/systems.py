"""The systems around: those that send dossiers and hear what became of their notices, and those that call the API."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, HttpUrl, IPvAnyNetwork, SecretStr, model_validator

from notifier.domain.callbacks import CallbackType
from notifier.settings.table import Table


class Callback(Table):
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


class Source(Table):
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


class ApiToken(Table):
    """A bearer token of one calling system."""

    token: SecretStr = Field(min_length=24)
    scopes: frozenset[Scope]
    source: str | None = Field(default=None, description="whose delivery events the scope `callbacks` reads")

    @model_validator(mode="after")
    def _reads_one_source(self) -> "ApiToken":
        if Scope.CALLBACKS in self.scopes and self.source is None:
            raise ValueError("`source` is missing: the scope `callbacks` reads the delivery events of one source")
        return self
