import asyncio
import getpass
import json
import sys
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import click

from notifier.audit.dead import (
    DEAD,
    OF_KIND,
    Action,
    Filters,
    Kind,
    fault_of_name,
    fault_of_why,
    identifier,
)
from notifier.audit.dead_report import group_json, item_json
from notifier.cli.dead_text import kind_name, listing, outcome, overview, said, told
from notifier.cli.options import Moment
from notifier.domain.deliveries import DeliveryState
from notifier.domain.errors import NotifierError
from notifier.domain.reasons import ReasonCode
from notifier.settings import load_settings
from notifier.store.pool import DATABASE_DOWN
from workers.steps import dead as steps
from workers.steps.dead import Order, Report
from workers.steps.dead_story import Story, story_json, tell
from workers.wiring import App, open_app

LIST_MOST = 1_000
_T = TypeVar("_T")
_C = TypeVar("_C", bound=Callable[..., Any])


_FILTERS = (
    click.option("--state", type=click.Choice([state.value for state in DEAD]), help="How it ended."),
    click.option("--channel", help="zalo, sms, email …"),
    click.option("--provider", help="Who holds it or was called last."),
    click.option("--code", help="The provider's own code, of its last word, such as -144."),
    click.option(
        "--reason",
        type=click.Choice([code.value for code in ReasonCode]),
        metavar="CODE",
        help="Our reason, such as failed.refused.",
    ),
    click.option("--type", "type", help="Type of the event."),
    click.option("--source", help="The dossier system."),
    click.option("--agency", help="Code of the unit that handles the dossier."),
    click.option("--dossier", help="Code of the dossier."),
    click.option("--since", type=Moment(), help="Died at this time or later, e.g. 2026-11-25T08:00 (Vietnam)."),
    click.option("--until", type=Moment(), help="Died before this time."),
    click.option("--unreached", is_flag=True, help="Only people whom no other way but the portal inbox has reached."),
    click.option(
        "--kind",
        type=click.Choice([kind.value for kind in Kind]),
        default=Kind.DELIVERY.value,
        show_default=True,
        help="Deliveries; events that cannot be routed; receipts without a delivery.",
    ),
)
_LOCALE = click.option("--locale", type=click.Choice(["vi", "en"]), default="vi", show_default=True)


def _filtered(function: _C) -> _C:
    for option in reversed(_FILTERS):
        function = option(function)
    return function


@click.group("dead")
def command() -> None:
    """Messages that ended without reaching their person: see them, send them again, or give them up.

    \b
    notifier dead list --since 2026-11-25
    notifier dead show 01980000-0000-7000-8000-000000000042
    notifier dead retry --provider zalo --code -144 --why "limit raised" --dry-run
    """


