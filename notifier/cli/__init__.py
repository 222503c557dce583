"""The command line. One file per command; each is imported only when it is called."""

import importlib
from typing import Any

import click

from notifier.domain.errors import NotifierError

COMMANDS = {
    "serve": "everything that one machine runs: web, dispatcher and workers, kept running",
    "web": "serve the webhooks, receipts, inbox API and look-up pages",
    "worker": "do the work of one lane: urgent, normal or bulk",
    "dispatcher": "ring for whatever is due",
    "bounces": "take mail that comes back, over LMTP or SMTP",
    "migrate": "bring the database to the newest schema",
    "doctor": "say what is configured, what is wrong and what to type",
    "route": "explain who would be told of an event, without sending",
    "post": "post an event as its dossier system would, signed",
    "dead": "what did not reach its person: see it, send it again, drop it",
    "channels": "what each channel can and cannot do",
    "providers": "who carries each channel, how they stand; pause and resume one",
    "pause": "hold up the events of a source or the messages of a channel for a while; lift it",
    "sms": "what SMS cost each agency against its budget; what becomes of a text",
    "suppressions": "whom mail is not sent to: bounced addresses, people who stopped it; lift it",
    "gaps": "events that did not come, by the numbers of their neighbours",
    "remind": "the reminders of officers: what is planned, what another policy would do",
    "report": "how well officers are reminded, dossiers answered, apologised for, finished; the late list",
    "calendar": "working days, holidays, make-up Saturdays and hours: see and change them",
    "directory": "agencies and officers, how to reach them, who is away: see and change them",
    "operators": "accounts of the console: open, change, disable, give a new set-up link",
    "timeline": "tell the whole story of one dossier's notices",
    "callbacks": "what dossier systems are told: see it, post it again",
    "zalo": "Official Accounts: consent, how they stand, their templates, who is linked",
    "demo": "the whole service on this machine, with sandbox providers",
}

EXIT_FAULT = 1


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        try:
            command: click.Command = importlib.import_module(f"notifier.cli.{name.replace('-', '_')}").command
        except ModuleNotFoundError as error:
            missing = f"`notifier {name}` needs {error.name}, which is not installed here; in a checkout, use ./dev"
            raise click.ClickException(missing) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NotifierError as error:
            click.echo(str(error), err=True)
            ctx.exit(EXIT_FAULT)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Notices about administrative-procedure dossiers, on four channels, with proof.

    Settings come from notifier.toml (or the file that NOTIFIER_CONFIG names) and from NOTIFIER_… variables.
    Exit codes: 0 done, 1 a fault that is named, 2 wrong usage.
    """
