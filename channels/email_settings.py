"""The settings of the e-mail adapter: the relay, who mail is from, where bounces come in, how mail is signed."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from channels.email_message import Sender

ADDRESS = r"^[!-?A-~]+@[a-z0-9.-]+\.[a-z0-9-]+$"
"""In ASCII and lower case: the domain of a sender is compared, in DKIM and by those who receive."""
DOMAIN = r"^[a-z0-9.-]+$"


class Agency(BaseModel):
    """What is different where an agency's own name stands on its mail; what is not said is as for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender_address: Annotated[str | None, Field(pattern=ADDRESS)] = None
    sender_name: str | None = None
    reply_to: Annotated[str | None, Field(pattern=ADDRESS)] = None


class DkimKey(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Annotated[str, Field(pattern=DOMAIN)]
    key_file: Path
    """An RSA key of 2048 bits or more, in PEM."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    port: Annotated[int, Field(gt=0, lt=65536)] = 587
    tls: Literal["none", "opportunistic", "starttls", "tls"] = "starttls"
    ca_file: Path | None = None
    """Certificates in PEM that are trusted in the place of the system's."""
    username: str | None = None
    password: SecretStr | None = None
    allow_plain_login: bool = False
    local_hostname: str
    """Our own name in EHLO; many relays compare it with DNS."""
    timeout_seconds: Annotated[float, Field(gt=0, le=14)] = 12.0
    """For connecting and the envelope; once more for the data. Both fit into what a call may take in all."""
    sender_address: Annotated[str, Field(pattern=ADDRESS)]
    sender_name: str
    reply_to: Annotated[str | None, Field(pattern=ADDRESS)] = None
    agencies: dict[str, Agency] = Field(default_factory=dict)
    """By the code of the unit whose event it is."""
    dkim: dict[str, DkimKey] = Field(default_factory=dict)
    """By the domain that signs: that of the sender, or one above it."""
    bounce_domain: Annotated[str | None, Field(pattern=DOMAIN)] = None
    """Where bounces come in; without it the sender's domain."""
    bounce_secret: SecretStr
    receipt_key: SecretStr
    """The last part of the address to which the mail system posts bounces."""
    dsn_notify: tuple[Literal["SUCCESS", "FAILURE", "DELAY"], ...] = ("SUCCESS", "FAILURE", "DELAY")
    """What to ask of a relay that offers delivery status notifications; empty asks for nothing."""
    expects_success_dsn: bool = False
    """The relay reports success too, so that a delivery can be proven."""
    resend_unanswered: bool = False
    """What the relay may have taken without an answer goes out again, under the same Message-ID."""
    connections: Annotated[int, Field(gt=0, le=100)] = 8
    connection_max_age_seconds: Annotated[float, Field(gt=0)] = 300.0
    connection_max_messages: Annotated[int, Field(gt=0)] = 100
    connection_max_idle_seconds: Annotated[float, Field(gt=0)] = 30.0

    @model_validator(mode="after")
    def _password_is_safe(self) -> "Settings":
        if self.username is not None and self.tls == "none" and not self.allow_plain_login:
            raise ValueError('`tls` is "none", so `password` could be read by anybody: encrypt, or `allow_plain_login`')
        return self

    @property
    def sender_domain(self) -> str:
        return self.sender_address.rpartition("@")[2]

    def sender(self, agency: str | None = None) -> Sender:
        """Who a mail of this agency is from."""
        own = self.agencies.get(agency or "", Agency())
        return Sender(
            own.sender_address or self.sender_address,
            own.sender_name or self.sender_name,
            own.reply_to or self.reply_to,
        )

    def signing_domain(self, sender: Sender) -> str | None:
        """The nearest domain, at or above the sender's, that has a key."""
        labels = sender.domain.split(".")
        above = (".".join(labels[place:]) for place in range(len(labels)))
        return next((domain for domain in above if domain in self.dkim), None)
