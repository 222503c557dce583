"""A dossier system that is told by real processes, from the moment that they know of it."""

import json
import os
import signal
from pathlib import Path

from notifier.cli.playground import PROVINCE
from notifier.intake.signature import Verified, parse_secret, verify
from tests.support.callbacks import new_secret
from tests.support.peers import HttpAnswer, HttpPeer, running
from tests.support.system import running_system
from tests.support.waiting import until


async def test_a_system_that_is_configured_while_all_runs_is_told_of_what_comes_then(tmp_path):
    peer, secret = HttpPeer(HttpAnswer(204)), new_secret()
    async with running(peer), running_system(tmp_path) as system:
        with Path(system.ground.environ["NOTIFIER_CONFIG"]).open("a", encoding="utf-8") as settings:
            settings.write(
                f'\n[sources."{PROVINCE}".callback]\nurl = "{peer.url}/tb"\nsecrets = ["{secret}"]\n'
                'allow_private = ["127.0.0.0/8"]\n'
            )
        for name in ("worker-normal", "dispatcher"):
            os.kill(system.here.supervisor.running()[name], signal.SIGTERM)

        async def is_known() -> bool:
            return bool(await system.here.pool.fetchval("SELECT count(*) FROM callback_endpoint"))

        await until(is_known, 30, "the dispatcher to know of the receiver")
        await system.post("02-duoc-tiep-nhan")
        await until(lambda: len(peer.requests) >= 2, 30, "the receiver to be told")
        now = system.here.clock()

    events = [json.loads(request.body) for request in peer.requests]
    assert {event["subject"] for event in events} == {"H01.14-261119-0042"}
    assert all(
        isinstance(verify([parse_secret(secret)], request.headers, request.body, now), Verified)
        for request in peer.requests
    )
