from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click

from notifier.domain.clock import VIETNAM, system_clock
from notifier.domain.errors import IntakeError, SettingsError
from notifier.domain.ids import ChannelName, SourceName
from notifier.intake.codes import SourceProfile
from notifier.routing.context import Address, ChannelView, RoutingContext
from notifier.routing.rules import Rules, load_rules
from notifier.settings import ROOT, Settings, load_settings
from workers.steps.contexts import routing_context
from workers.steps.rehearsal import Rehearsal, decided
from workers.wiring import channel_setups, rules_of, source_profiles

Profiles = Mapping[SourceName, SourceProfile]

USUAL_CHANNELS: Mapping[ChannelName, ChannelView] = {
    ChannelName("portal"): ChannelView(Address.INBOX, quiet=True),
    ChannelName("zalo"): ChannelView(Address.ZALO, window=(time(6, 5), time(21, 55))),
    ChannelName("sms"): ChannelView(Address.PHONE),
    ChannelName("email"): ChannelView(Address.EMAIL),
}
"""What is taken as switched on where nothing is configured."""


@click.command("route")
@click.argument("events", type=click.File("rb"), nargs=-1, required=True, metavar="EVENT...")
@click.option(
    "--at", "at", metavar="TIME", help="Decide as of this moment, e.g. 2026-11-25T22:30 (Vietnam). Default: now."
)
@click.option(
    "--rules", "rules_file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Try other rules."
)
@click.option("--source", help="The source of bare records, which name none.")
@click.option("--locale", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    events: Sequence[Any],
    at: str | None,
    rules_file: Path | None,
    source: str | None,
    locale: str,
) -> None:
    """Explain who would be told of an event, on which channels, when and why. Sends and stores nothing.

    EVENT is a file as it would be posted: a CloudEvent or a list of bare records; - reads standard input. Of several
    events each is explained as coming after those before it: what overtakes what, and what waits for a correction.

    \b
    notifier route notifier/sandbox/events/02-duoc-tiep-nhan.json
    notifier route --at 2026-11-25T22:30 notifier/sandbox/events/05-yeu-cau-bo-sung.json
    notifier route --rules new-rules.toml --locale en accepted.json done.json
    """
    now = _moment(at)
    rules, routing, profiles = _installation(rules_file, now)
    faults = 0
    for number, explained in enumerate(_explained(events, Rehearsal(rules, routing, now), profiles, source, locale)):
        if isinstance(explained, str):
            faults += 1
            click.echo(explained, err=True)
        else:
            click.echo("\n".join(["", *explained] if number else explained))
    context.exit(1 if faults else 0)


def _moment(at: str | None) -> datetime:
    if at is None:
        return system_clock()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise click.BadParameter(f'"{at}" is no time; write it like 2026-11-25T22:30', param_hint="--at") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)


def _installation(rules_file: Path | None, now: datetime) -> tuple[Rules, RoutingContext, Profiles]:
    """Rules, channels and sources as configured; the shipped rules and all four channels where nothing is."""
    settings = _settings()
    if settings is None:
        file = rules_file or ROOT / "rules.toml"
        rules = load_rules(file.read_text(encoding="utf-8"), file.name, USUAL_CHANNELS)
        return rules, replace(routing_context({}, b"no settings", now), channels=USUAL_CHANNELS), {}
    setups = channel_setups(settings)
    chosen = settings.model_copy(update={"rules_file": rules_file}) if rules_file else settings
    secret = settings.secret_key.get_secret_value().encode()
    return (
        rules_of(chosen, setups),
        routing_context(setups, secret, now),
        source_profiles(settings),
    )


def _settings() -> Settings | None:
    try:
        return load_settings()
    except SettingsError as error:
        if "is missing" not in str(error):
            raise
        click.echo("No settings here: the shipped rules, and all four channels taken as switched on.\n", err=True)
        return None


def _explained(
    files: Sequence[Any], rehearsal: Rehearsal, profiles: Profiles, source: str | None, locale: str
) -> Iterator[list[str] | str]:
    """The explanation of each event in the files; a plain text says why one cannot be understood."""
    for file in files:
        for found in decided(file.read(), rehearsal, profiles, source):
            yield _refusal(found) if isinstance(found, IntakeError) else found.lines(locale)


def _refusal(error: IntakeError) -> str:
    faults = [
        f"  {fault.pointer}: {fault.detail}; found {fault.found}, expected {fault.expected}" for fault in error.errors
    ]
    return "\n".join((f"{error.problem}: {error.detail}", *faults))
