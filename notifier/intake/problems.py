"""Every way in which a request can fail, as one closed table, and its RFC 9457 document.

A code never changes its meaning. Titles are the same for every occurrence; `meaning` and `remedy` fill the
page that a problem's `type` points at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from notifier.domain.errors import FieldError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """`remedy` tells the person who runs the sending system what to do."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str


_TABLE = (
    Problem(
        "broken-json",
        400,
        "The body is not JSON",
        "The bytes after decoding do not form one JSON value (RFC 8259); NaN and Infinity are not JSON.",
        "Send the output of a JSON library as it is. The detail names the line and column of the first fault.",
    ),
    Problem(
        "not-utf8",
        400,
        "The body is not UTF-8",
        "JSON is exchanged in UTF-8; these bytes are in another encoding or were cut off.",
        "Encode the body as UTF-8 and sign exactly the bytes that you send.",
    ),
    Problem(
        "unreadable-body",
        400,
        "The body cannot be read",
        "The bytes do not follow the request's own Transfer-Encoding or Content-Encoding.",
        "Send the body as it is, with Content-Length and without Content-Encoding.",
    ),
    Problem(
        "invalid-query",
        400,
        "The question is not understood",
        "A parameter of the address, or the body of a question, is not of the documented form.",
        "Correct what the detail and `errors` name; /openapi.json lists every parameter.",
    ),
    Problem(
        "invalid-signature",
        401,
        "The signature does not match",
        "None of the secrets known for this source produces one of the signatures sent, or a webhook header is garbled.",
        "Sign `{webhook-id}.{webhook-timestamp}.{body}` with HMAC-SHA256; the key is the decoded base64 after `whsec_`; "
        "sign the very bytes that go out.",
    ),
    Problem(
        "stale-timestamp",
        401,
        "The timestamp is outside the tolerance",
        "`webhook-timestamp` is too far from our clock, in the past or in the future.",
        "Set the clock by NTP, and make a new timestamp and signature for every attempt; the id stays the same.",
    ),
    Problem(
        "missing-signature",
        401,
        "The request is not signed",
        "One of the headers webhook-id, webhook-timestamp and webhook-signature is missing or empty.",
        "Send all three headers of Standard Webhooks 1.0.0.",
    ),
    Problem(
        "unknown-source",
        401,
        "The source is not known",
        "The request names no source, or one that is not configured here.",
        "Name the agreed source in the event, in the header ce-source or as the query parameter `source`.",
    ),
    Problem(
        "unauthorized",
        401,
        "A credential is needed",
        "The address needs a credential, and none that is valid was sent.",
        "Send the credential that was agreed for this address.",
    ),
    Problem(
        "token-invalid",
        401,
        "The token does not count",
        "It is not a signed token, its algorithm is not allowed, or no key of the identity provider has signed it.",
        "Send an access token of the identity provider as it was issued.",
    ),
    Problem(
        "token-not-for-us",
        401,
        "The token is meant for somebody else",
        "It is genuine, but its issuer, its audience or its kind is another than the agreed one.",
        "Ask the identity provider for an access token with our audience; an ID token will not do.",
    ),
    Problem(
        "token-expired",
        401,
        "The token has expired",
        "Its time is over, also if the clocks are a little apart.",
        "Get a new access token and send the same request again.",
    ),
    Problem(
        "token-early",
        401,
        "The token is not valid yet",
        "It begins in the future, also if the clocks are a little apart.",
        "Set the clock of the identity provider by NTP.",
    ),
    Problem(
        "ticket-spent",
        401,
        "The ticket cannot be used",
        "Nobody issued it, it was used before, or its time is over. Each ticket opens one thing once.",
        "Ask for a new ticket and use it at once.",
    ),
    Problem(
        "session-ended",
        401,
        "The session is over",
        "Its time has come, somebody ended it, or there never was one.",
        "Let the portal ask for a new ticket and begin a new session.",
    ),
    Problem(
        "token-names-nobody",
        403,
        "The token names no person with an inbox",
        "It is valid, but the claim that should say whose inbox it opens is missing or not of its form.",
        "Let the identity provider put the agreed claim into access tokens for us.",
    ),
    Problem(
        "forbidden",
        403,
        "Not allowed",
        "The credential is valid but does not extend to this.",
        "Ask the operator for the right that is missing.",
    ),
    Problem(
        "not-found",
        404,
        "Not found",
        "There is nothing at this address.",
        "Check the address against /openapi.json.",
    ),
    Problem(
        "method-not-allowed",
        405,
        "The method is not allowed here",
        "The address exists but does not serve this method.",
        "Use a method that the header Allow lists.",
    ),
    Problem(
        "body-timeout",
        408,
        "The body came too slowly",
        "The body was not complete within the time allowed, so nothing was taken in.",
        "Send the same request again, with the same id.",
    ),
    Problem(
        "body-too-large",
        413,
        "The body is too large",
        "The body is larger than this address takes; nothing was taken in.",
        "Send links instead of files, and larger exports as several requests.",
    ),
    Problem(
        "batch-too-large",
        413,
        "The batch holds too many items",
        "One request may hold at most 100 items; nothing was taken in.",
        "Split the batch. Items that came before are recognised as repeats.",
    ),
    Problem(
        "unsupported-media-type",
        415,
        "The Content-Type is not understood",
        "The Content-Type names no form in which events are taken in.",
        "Use application/cloudevents+json, application/cloudevents-batch+json, or application/json.",
    ),
    Problem(
        "invalid-event",
        422,
        "The event is not valid",
        "The JSON is well formed, but fields are missing or not of the documented form. Each is listed under `errors`.",
        "Correct the fields that the pointers name. The same id may be used again: nothing was stored.",
    ),
    Problem(
        "invalid-entry",
        422,
        "The entry cannot be kept",
        "A row of the directory, or a file of rows, holds what cannot be kept. Each fault is listed under `errors`.",
        "Correct what the pointers name; those of a file begin with the number of the line. Nothing was stored.",
    ),
    Problem(
        "event-id-reused",
        422,
        "The id was used for another event",
        "An event with this source and id but other content is stored already.",
        "Give each event an id of its own; repeat an event only with unchanged content.",
    ),
    Problem(
        "source-mismatch",
        422,
        "The event names another source than the request",
        "All events of a request must have the source whose secret signed it.",
        "Send the events of each source in requests of their own.",
    ),
    Problem(
        "internal",
        500,
        "An error on our side",
        "The request may be right; we failed. The instance finds it in our logs.",
        "Send the same request again, with the same id; tell the operator the instance if it persists.",
    ),
    Problem(
        "database-unavailable",
        503,
        "The event cannot be stored now",
        "The database cannot be reached, so nothing was taken in.",
        "Send the same request again after the seconds in Retry-After, with the same id.",
    ),
    Problem(
        "busy",
        503,
        "Too many requests at once",
        "This process reads as many requests as it may at this moment, so nothing was taken in.",
        "Send the same request again after the seconds in Retry-After, with the same id; post fewer at a time.",
    ),
    Problem(
        "identity-unavailable",
        503,
        "The identity provider cannot be asked",
        "Its keys were never read since this process began, and now they cannot be.",
        "Send the same request again after the seconds in Retry-After.",
    ),
    Problem(
        "too-many-streams",
        429,
        "Too many live streams are open",
        "This inbox, or this process, has as many live streams as it may.",
        "Share one stream between all windows; open a new one after the seconds in Retry-After.",
    ),
    Problem(
        "backlog",
        429,
        "Too much is waiting to be sent",
        "The workers are far behind, so nothing more is taken in for now. What was taken in before is safe.",
        "Send the same request again after the seconds in Retry-After, with the same id; tell the operator.",
    ),
)
PROBLEMS: Mapping[str, Problem] = {problem.code: problem for problem in _TABLE}


def problem_document(
    code: str,
    *,
    detail: str,
    instance: str,
    base_url: str,
    errors: Iterable[FieldError] = (),
) -> dict[str, Any]:
    """The body of an answer with the media type `application/problem+json`.

    `instance` names this occurrence (the request id as a URI); `base_url` has no slash at its end.
    """
    problem = PROBLEMS[code]
    document: dict[str, Any] = {
        "type": f"{base_url}/problems/{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "instance": instance,
        "code": code,
    }
    if listed := [asdict(error) for error in errors]:
        document["errors"] = listed
    return document
