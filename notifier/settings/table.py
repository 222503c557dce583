"""What all tables of the settings have in common."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """One table of `notifier.toml`: nothing unknown is in it, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
