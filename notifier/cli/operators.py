import getpass
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import click

from notifier.audit.dead import fault_of_name, fault_of_why
from notifier.cli.database import with_database
from notifier.domain.hours import clock_text
from notifier.domain.ids import uuid7
from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.intake.codes import agency_code
from notifier.settings import load_settings
from notifier.store import operator_accounts as store
from notifier.store.operator_accounts import Account, Act
from notifier.store.pool import Connection
from notifier.web.access.set_up_links import new_link

_T = TypeVar("_T")

_ROLES = [role.value for role in OperatorRole]
_AGENCY = re.compile(r"[\w.-]{1,40}", re.ASCII)
_WHY_NEW = "tài khoản mới"

_by = click.option("--by", default=getpass.getuser, show_default="your login", help="Who changes it.")
_why = click.option("--why", required=True, help="Kept in the audit trail. No names, numbers or addresses of people.")
_agency = click.option(
    "--agency", "agencies", multiple=True, help="They see this agency and those below it; may be repeated."
)


@click.group("operators")
def command() -> None:
    """Who works at the console: accounts with a role, for the whole province or for some agencies.

    \b
    notifier operators add lan --name "Lê Thị Ví Dụ" --role administrator
    notifier operators list
    notifier operators reset lan --why "đổi điện thoại"
    """


@command.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As colleagues know them.")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What they may do.")
@_agency
@click.option("--provider", is_flag=True, help="They sign in by the identity provider: no set-up link is made.")
@click.option("--why", default=_WHY_NEW, show_default=True, help="Kept in the audit trail. No personal data.")
@_by
def add(login: str, name: str, role: str, agencies: tuple[str, ...], why: str, by: str, *, provider: bool) -> None:
    """Open an account. Prints the link by which its owner chooses a password, good for a day and once.

    \b
    notifier operators add lan --name "Lê Thị Ví Dụ" --role administrator
    notifier operators add minh --name "Trần Văn Mẫu" --role operator --agency H01.14
    notifier operators add thu --name "Phạm Thị Thử" --role auditor --provider
    """
    login = _login(login)
    codes = _codes(agencies)

    async def write(connection: Connection, act: Act, public_url: str) -> str | None:
        who = Operator(OperatorId(uuid7(act.now)), login, name.strip(), OperatorRole(role), codes)
        async with connection.transaction():
            if not await store.add(connection, who, act, by_provider=provider):
                raise click.UsageError(f"the login {login} is taken; `notifier operators list` shows by whom")
            return None if provider else await new_link(connection, public_url, who.id, act.now)

    link = _run(write, why, by)
    click.echo(f"Đã mở tài khoản {login}.")
    if link:
        _show(link)


@command.command("list")
def list_() -> None:
    """Everybody who has an account, with role, scope and whether they can sign in.

    \b
    notifier operators list
    notifier operators list | grep administrator
    notifier operators list | grep -c operator
    """

    async def read(connection: Connection, now: datetime) -> list[str]:
        return [_line(each, now) for each in await store.accounts(connection)]

    lines = with_database(load_settings(), "operators", read)
    for line in lines:
        click.echo(line)
    click.echo(f"{len(lines)} tài khoản.")


@command.command("change")
@click.argument("login")
@click.option("--name", help="The new name.")
@click.option("--role", type=click.Choice(_ROLES), help="The new role.")
@_agency
@click.option("--everywhere", is_flag=True, help="They see the whole province from now on.")
@_why
@_by
def change(
    login: str, name: str | None, role: str | None, agencies: tuple[str, ...], why: str, by: str, *, everywhere: bool
) -> None:
    """Give an account another role, scope or name. It is so from its owner's next click on.

    \b
    notifier operators change minh --role viewer --why "chuyển việc"
    notifier operators change minh --agency H01.14 --agency H01.15 --why "thêm đơn vị"
    notifier operators change minh --everywhere --why "về văn phòng tỉnh"
    """
    if everywhere and agencies:
        raise click.UsageError("either --agency or --everywhere")
    if not (name or role or agencies or everywhere):
        raise click.UsageError("nothing to change: --name, --role, --agency or --everywhere")
    codes = _codes(agencies)

    async def write(connection: Connection, act: Act, _public_url: str) -> str:
        found = _known(await store.account(connection, _login(login)), login)
        before = found.operator
        scope = codes if agencies or everywhere else before.agencies
        await store.change(connection, before.login, OperatorRole(role) if role else before.role, scope, act, name)
        return _line(_known(await store.account(connection, before.login), login), act.now)

    click.echo(_run(write, why, by))


