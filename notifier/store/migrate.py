"""Bring the database to the newest schema. Safe to run twice and from several machines at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return config


def migrate(database_url: str) -> None:
    """`database_url` as asyncpg takes it (`postgresql://…`). Waits for another migrator to finish."""
    command.upgrade(_config(database_url), "head")
