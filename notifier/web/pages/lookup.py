"""What a look-up link opens: where the dossier stands, and nothing that says whose it is or what it is about."""

from typing import Any

from aiohttp import web

from notifier.domain.dossiers import Status
from notifier.domain.opaque import token_hash
from notifier.intake.models import EventData
from notifier.settings import Settings
from notifier.store import lookups
from notifier.store.lookups import PublicState
from notifier.store.pool import DATABASE_DOWN
from notifier.web.keys import APP
from notifier.web.pages.course import standing
from notifier.web.pages.page import page


async def show_lookup(request: web.Request) -> web.Response:
    """200 with the state, 404 or 503 with what to do: always a page for people."""
    app, token = request.app[APP], request.match_info["token"]
    try:
        async with app.pool.acquire() as connection:
            state = await lookups.open_link(connection, token_hash(token), app.clock()) if token.isascii() else None
    except (*DATABASE_DOWN, TimeoutError):
        return page(request, "lookup", {"state": None, "busy": True}, status=503)
    if state is None:
        return page(request, "lookup", {"state": None, "busy": False}, status=404)
    return page(request, "lookup", {"state": state, **_facts(state, app.settings)}, status=200)


def _facts(state: PublicState, settings: Settings) -> dict[str, Any]:
    hoso = EventData.model_validate(state.document).HoSo if state.document else None
    due = hoso and (hoso.NgayHenTraMoi or hoso.NgayHenTra)
    unit_code = hoso.DonViXuLy.Ma if hoso and hoso.DonViXuLy else None
    return {
        "standing": standing(state.status, taken_in=bool(hoso and hoso.NgayTiepNhan)),
        "due": due if state.status not in {Status.RETURNED, Status.REFUSED} else None,
        "unit": hoso.DonViXuLy.Ten if hoso and hoso.DonViXuLy else None,
        "unit_code": unit_code,
        "at_portal": settings.portal_page(state.code, unit_code),
    }
