import asyncio
import hashlib
import json
from datetime import datetime
from typing import Any

import aiohttp
import click

from notifier.domain.errors import NotifierError
from notifier.intake.signature import parse_secret, sign
from notifier.settings import load_settings
from workers.wiring import clock_of

TIMEOUT_SECONDS = 30
ACCEPTED = 202


@click.command("post")
@click.argument("event", type=click.File("rb"))
@click.option("--source", help="The source of bare records, which name none; needed where several are configured.")
@click.option("--url", help="Where the service answers. Default: public_url of the settings.")
@click.pass_context
def command(context: click.Context, event: Any, source: str | None, url: str | None) -> None:
    """Post an event as its dossier system would: signed with the secret of its source. For trying things out.

    EVENT is a CloudEvent or a list of bare records; - reads standard input. Exit code 1 if it is refused.

    \b
    notifier post event.json
    notifier post --source mcdt.example.gov.vn export.json
    NOTIFIER_CONFIG=/tmp/notifier-demo-…/notifier.toml notifier post event.json
    """
    settings = load_settings()
    body = event.read()
    value = _json(body)
    named = source or (value.get("source") if isinstance(value, dict) else None) or next(iter(settings.sources), None)
    if named not in settings.sources:
        known = ", ".join(settings.sources) or "none"
        raise NotifierError(f"there is no secret for the source {named}; configured are: {known}")
    secret = settings.sources[named].secrets[0].get_secret_value()
    status, answer = asyncio.run(_post(url or settings.public_url, named, secret, body, clock_of(settings)()))
    click.echo(f"{status}\n{answer}")
    context.exit(0 if status == ACCEPTED else 1)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def _post(url: str, source: str, secret: str, body: bytes, now: datetime) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            return await post(session, url, source, secret, body, now)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotifierError(
            f"{url} does not answer ({type(error).__name__}): is `notifier web` running there?"
        ) from None


async def post(
    session: aiohttp.ClientSession, url: str, source: str, secret: str, body: bytes, now: datetime
) -> tuple[int, str]:
    """One signed request; answers status and body."""
    value = _json(body)
    event = value if isinstance(value, dict) else {}
    message_id = str(event.get("id") or f"msg_{hashlib.sha256(body).hexdigest()[:32]}")
    kind = "application/cloudevents+json" if "specversion" in event else "application/json"
    headers = {**sign(parse_secret(secret), message_id, now, body), "Content-Type": kind}
    async with session.post(f"{url}/v1/events", data=body, params={"source": source}, headers=headers) as answer:
        return answer.status, await answer.text()
