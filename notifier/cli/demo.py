"""`./dev demo`: a whole installation on real parts, the sample events through the signed webhook, live on one screen."""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import click

from notifier.cli import embedded
from notifier.cli.demo_week import week
from notifier.cli.playground import PROVINCE, Playground, playground, samples
from notifier.cli.post import ACCEPTED, post
from notifier.cli.screen import Screen
from notifier.cli.signals import asked_to_end
from notifier.cli.supervisor import Supervisor
from notifier.cli.timeline import read_story
from notifier.cli.zalo_accounts import zalo_grant
from notifier.domain.clock import VIETNAM, Clock, move_clock, shifted_clock
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.errors import NotifierError
from notifier.domain.ids import DossierCode
from notifier.sandbox.app import running
from notifier.settings import load_settings
from notifier.store import progress, timers, tokens
from notifier.store.migrate import migrate
from notifier.store.pool import Pool, open_pool

START = datetime(2026, 11, 25, 16, 30, tzinfo=VIETNAM)
"""What the demo's clock shows at the beginning: after all sample events, within working hours."""
END = START + timedelta(days=6)
"""Until then reminders come in fast motion."""
WAITS = {DeliveryState.HELD, DeliveryState.STANDBY}
STORY_OF = DossierCode("H01.14-261119-0042")
READY_SECONDS = 30
ONCE_SECONDS = 150
LOOK_SECONDS = 0.25
PAUSE_BETWEEN_EVENTS = 0.2


@click.command("demo")
@click.option("--once", is_flag=True, help="End by itself when every delivery has reached its final state.")
@click.pass_context
def command(context: click.Context, once: bool) -> None:  # noqa: FBT001 - click passes it by name
    """The whole service on this machine: real PostgreSQL and Redis, sandbox providers, the sample events.

    Needs no network and no account. Ctrl-C ends it and leaves nothing behind.

    \b
    ./dev demo
    ./dev demo --once
    ./dev demo --once > story.txt
    """
    context.exit(asyncio.run(_demo(once=once)))


