"""What all pages for people share: layout, headers, language, hotline.

Templates say everything in both languages where it is read: `say("Chưa đọc", "Unread")`.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from notifier.domain.operators import OperatorRole
from notifier.domain.recipients import Locale
from notifier.rendering.phrases import age, moment
from notifier.web.access.visits import Visit
from notifier.web.keys import APP
from notifier.web.pages.console.menu import ROLE_NAMES, menu
from notifier.web.pages.files import address_of_file

FOLDER = Path(__file__).parent
LANGUAGE_COOKIE = "lang"
_OURS = {True: "'self'", False: "'none'"}
YEAR_SECONDS = 365 * 24 * 3600


def page(
    request: web.Request,
    name: str,
    facts: Mapping[str, Any],
    *,
    status: int = 200,
    scripts: bool = False,
    forms: bool = False,
    framed_by: str = "'none'",
) -> web.Response:
    """The page `name`, a template of this folder without its ending. Nothing on it comes from elsewhere or is inline.

    `scripts`: modules of ours may run and call us. `forms`: forms may be sent to us. `framed_by`: who may embed it (CSP).
    """
    language = language_of(request)
    app = request.app[APP]
    html = (
        environment()
        .get_template(f"{name}.html")
        .render(
            language=language,
            other_language=_other(request, language),
            here=request.path,
            sender_name=app.settings.sender_name,
            hotline=app.settings.hotline(facts.get("unit_code")),
            **facts,
        )
    )
    response = web.Response(text=html, content_type="text/html", status=status)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; script-src {_OURS[scripts]}; "
        f"connect-src {_OURS[scripts]}; form-action {_OURS[forms]}; base-uri 'none'; frame-ancestors {framed_by}"
    )
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"  # without it the browser hides who made a form
    if request.query.get("lang") == language:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_SECONDS, path="/", httponly=True, samesite="Lax")
    return response


def visited(visit: Visit[Any], name: str, facts: Mapping[str, Any], *, status: int = 200) -> web.Response:
    """A page for somebody who is signed in: it has scripts and forms, and `visit` among its facts."""
    return page(visit.request, name, {"visit": visit, **facts}, status=status, scripts=True, forms=True)


def language_of(request: web.Request) -> Locale:
    """The one that the address asks for, else the one that was asked for before, else Vietnamese."""
    for wish in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in set(Locale):
            return Locale(wish)
    return Locale.VI


@cache
def environment() -> Environment:
    made = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.globals |= {"say": _say, "file": address_of_file, "menu": menu, "role": _role}
    made.filters |= {"moment": moment, "age": _age}
    return made


@pass_context
def _say(context: Context, vietnamese: str, english: str) -> str:
    return english if context["language"] is Locale.EN else vietnamese


@pass_context
def _age(context: Context, length: timedelta) -> str:
    return age(length, context["language"])


@pass_context
def _role(context: Context, role: OperatorRole) -> str:
    return _say(context, *ROLE_NAMES[role])


def _other(request: web.Request, language: Locale) -> str:
    """The same page in the other language."""
    other = Locale.VI if language is Locale.EN else Locale.EN
    return str(request.rel_url.update_query(lang=other))
