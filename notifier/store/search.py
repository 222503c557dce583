"""Finding notices, the newest first: by what an operator typed, or just by time. A notice is one event for one person.

Every kind of term has one statement, which walks one index backwards from a place: ids are UUIDv7, so their order is
that of time, and a page begins where the one before it ended. However rare what the filters ask for, at most
`LOOKED_AT` notices are looked at for one page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ChannelName, DossierCode, RecipientId, SourceName, first_uuid7
from notifier.domain.reach import Reach
from notifier.store.notices import NOTICE, Notice, notice_of
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

LOOKED_AT = 2_000
OFFICERS_MOST, DOSSIERS_MOST = 10, 20
LAST_ID = UUID(int=(1 << 128) - 1)
LAST_LETTER = "\U0010ffff"


class TermKind(StrEnum):
    """What a typed text may be."""

    PHONE = "phone"
    EMAIL = "email"
    DOSSIER = "dossier"
    OFFICER = "officer"
    NAME = "name"
    REFERENCE = "reference"
    EXTERNAL_ID = "external_id"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Term:
    kind: TermKind
    value: str
    """In the form in which it is stored."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of the notices found. None asks for nothing; `since` is within, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    channel: ChannelName | None = None
    state: DeliveryState | None = None


@dataclass(frozen=True, slots=True)
class Found:
    notices: list[Notice]
    after: RecipientId | None
    """Where the next page begins; None: there is no more."""
    looked_back_to: datetime | None = None
    """The page is short because so many were looked at: this is how far back."""


_PAGE = "AND r.id < $2 AND r.id >= $3 ORDER BY r.id DESC LIMIT $4"
_FIND: dict[TermKind, str] = {
    TermKind.PHONE: f"SELECT r.id FROM recipient r WHERE r.phone = $1 {_PAGE}",  # recipient_phone
    TermKind.EMAIL: f"SELECT r.id FROM recipient r WHERE lower(r.email) = lower($1) AND r.email IS NOT NULL {_PAGE}",
    TermKind.OFFICER: f"SELECT r.id FROM recipient r WHERE lower(r.ref) = lower($1) AND r.audience <> 'citizen' {_PAGE}",
    TermKind.DOSSIER: (
        "SELECT r.id FROM dossier s JOIN event e ON e.source = s.source AND e.dossier_code = s.code"
        f' JOIN recipient r ON r.event_id = e.id WHERE s.code COLLATE "C" = $1 {_PAGE}'
    ),  # dossier_code, event_dossier, recipient_event_id_audience_ref_key
    TermKind.EXTERNAL_ID: (
        "SELECT r.id FROM event e JOIN recipient r ON r.event_id = e.id"
        f" WHERE e.external_id = $1 AND e.source = ANY ($5::text[]) {_PAGE}"
    ),  # event_source_external_id_key
    TermKind.REFERENCE: (
        "SELECT DISTINCT r.id FROM provider p JOIN delivery d ON d.provider = p.name AND d.reference = $1"
        f" JOIN recipient r ON r.id = d.recipient_id WHERE true {_PAGE}"
    ),  # delivery_reference
    TermKind.ID: (
        "SELECT DISTINCT r.id FROM recipient r WHERE r.id = ANY (ARRAY("
        "SELECT id FROM recipient WHERE id = $1::text::uuid"
        " UNION ALL SELECT recipient_id FROM delivery WHERE id = $1::text::uuid"
        f" UNION ALL SELECT id FROM recipient WHERE event_id = $1::text::uuid)) {_PAGE}"
    ),  # primary keys, recipient_event_id_audience_ref_key
}
_NEWEST = "SELECT r.id FROM recipient r WHERE r.id < $1 AND r.id >= $2 ORDER BY r.id DESC LIMIT $3"  # recipient_pkey
_SHOWN = f"""
{NOTICE}
WHERE r.id = ANY ($1::uuid[]) AND {in_reach("e.agency", "$3", "$4")}
  AND ($5::text IS NULL AND $6::text IS NULL OR EXISTS (
      SELECT FROM delivery d WHERE d.recipient_id = r.id
      AND ($5::text IS NULL OR d.channel = $5) AND ($6::text IS NULL OR d.state = $6)))
ORDER BY r.id DESC LIMIT $2
"""  # primary keys, delivery_recipient_id_channel_key
_OFFICERS = """
SELECT code FROM officer WHERE to_tsvector('simple', name) @@ plainto_tsquery('simple', $1) ORDER BY code LIMIT $2
"""  # officer_name
_DOSSIERS = f"""
SELECT s.source, s.code, s.updated_at
FROM (SELECT source, code, updated_at FROM dossier WHERE code COLLATE "C" BETWEEN $1 AND $2
      ORDER BY code COLLATE "C" DESC LIMIT $6) s
WHERE EXISTS (SELECT FROM event e WHERE e.source = s.source AND e.dossier_code = s.code
              AND {in_reach("e.agency", "$4", "$5")})
ORDER BY s.code COLLATE "C" DESC LIMIT $3
"""  # dossier_code, event_dossier


