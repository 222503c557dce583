"""What is kept of each Official Account of Zalo: its templates, its people's links and refusals, what they thought of it.

Marked: pre-deploy (new tables, and two columns that the old processes neither read nor write).
"""

from alembic import op

revision = "0010"
down_revision = "0009"

SCHEMA = """
CREATE TABLE zalo_account (
    oa            text PRIMARY KEY,
    name          text,
    is_verified   boolean,
    package       text,
    package_until date,
    templates_at  timestamptz,
    changed_at    timestamptz,
    looked_at     timestamptz,
    fault         text
);
COMMENT ON TABLE zalo_account IS 'What Zalo says of an Official Account. fault: why the last look came to nothing.';
COMMENT ON COLUMN zalo_account.changed_at IS 'When an event last told of a change of templates: those read before are out of date.';

CREATE TABLE zalo_template (
    oa         text NOT NULL,
    id         text NOT NULL,
    name       text NOT NULL,
    status     text NOT NULL,
    reason     text,
    quality    text,
    tag        text,
    parameters jsonb,
    price_phone text,
    price_uid  text,
    status_at  timestamptz NOT NULL,
    synced_at  timestamptz NOT NULL,
    PRIMARY KEY (oa, id)
);
COMMENT ON TABLE zalo_template IS 'The templates that Zalo holds for an account, as it last described them.';
COMMENT ON COLUMN zalo_template.parameters IS 'Name, required, longest and shortest value of each; NULL: not asked for.';
COMMENT ON COLUMN zalo_template.status_at IS 'As of when the status is known: the time of a look or of an event.';

CREATE TABLE zalo_link (
    oa        text NOT NULL,
    owner     text NOT NULL,
    uid       text NOT NULL,
    how       text NOT NULL CHECK (how IN ('code', 'form')),
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (oa, owner)
);
COMMENT ON TABLE zalo_link IS 'The citizen of an inbox and their id at an Official Account. Officers are in the directory.';
CREATE INDEX zalo_link_uid ON zalo_link (oa, uid);

CREATE TABLE zalo_code (
    hash       bytea PRIMARY KEY,
    oa         text NOT NULL,
    owner      text NOT NULL,
    officer    text,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_by    text
);
COMMENT ON TABLE zalo_code IS 'One-time codes by their keyed hash: whoever sends one to the account is linked.';
CREATE INDEX zalo_code_owner ON zalo_code (oa, owner);

CREATE TABLE zalo_try (
    oa    text NOT NULL,
    uid   text NOT NULL,
    since timestamptz NOT NULL,
    tries integer NOT NULL,
    PRIMARY KEY (oa, uid)
);
COMMENT ON TABLE zalo_try IS 'Codes that a person sent in vain, since the first of them.';

CREATE TABLE zalo_feedback (
    delivery_id  uuid NOT NULL REFERENCES delivery,
    submitted_at timestamptz NOT NULL,
    oa           text NOT NULL,
    rate         smallint,
    note         text,
    labels       jsonb NOT NULL,
    PRIMARY KEY (delivery_id, submitted_at)
);
COMMENT ON TABLE zalo_feedback IS 'What people thought of a message. note is their own words: personal data.';
CREATE INDEX zalo_feedback_oa ON zalo_feedback (oa, submitted_at);

CREATE TABLE zalo_refusal (
    oa  text NOT NULL,
    who bytea NOT NULL,
    tag text NOT NULL,
    at  timestamptz NOT NULL,
    PRIMARY KEY (oa, who, tag)
);
COMMENT ON TABLE zalo_refusal IS 'Who wants no messages of a kind (tag of a template), or none at all (tag *). who is a keyed hash.';

CREATE INDEX officer_zalo ON officer USING gin (zalo jsonb_path_ops);

ALTER TABLE provider ADD COLUMN remaining integer, ADD COLUMN daily integer, ADD COLUMN remaining_at timestamptz;
COMMENT ON COLUMN provider.remaining IS 'How many messages it still took that day, by its own word at remaining_at.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
