"""The whole story of one dossier, for systems that show it."""

from aiohttp import web

from notifier.audit.timeline import as_story
from notifier.domain.ids import DossierCode, SourceName
from notifier.settings import Scope
from notifier.store import timelines
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path, require


async def show_timeline(request: web.Request) -> web.Response:
    """What happened to a dossier's notices, in order, each with its reason. No names, no addresses."""
    require(request, Scope.TIMELINE)
    source = SourceName(name_in_path(request, "source"))
    code = DossierCode(name_in_path(request, "code"))
    async with request.app[APP].pool.acquire() as connection:
        rows = await timelines.of_dossier(connection, source, code)
    if not rows:
        raise ProblemError("not-found", "No event about this dossier has come from this source.")
    locale = "en" if request.query.get("locale") == "en" else "vi"
    return web.json_response({"source": source, "dossier_code": code, **as_story(rows, locale)})
