import asyncio

import click

from notifier.cli.running import prepared, process_name, until_stopped
from notifier.web.app import serve
from workers.wiring import open_app


@click.command("web")
def command() -> None:
    """Serve the webhooks, receipts, inbox API and look-up pages.

    \b
    notifier web
    NOTIFIER_WEB__PORT=9000 notifier web
    NOTIFIER_CONFIG=/etc/notifier.toml notifier web
    """
    settings = prepared()

    async def run(stop: asyncio.Event) -> None:
        async with open_app(settings, name=process_name("web")) as app:
            await serve(app, stop)

    until_stopped(run)
