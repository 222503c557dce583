"""What the processes stand on and where they listen: database, queues, web, bounced mail."""

from typing import Literal

from pydantic import Field, SecretStr

from notifier.settings.table import Table


class Database(Table):
    url: SecretStr = Field(description="PostgreSQL 15 or newer: postgresql://user:password@host/name")
    pool_size: int = Field(default=10, ge=3, le=200, description="connections per process")
    statement_timeout_seconds: float = Field(default=15, gt=0)
    idle_timeout_seconds: float = Field(
        default=5, gt=0, description="for how long others wait for one that stands still"
    )


class Redis(Table):
    url: SecretStr = Field(description="Redis or Valkey 6.2 or newer, AOF on: redis://host:6379/0 or unix:///path")
    prefix: str = Field(default="notifier", pattern=r"^[a-z0-9-]{1,40}$", description="prefix of the queue names")


class Web(Table):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="larger requests get 413")
    body_timeout_seconds: float = Field(default=10, gt=0, description="a client slower than this is cut off")
    max_requests: int = Field(default=256, ge=1, description="event posts read at once; more get 503")
    max_backlog: int = Field(default=500_000, ge=1, description="unsent messages above which posts get 429")


class Bounces(Table):
    """Where `notifier bounces` takes mail that comes back. It may be reached by the agency's mail system alone."""

    protocol: Literal["lmtp", "smtp"] = "lmtp"
    host: str = "127.0.0.1"
    port: int = Field(default=2424, ge=0, le=65535)
    max_bytes: int = Field(
        default=262_144, ge=16_384, description="larger mail is refused; a report holds headers only"
    )
    max_connections: int = Field(default=50, ge=1)