async def _demo(*, once: bool) -> int:
    began = time.monotonic()
    stop = asked_to_end()
    directory = Path(tempfile.mkdtemp(prefix="notifier-demo-"))
    screen = Screen(began)
    try:
        async with installation(directory, screen.say) as running_now:
            if not stop.is_set():
                settled = await _play(running_now, screen, stop, once=once)
                if once and not stop.is_set():
                    await _tell_story(running_now)
                    return 0 if settled else 1
    except (NotifierError, OSError) as error:  # no port is free, no room on the disk
        if not stop.is_set():  # Ctrl-C also reaches what sets PostgreSQL up
            click.echo(str(error), err=True)
            return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        screen.say("Đã dừng tất cả; không để lại gì. / All stopped, nothing left behind.")
    return 0


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything running: where it is, a look into its database, its clock, its processes."""

    ground: Playground
    pool: Pool
    clock: Clock
    supervisor: Supervisor


@asynccontextmanager
async def installation(
    directory: Path, say: Any, environment: str = "demo", rules_file: Path | None = None
) -> AsyncIterator[Installation]:
    """Everything running and ready: databases, sandbox, web, dispatcher and one worker per lane."""
    async with AsyncExitStack() as stack:
        supervisor = Supervisor(directory)
        say("PostgreSQL và Redis (nhúng) … / starting embedded PostgreSQL and Redis")
        database_url = await asyncio.to_thread(stack.enter_context, embedded.postgres(directory / "postgres"))
        redis_url = await asyncio.to_thread(stack.enter_context, embedded.redis(directory / "redis"))
        ground = playground(
            directory, database_url=database_url, redis_url=redis_url, environment=environment, rules_file=rules_file
        )
        move_clock(ground.clock_file, START)
        await asyncio.to_thread(migrate, database_url)
        clock = shifted_clock(ground.clock_file)
        pool = await open_pool(database_url, size=2, name="notifier-demo")
        stack.push_async_callback(pool.close)
        await grant_zalo(ground, pool, clock)
        await stack.enter_async_context(running(ground.sandbox, clock=clock))
        stack.push_async_callback(supervisor.stop)
        supervisor.start("web", ["web"], ground.environ)
        for lane in Urgency:
            supervisor.start(f"worker-{lane.value}", ["worker", lane.value], ground.environ)
        supervisor.start("dispatcher", ["dispatcher"], ground.environ)
        await ready(ground)
        yield Installation(ground, pool, clock, supervisor)


async def grant_zalo(ground: Playground, pool: Pool, clock: Clock) -> None:
    settings = load_settings(ground.environ)
    async with pool.acquire() as connection:
        await tokens.grant(connection, zalo_grant(settings), ground.refresh_token, clock())


async def ready(ground: Playground) -> None:
    deadline = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{ground.web_url}/readyz") as answer:
                    if answer.status == 200:  # noqa: PLR2004
                        return
            except aiohttp.ClientError:
                pass
            if time.monotonic() > deadline:
                log = (ground.directory / "web.log").read_text(encoding="utf-8")[-2000:]
                raise NotifierError(f"the web process did not become ready within {READY_SECONDS} s:\n{log}")
            await asyncio.sleep(0.05)


async def _play(here: Installation, screen: Screen, stop: asyncio.Event, *, once: bool) -> bool:
    """Post the samples and show what becomes of them; answers whether everything settled."""
    ground, clock = here.ground, here.clock
    screen.addresses(ground.web_url, f"http://127.0.0.1:{ground.sandbox.http_port}", ground.environ["NOTIFIER_CONFIG"])
    poster = asyncio.create_task(post_samples(ground, clock))
    deadline = time.monotonic() + ONCE_SECONDS
    settled = False
    try:
        with screen.live():
            while not stop.is_set():
                async with here.pool.acquire() as connection:
                    lines, unrouted = await progress.lines(connection), await progress.unrouted(connection)
                screen.show(lines, clock())
                if poster.done():
                    poster.result()
                    coming = await _next_moment(here, lines)
                    now = clock()
                    settled = not unrouted and not _is_under_way(lines, now) and (coming is None or coming > now)
                    if once and ((settled and coming is None) or time.monotonic() > deadline):
                        break
                    if settled and coming is not None:
                        screen.passes(coming)
                        move_clock(ground.clock_file, coming)
                await _nap(stop)
    finally:
        poster.cancel()
        await asyncio.gather(poster, return_exceptions=True)
    if once and not settled:
        screen.say("Hết giờ mà còn tin chưa xong. / Time is up and deliveries are not settled.")
    return settled


def _is_under_way(lines: list[progress.Line], now: datetime) -> bool:
    """Whether something happens now. What waits for its hour does not, nor a fallback behind it."""
    return any(line.due_at is not None and (line.state not in WAITS or line.due_at <= now) for line in lines)


async def _next_moment(here: Installation, lines: list[progress.Line]) -> datetime | None:
    """When something happens next, up to the end of the demo's week: time runs fast between."""
    held = [line.due_at for line in lines if line.state is DeliveryState.HELD and line.due_at]
    async with here.pool.acquire() as connection:
        timer = await timers.next_moment(connection)
    coming = min([*held, *([timer] if timer else [])], default=None)
    return coming if coming is not None and coming <= END else None


async def post_samples(ground: Playground, clock: Clock) -> None:
    """Send the sample events and an officer's week through the real webhook, signed as their sources sign."""
    async with aiohttp.ClientSession() as session:
        for name, sample in [*samples(), *week(clock())]:
            await post_sample(session, ground, clock, name, sample)
            await asyncio.sleep(PAUSE_BETWEEN_EVENTS)


async def post_sample(session: aiohttp.ClientSession, ground: Playground, clock: Clock, name: str, sample: Any) -> Any:
    """Post one sample; answers the body of the 202. Raises what the service refused."""
    source = sample["source"] if isinstance(sample, dict) else PROVINCE
    body = json.dumps(sample, ensure_ascii=False).encode()
    status, answer = await post(session, ground.web_url, source, ground.webhook_secrets[source], body, clock())
    if status != ACCEPTED:
        raise NotifierError(f"{name} was refused with {status}: {answer}")
    return json.loads(answer)


async def _tell_story(here: Installation) -> None:
    async with here.pool.acquire() as connection:
        story = await read_story(connection, STORY_OF, None, "vi")
    sys.stdout.write(f"\nnotifier timeline {STORY_OF}\n\n{story}\n")


async def _nap(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
    except TimeoutError:
        return
