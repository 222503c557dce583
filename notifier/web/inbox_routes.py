"""The addresses of the portal inbox."""

from notifier.web.api import inbox, preferences, stream, tickets
from notifier.web.route import Route

_REFUSED = {
    401: "No token, or one that does not count",
    403: "Not your inbox, or not this token",
    503: "The keys of the identity provider, or the database, cannot be read",
}
_CHANGED = {
    200: "How many changed, and how many are unread now",
    400: "The body names no messages",
    **_REFUSED,
}


INBOX_ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/inbox/lookup",
        inbox.look_up,
        "The opaque name of one person's portal inbox, for systems",
        {200: "The name; known and unknown people are answered alike", 400: "Not one person", 401: "No token"},
        body={"application/json": inbox.InboxQuery},
        security="bearer",
    ),
    Route(
        "POST",
        "/v1/inbox/sessions",
        tickets.begin_session,
        "Change a one-time ticket for a short session, in the browser that the portal gave it to",
        {201: "The session, to be sent as a bearer token", 400: "No ticket", 401: "Unknown, used or over"},
        body={"application/json": tickets.TicketOffered},
    ),
    Route(
        "DELETE",
        "/v1/inbox/sessions",
        tickets.end_session,
        "End the session that is sent as bearer token",
        {204: "It is over", 401: "No session"},
        security="inbox",
    ),
    Route(
        "POST",
        "/v1/inbox/{inbox}/tickets",
        tickets.issue_ticket,
        "A one-time ticket: a system's opens a session or a stream of this inbox, a person's a stream",
        {201: "The ticket, good for some seconds", **_REFUSED},
        security="inbox",
    ),
    Route(
        "GET",
        "/v1/inbox/{inbox}/messages",
        inbox.list_messages,
        "Messages of an inbox, newest first, with the number of unread ones",
        {200: "A page", 400: "A parameter is not of its form", **_REFUSED},
        query={
            "before": "continue after this `seq`: `next_before` of the page before",
            "limit": "1 to 100, default 20",
            "show": "`current` (default), `unread`, `read`, `archived` or `all`",
            "dossier": "only of the dossier with this code",
            "source": "with `dossier`: only of this source",
        },
        security="inbox",
    ),
    Route(
        "GET",
        "/v1/inbox/{inbox}/unread",
        inbox.count_unread,
        "The number of unread messages, and the `seq` of the newest one",
        {200: "Both", **_REFUSED},
        security="inbox",
    ),
    *(
        Route(
            "POST",
            f"/v1/inbox/{{inbox}}/messages/{{message}}/{action}",
            one,
            summary,
            {204: "It is so, now or before", 404: "No such message", **_REFUSED},
            security="inbox",
        )
        for action, one, summary in (
            ("read", inbox.mark_read, "Mark a message as read: proof that the notice was seen"),
            ("archive", inbox.archive, "Put a message out of sight"),
            ("unarchive", inbox.unarchive, "Bring a message back from the archive"),
        )
    ),
    *(
        Route(
            "POST",
            f"/v1/inbox/{{inbox}}/{action}",
            many,
            summary,
            _CHANGED,
            body={"application/json": inbox.ChosenMessages},
            security="inbox",
        )
        for action, many, summary in (
            ("read", inbox.mark_many_read, "Mark many messages as read, or all that were shown"),
            ("archive", inbox.archive_many, "Put many messages out of sight, or all that were shown"),
            ("unarchive", inbox.unarchive_many, "Bring messages back from the archive"),
        )
    ),
    Route(
        "GET",
        "/v1/inbox/{inbox}/preferences",
        preferences.show_preferences,
        "What the citizen has chosen for messages: language, quiet hours, ways; and what there is to choose from",
        {200: "The choice, and the kinds of notice", **_REFUSED},
        security="inbox",
    ),
    Route(
        "PUT",
        "/v1/inbox/{inbox}/preferences",
        preferences.change_preferences,
        "Put a choice in the place of the one before, for whatever is routed from now on",
        {200: "As `GET` answers now", 400: "A choice that cannot be kept", **_REFUSED},
        body={"application/json": preferences.PreferencesWanted},
        security="inbox",
    ),
    Route(
        "GET",
        "/v1/inbox/{inbox}/stream",
        stream.stream,
        "Live messages as server-sent events; replays what came after `Last-Event-ID`. Also tells the unread count",
        {200: "A stream until its session or token ends", 429: "Too many are open", **_REFUSED},
        query={
            "ticket": "a one-time ticket, in the place of a bearer token",
            "last_event_id": "as the header, for the first connection of an EventSource",
        },
        security="inbox",
        media_type="text/event-stream",
    ),
)
