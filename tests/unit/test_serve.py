"""What `notifier serve` starts."""

import pytest

from notifier.cli.serve import roles
from notifier.domain.deliveries import Urgency
from tests.support.command import run


def test_without_more_words_each_lane_has_one_worker():
    assert list(roles({})) == ["web", "dispatcher", "worker-urgent-1", "worker-normal-1", "worker-bulk-1"]


def test_a_lane_has_as_many_workers_as_asked_for():
    names = roles({Urgency.URGENT: 2, Urgency.BULK: 0})
    assert [name for name in names if name.startswith("worker")] == [
        "worker-urgent-1",
        "worker-urgent-2",
        "worker-normal-1",
    ]


def test_no_two_processes_have_one_metrics_port():
    ports = [arguments[-1] for name, arguments in roles({}, 9100, bounces=True).items() if name != "web"]
    assert ports == ["9100", "9101", "9102", "9103", "9104"]


@pytest.mark.parametrize("count", ["urgent", "urgent=", "urgent=-1", "fast=1"])
async def test_what_is_no_number_of_workers_of_a_lane_is_refused(count: str):
    code, _, said = await run("serve", "--workers", count)
    assert (code, "such as urgent=2" in said) == (2, True)