@command.command("list")
@_filtered
@click.option("--limit", type=click.IntRange(0, LIST_MOST), default=20, show_default=True, help="Letters to show.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_LOCALE
def list_command(kind: str, limit: int, locale: str, *, as_json: bool, **given: Any) -> None:
    """How many there are, by what they died of; then the newest, each with what to do.

    \b
    notifier dead list
    notifier dead list --unreached --since 2026-11-25T08:00
    notifier dead list --kind event --json
    """
    wanted, filters = Kind(kind), _filters(kind, given)
    _run(partial(_list, kind=wanted, filters=filters, limit=limit, locale=locale, as_json=as_json))


async def _list(app: App, *, kind: Kind, filters: Filters, limit: int, locale: str, as_json: bool) -> None:
    async with app.pool.acquire() as connection:
        groups = await steps.groups(app, connection, kind, filters)
        items = await steps.found(app, connection, kind, filters, None, limit)
    dropping = steps.deduplicating(app)
    if as_json:
        _echo_json(
            {
                "groups": [group_json(group, locale) for group in groups],
                "items": [item_json(item, dropping, locale) for item in items],
            }
        )
        return
    if kind is Kind.DELIVERY or not items:
        _echo(overview(kind, groups, locale))
    if items:
        click.echo("\n" * (kind is Kind.DELIVERY) + said("newest", locale, number=len(items)))
        _echo(listing(items, dropping, locale))


@command.command("show")
@click.argument("id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_LOCALE
@click.pass_context
def show_command(context: click.Context, id: str, locale: str, *, as_json: bool) -> None:  # noqa: A002
    """One letter with every decision and every call, and what retry and drop would do. ID is as listed.

    \b
    notifier dead show 01980000-0000-7000-8000-000000000042
    notifier dead show 17
    notifier dead show 01980000-0000-7000-8000-000000000042 --json
    """
    story, dropping = _run(partial(_tell, id_text=id))
    if story is None:
        click.echo(f"There is no dead letter {id} (any more). `notifier timeline` tells of its dossier.", err=True)
        context.exit(1)
    if as_json:
        _echo_json(story_json(story, dropping, locale))
    else:
        _echo(told(story, dropping, locale))


async def _tell(app: App, *, id_text: str) -> tuple[Story | None, frozenset[Any]]:
    return await tell(app, id_text), steps.deduplicating(app)


def _user() -> str:
    """Who types; a container may have no name for its user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"


_ORDER = (
    click.argument("ids", nargs=-1, metavar="[ID]..."),
    *_FILTERS,
    click.option("--why", help="Kept in the audit trail for good, so without personal data. Required."),
    click.option("--by", default=_user, help="Who decides. Default: the user of this system."),
    click.option("--limit", type=click.IntRange(1), help="At most so many, the newest first. Default: all."),
    click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    click.option("--yes", is_flag=True, help="Do not ask."),
    _LOCALE,
)


def _ordered(function: _C) -> _C:
    for option in reversed(_ORDER):
        function = option(function)
    return function


@command.command("retry")
@_ordered
@click.option("--reached-too", is_flag=True, help="Also where another way has reached the person or is on its way.")
def retry_command(**given: Any) -> None:
    """Send dead letters again: with a new deadline and a new budget, within the hours allowed.

    One that may have been taken goes to the same provider only. Left as they are: letters of people whom another way
    has reached or is reaching, of dossiers with a later status, of appointments that have begun.

    \b
    notifier dead retry --provider zalo --code -144 --why "limit raised" --dry-run
    notifier dead retry --state expired --since 2026-11-25 --unreached --why "gateway back" --yes
    notifier dead retry 01980000-0000-7000-8000-000000000042 --why "citizen asked"
    """
    _carry_out(Action.RETRY, **given)


@command.command("drop")
@_ordered
def drop_command(**given: Any) -> None:
    """Give dead letters up: they become cancelled and are never sent.

    \b
    notifier dead drop --dossier H01.14-261119-0042 --why "told at the counter"
    notifier dead drop --channel sms --code 99 --until 2026-11-01 --why "numbers are gone" --dry-run
    notifier dead drop 01980000-0000-7000-8000-000000000042 --why "filed twice" --yes
    """
    _carry_out(Action.DROP, reached_too=True, **given)


def _carry_out(action: Action, *, kind: str, locale: str, yes: bool, dry_run: bool, **given: Any) -> None:
    order = _order(action, Kind(kind), given)
    if not yes and not dry_run and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --yes, or --dry-run to see what would be done")
    report = _run(partial(_act, order=order, locale=locale, ask=not yes, dry_run=dry_run))
    if report is None:
        raise click.Abort
    _echo(outcome(action, report, locale, would=dry_run))
    if dry_run:
        click.echo(said("dry", locale))


def _order(action: Action, kind: Kind, given: dict[str, Any]) -> Order:
    ids, why, by = given.pop("ids"), given.pop("why"), given.pop("by")
    most, reached_too = given.pop("limit"), given.pop("reached_too")
    if fault := fault_of_why(why or ""):
        raise click.BadParameter(fault, param_hint="--why")
    if fault := fault_of_name(by):
        raise click.BadParameter(fault, param_hint="--by")
    if action is Action.DROP and kind is not Kind.DELIVERY:
        raise click.BadParameter(f"a {kind.value} is kept as it came; it can only be retried", param_hint="--kind")
    filters = _filters(kind.value, given)
    if bool(ids) == bool(filters.named()):
        raise click.UsageError("say which: either IDs, or at least one filter such as --since or --state")
    chosen = [_id(kind, text) for text in ids] or None
    return Order(action, kind, by, why.strip(), filters, chosen, most or sys.maxsize, reached_too)


def _id(kind: Kind, text: str) -> Any:
    id_ = identifier(text)
    if id_ is None or isinstance(id_, int) is not (kind is Kind.RECEIPT):
        raise click.BadParameter(f'"{text}" is no id of a dead {kind.value}; take it from the list', param_hint="ID")
    return id_


def _filters(kind: str, given: dict[str, Any]) -> Filters:
    state = given.pop("state")
    filters = Filters(state=DeliveryState(state) if state else None, **given)
    fitting = OF_KIND[Kind(kind)]
    if strange := sorted(set(filters.named()) - fitting):
        raise click.BadParameter(
            f"means nothing for --kind {kind}; --{', --'.join(sorted(fitting))} do", param_hint=f"--{strange[0]}"
        )
    return filters


async def _act(app: App, *, order: Order, locale: str, ask: bool, dry_run: bool) -> Report | None:
    """The report of the run, or of the dry run; None if the operator does not want it after all."""
    expected = len(order.ids or ())
    if order.ids is None:
        async with app.pool.acquire() as connection:
            groups = await steps.groups(app, connection, order.kind, order.filters)
        expected = min(sum(group.letters for group in groups), order.most)
        if order.kind is Kind.DELIVERY:
            _echo([*overview(order.kind, groups, locale), ""])
    if ask or dry_run:
        preview = await _with_bar(app, replace(order, dry_run=True), expected)
        if dry_run or not preview.done:
            return preview
        _echo(outcome(order.action, preview, locale, would=True))
        question = said(f"ask_{order.action.value}", locale, done=preview.done, kind=kind_name(order.kind, locale))
        if not click.confirm(question):
            return None
    return await _with_bar(app, order, expected)


async def _with_bar(app: App, order: Order, expected: int) -> Report:
    """Carried out; on a terminal a long run shows how far it is."""
    if expected <= steps.BATCH or not sys.stderr.isatty():
        return await steps.carry_out(app, order)
    with click.progressbar(length=expected, file=sys.stderr) as bar:
        return await steps.carry_out(app, order, bar.update)


def _run(work: Callable[[App], Coroutine[Any, Any, _T]]) -> _T:
    async def run() -> _T:
        async with open_app(load_settings(), name="operator") as app:
            return await work(app)

    try:
        return asyncio.run(run())
    except (*DATABASE_DOWN, TimeoutError) as error:
        raise NotifierError(f"the database does not answer ({type(error).__name__}): try `notifier doctor`") from None


def _echo(lines: Iterable[str]) -> None:
    click.echo("\n".join(lines))


def _echo_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
