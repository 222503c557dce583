"""Reminders: where each dossier stands, the clocks that run for it, who works where, messages that are put together.

Marked: pre-deploy (new tables; the new columns have defaults, and the old processes gather nothing).
"""

from alembic import op

revision = "0005"
down_revision = "0004"

SCHEMA = """
CREATE TABLE agency (
    code        text PRIMARY KEY,
    other_codes text[] NOT NULL DEFAULT '{}',
    name        text NOT NULL CHECK (name <> ''),
    parent      text,
    phone       text,
    valid_from  date,
    valid_until date,
    successor   text,
    origin      text NOT NULL CHECK (origin IN ('admin', 'event')),
    changed_by  text NOT NULL,
    changed_at  timestamptz NOT NULL
);
COMMENT ON TABLE agency IS 'Agencies and one-stop desks. code: level 1 first; other_codes: what else events call it.';
CREATE INDEX agency_parent ON agency (parent);
CREATE INDEX agency_other_codes ON agency USING gin (other_codes) WITH (fastupdate = off);

CREATE TABLE officer (
    code        text PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    title       text,
    unit        text,
    role        text NOT NULL DEFAULT 'officer' CHECK (role IN ('officer', 'head', 'director')),
    phone       text,
    email       text,
    zalo        jsonb NOT NULL DEFAULT '{}',
    leave_from  date,
    leave_until date,
    deputy      text,
    gone_at     date,
    origin      text NOT NULL CHECK (origin IN ('admin', 'event')),
    changed_by  text NOT NULL,
    changed_at  timestamptz NOT NULL
);
COMMENT ON TABLE officer IS 'Officers as administrators wrote them (admin) or events named them (event). zalo: their id with each OA.';
CREATE INDEX officer_unit ON officer (unit, role);

CREATE TABLE docket (
    source           text NOT NULL,
    dossier_code     text NOT NULL,
    last_event       uuid NOT NULL REFERENCES event,
    staff_event      uuid REFERENCES event,
    status           smallint,
    since            timestamptz,
    filed_by         smallint,
    filed_at         timestamptz,
    accepted_at      timestamptz,
    due_at           timestamptz,
    apologised_for   timestamptz,
    apologised_at    timestamptz,
    step             text,
    step_due_at      timestamptz,
    supplement_due_at timestamptz,
    finished_at      timestamptz,
    returned_at      timestamptz,
    procedure_code   text,
    receiving_unit   text,
    handling_unit    text,
    handlers         text[] NOT NULL DEFAULT '{}',
    heads            text[] NOT NULL DEFAULT '{}',
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (source, dossier_code)
);
COMMENT ON TABLE docket IS 'How each dossier stands, folded from its events in their order. No legal date in it is computed.';
CREATE INDEX docket_unit_due ON docket (handling_unit, due_at);
CREATE INDEX docket_filed ON docket (filed_at);
CREATE INDEX docket_due ON docket (due_at);
CREATE INDEX docket_apologised ON docket (apologised_for) WHERE apologised_for IS NOT NULL;
CREATE INDEX docket_finished ON docket (finished_at);

CREATE TABLE timer (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text NOT NULL,
    dossier_code text NOT NULL,
    type         text NOT NULL,
    basis        timestamptz NOT NULL,
    number       integer NOT NULL,
    state        text NOT NULL CHECK (state IN ('planned', 'fired', 'dropped')),
    planned_for  timestamptz NOT NULL,
    due_at       timestamptz,
    valid_until  timestamptz,
    fired_at     timestamptz,
    event_id     uuid REFERENCES event,
    UNIQUE (source, dossier_code, type, basis, number),
    CONSTRAINT timer_unfinished_is_due CHECK ((state = 'planned') = (due_at IS NOT NULL))
);
COMMENT ON TABLE timer IS 'Moments at which somebody is to be reminded: of what (type), counted from when (basis), for the how manieth time.';
CREATE INDEX timer_due ON timer (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE desk (
    owner        text PRIMARY KEY,
    merged_until timestamptz
);
COMMENT ON TABLE desk IS 'One row for each officer, held while their messages are put together.';

ALTER TABLE delivery
    ADD COLUMN desk text,
    ADD COLUMN gathered_into uuid REFERENCES event;
COMMENT ON COLUMN delivery.desk IS 'Whose desk (inbox owner): what is due there at one moment goes out as one message.';
COMMENT ON COLUMN delivery.gathered_into IS 'The digest that tells it in its place.';
CREATE INDEX delivery_desk ON delivery (desk, due_at) WHERE desk IS NOT NULL AND state IN ('planned', 'held');
CREATE INDEX delivery_gathered ON delivery (gathered_into) WHERE gathered_into IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
