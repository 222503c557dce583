"""The delivery engine: fair rings, providers and their circuits, heartbeats, what has been told.

Marked: pre-deploy (the old processes write every column that they know; the new columns have defaults or may be null
until the new processes run). `delivery` and `event` get a new due index; on a large installation build it beforehand
with CREATE INDEX CONCURRENTLY under the same name.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = """
ALTER TABLE event
    ADD COLUMN status smallint,
    ADD COLUMN transition text CHECK (transition IN ('normal', 'correction', 'odd')),
    ADD COLUMN agency text;
COMMENT ON COLUMN event.transition IS 'How the status before led to this one; null without a status.';
COMMENT ON COLUMN event.agency IS 'Code of the unit that handles the dossier, else of the one that received it.';
DROP INDEX event_due;
CREATE INDEX event_due ON event (lane, source, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX event_unroutable ON event (received_at) WHERE state = 'unroutable';

ALTER TABLE delivery
    ADD COLUMN source text,
    ADD COLUMN provider text,
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN asks smallint NOT NULL DEFAULT 0;
UPDATE delivery SET source = event.source, provider = CASE WHEN delivery.calls > 0 THEN delivery.channel END
FROM event WHERE event.id = delivery.event_id;
ALTER TABLE delivery ALTER COLUMN source SET NOT NULL;
COMMENT ON COLUMN delivery.provider IS
    'Who holds it, took it or may hold it. On a planned one: only this provider may be called, it drops doubles.';
COMMENT ON COLUMN delivery.asks IS 'How often the provider was asked what became of it.';
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (urgency, source, due_at) WHERE due_at IS NOT NULL;
DROP INDEX delivery_reference;
CREATE INDEX delivery_reference ON delivery (provider, reference) WHERE reference IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (updated_at)
    WHERE state IN ('failed', 'expired') OR (state = 'unknown' AND due_at IS NULL);

ALTER TABLE attempt ADD COLUMN provider text;
UPDATE attempt SET provider = delivery.channel FROM delivery WHERE delivery.id = attempt.delivery_id;

ALTER TABLE receipt RENAME COLUMN channel TO provider;
CREATE INDEX receipt_orphaned ON receipt (received_at) WHERE state = 'orphaned';

CREATE TABLE process (
    name        text PRIMARY KEY,
    alive_until timestamptz NOT NULL
);
COMMENT ON TABLE process IS 'Heartbeats. What a process holds after alive_until is taken from it.';

CREATE TABLE leader (
    role  text PRIMARY KEY,
    name  text NOT NULL,
    until timestamptz NOT NULL
);
COMMENT ON TABLE leader IS 'Which process does a work that one does at a time, until when unless it says so again.';

CREATE TABLE provider (
    name        text PRIMARY KEY,
    channel     text NOT NULL,
    circuit     text NOT NULL DEFAULT 'closed' CHECK (circuit IN ('closed', 'open', 'half_open', 'paused')),
    until       timestamptz,
    probe       text,
    trips       integer NOT NULL DEFAULT 0,
    good        integer NOT NULL DEFAULT 0,
    bad         integer NOT NULL DEFAULT 0,
    counted_from timestamptz NOT NULL,
    demoted_until timestamptz,
    demotions   integer NOT NULL DEFAULT 0,
    pace        double precision NOT NULL DEFAULT 1,
    permits     double precision NOT NULL DEFAULT 0,
    filled_at   timestamptz NOT NULL DEFAULT now(),
    day         date,
    used        integer NOT NULL DEFAULT 0,
    reason      text,
    details     jsonb NOT NULL DEFAULT '{}',
    changed_at  timestamptz NOT NULL,
    CONSTRAINT provider_open_until CHECK (circuit NOT IN ('open', 'half_open') OR until IS NOT NULL)
);
COMMENT ON TABLE provider IS 'The gate before each provider, shared by all workers: circuit, rate, quota, preference.';

CREATE TABLE provider_minute (
    provider  text NOT NULL,
    minute    timestamptz NOT NULL,
    accepted  integer NOT NULL DEFAULT 0,
    throttled integer NOT NULL DEFAULT 0,
    transient integer NOT NULL DEFAULT 0,
    permanent integer NOT NULL DEFAULT 0,
    unknown   integer NOT NULL DEFAULT 0,
    proven    integer NOT NULL DEFAULT 0,
    late      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, minute)
);
COMMENT ON TABLE provider_minute IS
    'What calls came to, by minute; proven and late count receipts under the minute in which the message was taken.';

CREATE TABLE told (
    dossier_code text NOT NULL,
    status       smallint NOT NULL,
    day          date NOT NULL,
    source       text NOT NULL,
    event_id     uuid NOT NULL REFERENCES event,
    PRIMARY KEY (dossier_code, status, day)
);
COMMENT ON TABLE told IS 'Which source was first to have a citizen told of a status on a day (local date).';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