@command.command("disable")
@click.argument("login")
@_why
@_by
def disable(login: str, why: str, by: str) -> None:
    """Close an account: its owner is signed out everywhere and cannot come back.

    \b
    notifier operators disable minh --why "nghỉ việc"
    notifier operators disable minh --why "nghỉ thai sản" --by lan
    notifier operators enable minh --why "đi làm lại"
    """

    async def write(connection: Connection, act: Act, _public_url: str) -> bool:
        return await store.disable(connection, _login(login), act)

    _done(login, is_done=_run(write, why, by), said="đã khóa")


@command.command("enable")
@click.argument("login")
@_why
@_by
def enable(login: str, why: str, by: str) -> None:
    """Open an account again that was disabled; its password is the one from before.

    \b
    notifier operators enable minh --why "đi làm lại"
    notifier operators enable minh --why "khóa nhầm" --by lan
    notifier operators reset minh --why "quên mật khẩu"
    """

    async def write(connection: Connection, act: Act, _public_url: str) -> bool:
        return await store.enable(connection, _login(login), act)

    _done(login, is_done=_run(write, why, by), said="đã mở lại")


@command.command("reset")
@click.argument("login")
@_why
@_by
def reset(login: str, why: str, by: str) -> None:
    """Take password and second factor back, and print a new set-up link. Ends a lock as well.

    \b
    notifier operators reset lan --why "đổi điện thoại"
    notifier operators reset lan --why "quên mật khẩu"
    notifier operators reset lan --why "liên kết hết hạn" --by minh
    """

    async def write(connection: Connection, act: Act, public_url: str) -> str:
        async with connection.transaction():
            found = await store.reset(connection, _login(login), act)
            if found is None:
                raise click.UsageError(f"there is no local account {login} that is not disabled")
            return await new_link(connection, public_url, found, act.now)

    _show(_run(write, why, by))


def _show(link: str) -> None:
    click.echo(f"Liên kết thiết lập, mở được một lần trong 24 giờ; chỉ đưa cho chính người đó:\n{link}")


def _done(login: str, *, is_done: bool, said: str) -> None:
    if not is_done:
        raise click.UsageError(f"there is no account {login} of which that could be said, or it is so already")
    click.echo(f"{login}: {said}.")


def _known(found: Account | None, login: str) -> Account:
    if found is None:
        raise click.UsageError(f"nobody has the login {login}; `notifier operators list` shows who does")
    return found


def _line(account: Account, now: datetime) -> str:
    who = account.operator
    if account.disabled_at:
        stands = f"đã khóa từ {clock_text(account.disabled_at)}"
    elif account.locked_until and account.locked_until > now:
        stands = f"tạm khóa đến {clock_text(account.locked_until)}"
    elif not account.is_ready:
        stands = "chờ đăng nhập lần đầu" if account.by_provider else "chờ thiết lập"
    else:
        stands = "qua định danh" if account.by_provider else "mật khẩu"
    scope = ", ".join(who.agencies) or "toàn tỉnh"
    return f"{who.login:20}  {who.role.value:13}  {scope:20}  {stands:24}  {who.name}"


def _login(text: str) -> str:
    login = text.strip().lower()
    if fault := fault_of_name(login):
        raise click.UsageError(f"LOGIN: {fault}")
    return login


def _codes(agencies: Sequence[str]) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(agency_code(each.strip()) for each in agencies))
    for code in codes:
        if not _AGENCY.fullmatch(code):
            raise click.UsageError(f'--agency: "{code}" is no code of an agency, like H01.14')
    return codes


def _run(work: Callable[[Connection, Act, str], Awaitable[_T]], why: str, by: str) -> _T:
    """What a change answers, given a connection, who changes something and why, and where the console is."""
    if fault := fault_of_why(why):
        raise click.UsageError(f"--why: {fault}")
    if fault := fault_of_name(by):
        raise click.UsageError(f"--by: {fault}")
    settings = load_settings()
    return with_database(
        settings, "operators", lambda connection, now: work(connection, Act(f"cli:{by}", why, now), settings.public_url)
    )
