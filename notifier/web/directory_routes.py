"""The addresses of the directory, for the table of all (`notifier.web.routes`)."""

from notifier.web.api import directory
from notifier.web.route import Route

DIRECTORY_ROUTES: tuple[Route, ...] = (
    *(
        Route(
            "GET",
            f"/v1/directory/{kind}",
            handler,
            f"{kind.capitalize()} of the directory, by code",
            {
                200: "A page; `next` leads on",
                400: "A filter is not of its form",
                401: "No token",
                403: "Not this token",
            },
            query={
                "unit": "code of a unit: only this one and those under it",
                **more,
                "after": "`next` of the page before",
                "limit": f"1 to {directory.PAGE_MOST}, default 200",
            },
            security="bearer",
        )
        for kind, handler, more in (
            ("agencies", directory.list_agencies, {}),
            (
                "officers",
                directory.list_officers,
                {
                    "role": "`officer`, `head` or `director`",
                    "no_zalo": "`true`: only those who work here and are not linked with the Official Account",
                    "not_following": "`true`: only those who are linked and not known to follow it",
                    "oa": "the Official Account: name of its provider, default `zalo`",
                },
            ),
        )
    ),
    *(
        Route(
            "GET",
            f"/v1/directory/{kind}/{{code}}",
            handler,
            f"One of the {kind}",
            {200: "The row", 401: "No token", 403: "Not this token", 404: "Nobody has this code"},
            security="bearer",
        )
        for kind, handler in (("agencies", directory.show_agency), ("officers", directory.show_officer))
    ),
    *(
        Route(
            "PUT",
            f"/v1/directory/{kind}/{{code}}",
            handler,
            f"Write one of the {kind} as a whole; from then on no event changes it",
            {
                200: "The row as it stands now",
                400: "No JSON",
                401: "No token",
                403: "Not this token",
                422: "A field is not of its form, or means somebody who is not there",
            },
            body={"application/json": model},
            security="bearer",
        )
        for kind, handler, model in (
            ("agencies", directory.put_agency, directory.AgencyEntry),
            ("officers", directory.put_officer, directory.OfficerEntry),
        )
    ),
    *(
        Route(
            "POST",
            f"/v1/directory/{kind}/import",
            handler,
            f"Write the {kind} of a CSV file, all or none; columns that it lacks stay as they are",
            {
                200: "How many rows are new, changed, the same and skipped",
                400: "A parameter is not of its form",
                401: "No token",
                403: "Not this token",
                413: "Too large",
                422: "What is wrong, by line and column; nothing was stored",
            },
            body={
                "text/csv": {"type": "string", "description": "UTF-8; commas or semicolons; names in the first line"}
            },
            query={
                "dry_run": "`true`: check and count, change nothing",
                "skip_bad": "`true`: write the good rows although others are wrong, and answer what is wrong",
            },
            security="bearer",
        )
        for kind, handler in (("agencies", directory.import_agencies), ("officers", directory.import_officers))
    ),
)
