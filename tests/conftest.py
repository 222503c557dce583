"""What all tests share: real PostgreSQL and Redis, started once; a fresh database cloned for each test that asks."""

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

settings.register_profile("notifier", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("notifier")
