"""The addresses for links with an Official Account, for the table of all (`notifier.web.routes`)."""

from notifier.web.api import zalo
from notifier.web.route import Route

ZALO_ROUTES: tuple[Route, ...] = tuple(
    Route(
        "POST",
        path,
        handler,
        summary,
        {
            status: meaning,
            400: "Not one person",
            401: "No token",
            403: "Not this token",
            404: "No such account or officer",
        },
        body={"application/json": zalo.ZaloPerson},
        security="bearer",
    )
    for path, handler, summary, status, meaning in (
        (
            "/v1/zalo/codes",
            zalo.make_code,
            "A one-time code that links a person's Zalo once they send it to the Official Account",
            200,
            "The code, good for 15 minutes; an earlier one of the person is worth nothing any more",
        ),
        (
            "/v1/zalo/unlink",
            zalo.end_link,
            "End a person's link with an Official Account",
            204,
            "There is no link, now or before",
        ),
    )
)