async def notices(
    connection: Connection,
    terms: Sequence[Term],
    narrowed: Narrowed,
    within: Reach,
    sources: Sequence[SourceName],
    *,
    after: RecipientId | None,
    limit: int,
) -> Found:
    """The newest notices that any of the terms finds; without terms the newest of all. `sources` may have numbered events."""
    upper = min(after or LAST_ID, RecipientId(first_uuid7(narrowed.until)) if narrowed.until else LAST_ID)
    lower = first_uuid7(narrowed.since) if narrowed.since else UUID(int=0)
    whole = within.codes is None and narrowed.channel is None and narrowed.state is None
    most = limit + 1 if whole else LOOKED_AT
    ids = await _ids(connection, terms, sources, (upper, lower, most))
    rows = await connection.fetch(
        _SHOWN,
        ids,
        limit + 1,
        within.codes,
        within.beginnings,
        narrowed.channel,
        narrowed.state and narrowed.state.value,
    )
    shown = [notice_of(row) for row in rows[:limit]]
    if len(rows) > limit:
        return Found(shown, shown[-1].id)
    if len(ids) == most and not whole:
        return Found(shown, ids[-1], time_of(ids[-1]))
    return Found(shown, None)


async def _ids(
    connection: Connection, terms: Sequence[Term], sources: Sequence[SourceName], place: tuple[UUID, UUID, int]
) -> list[RecipientId]:
    if not terms:
        return [row["id"] for row in await connection.fetch(_NEWEST, *place)]
    found: set[RecipientId] = set()
    for term in await _known(connection, terms):
        more = (list(sources),) if term.kind is TermKind.EXTERNAL_ID else ()
        found |= {row["id"] for row in await connection.fetch(_FIND[term.kind], term.value, *place, *more)}
    return sorted(found, reverse=True)[: place[2]]


async def _known(connection: Connection, terms: Sequence[Term]) -> list[Term]:
    """The terms, with the officers of a name in its place."""
    known = [term for term in terms if term.kind is not TermKind.NAME]
    for name in (term.value for term in terms if term.kind is TermKind.NAME):
        rows = await connection.fetch(_OFFICERS, name, OFFICERS_MOST)
        known += [Term(TermKind.OFFICER, row["code"]) for row in rows]
    return list(dict.fromkeys(known))


async def dossiers(
    connection: Connection, prefix: str, within: Reach, limit: int = DOSSIERS_MOST
) -> list[tuple[SourceName, DossierCode, datetime]]:
    """Dossiers whose code begins so, with when they last moved; the highest codes, which are the newest, first.

    Of a beginning that very many share, those in sight among the highest `LOOKED_AT`.
    """
    upper = prefix + LAST_LETTER
    rows = await connection.fetch(_DOSSIERS, prefix, upper, limit, within.codes, within.beginnings, LOOKED_AT)
    return [(row["source"], row["code"], row["updated_at"]) for row in rows]


def time_of(id_: UUID) -> datetime:
    """When an id was made, in Vietnam's time."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, tz=VIETNAM)
