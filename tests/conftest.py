"""What all tests share: real PostgreSQL and Redis, started once; a fresh database cloned for each test that asks."""

import pytest
from hypothesis import HealthCheck, settings

from tests.support.stack import (
    app,
    client,
    ground,
    new_database,
    redis_url,
    sandbox,
    template_database,
    web,
)

__all__ = ["app", "client", "ground", "new_database", "redis_url", "sandbox", "template_database", "web"]

settings.register_profile("notifier", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
# ./dev test tests/property --hypothesis-profile=thorough
settings.register_profile("thorough", settings.get_profile("notifier"), max_examples=2_000)
settings.load_profile("notifier")


LONG = frozenset({"test_province_month.py", "test_province_service.py", "test_demo.py"})
"""They begin first, so that in the end no core waits for one of them."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "late_receipts: the pretend providers take seconds to tell what became of a message"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)
