"""The revision that the code expects is the one that Alembic would bring a database to."""

import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory

from notifier.store.revisions import VERSIONS, newest_revision


def test_the_newest_revision_is_the_head_of_the_migrations():
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_nothing_that_runs_all_day_imports_the_tools_of_migrations():
    """They would be in the memory of each process."""
    running = ("web", "worker", "dispatcher", "doctor", "bounces")
    code = f"import sys, {', '.join(f'notifier.cli.{each}' for each in running)}; print({{'alembic', 'sqlalchemy', 'mako', 'pygments'}} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
