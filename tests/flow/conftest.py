from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.system import System, running_system


@pytest.fixture(scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """The real processes on one machine, started once: web, dispatcher, a worker per lane, and the sandbox."""
    directory: Path = tmp_path_factory.mktemp("system")
    async with running_system(directory) as made:
        yield made
