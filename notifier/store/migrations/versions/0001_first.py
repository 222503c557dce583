"""The first schema: events, recipients, deliveries, attempts, receipts, inbox, audit, tokens.

Marked: pre-deploy (nothing reads it yet).
"""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE TABLE event (
    id           uuid PRIMARY KEY,
    source       text NOT NULL,
    external_id  text NOT NULL,
    type         text NOT NULL,
    dossier_code text NOT NULL,
    seq          bigint,
    occurred_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    fingerprint  bytea NOT NULL,
    warnings     jsonb NOT NULL,
    lane         text NOT NULL,
    state        text NOT NULL CHECK (state IN ('received', 'routed', 'unroutable')),
    due_at       timestamptz,
    lease_owner  text,
    lease_until  timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    UNIQUE (source, external_id),
    CONSTRAINT event_unfinished_is_due CHECK ((state = 'received') = (due_at IS NOT NULL))
);
COMMENT ON TABLE event IS 'What a dossier system told us. Holds no personal data: that is in event_payload.';
CREATE INDEX event_due ON event (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX event_dossier ON event (source, dossier_code, received_at);

CREATE TABLE event_payload (
    event_id uuid PRIMARY KEY REFERENCES event,
    document jsonb NOT NULL
);
COMMENT ON TABLE event_payload IS 'The event as it came, NFC, unknown fields kept. Personal data.';

CREATE TABLE dossier (
    source        text NOT NULL,
    code          text NOT NULL,
    status        smallint,
    details_event uuid REFERENCES event,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (source, code)
);
COMMENT ON TABLE dossier IS 'Where a dossier stands by the last event taken in; details_event last described it in full.';

CREATE TABLE recipient (
    id          uuid PRIMARY KEY,
    event_id    uuid NOT NULL REFERENCES event,
    audience    text NOT NULL,
    ref         text NOT NULL,
    locale      text NOT NULL,
    inbox_owner text NOT NULL,
    name        text NOT NULL,
    phone       text,
    email       text,
    zalo_uid    text,
    UNIQUE (event_id, audience, ref)
);
COMMENT ON TABLE recipient IS 'Who is told of an event. The one place of names and addresses. Personal data.';

CREATE TABLE delivery (
    id           uuid PRIMARY KEY,
    event_id     uuid NOT NULL REFERENCES event,
    recipient_id uuid NOT NULL REFERENCES recipient,
    channel      text NOT NULL,
    content_kind text NOT NULL,
    position     text NOT NULL,
    rank         smallint NOT NULL,
    urgency      text NOT NULL,
    state        text NOT NULL,
    due_at       timestamptz,
    expires_at   timestamptz NOT NULL,
    lease_owner  text,
    lease_until  timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    calls        integer NOT NULL DEFAULT 0,
    reference    text,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    UNIQUE (recipient_id, channel),
    CONSTRAINT delivery_state CHECK (state IN ('standby', 'planned', 'held', 'sending', 'accepted', 'delivered',
        'read', 'unknown', 'failed', 'expired', 'suppressed', 'cancelled', 'superseded')),
    CONSTRAINT delivery_unfinished_is_due CHECK (CASE
        WHEN state IN ('standby', 'planned', 'held', 'sending') THEN due_at IS NOT NULL
        WHEN state IN ('accepted', 'unknown') THEN true
        ELSE due_at IS NULL END)
);
COMMENT ON TABLE delivery IS 'One message for one person on one channel. due_at is when it next needs work.';
CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_event ON delivery (event_id);
CREATE INDEX delivery_reference ON delivery (channel, reference) WHERE reference IS NOT NULL;

CREATE TABLE content (
    delivery_id uuid PRIMARY KEY REFERENCES delivery,
    kind        text NOT NULL,
    template    text NOT NULL,
    version     text NOT NULL,
    body        jsonb NOT NULL,
    created_at  timestamptz NOT NULL
);
COMMENT ON TABLE content IS 'What was said, exactly, with the version of its template. Personal data.';

CREATE TABLE attempt (
    id          uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery,
    number      integer NOT NULL,
    idempotency_key text NOT NULL,
    worker      text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    outcome     text,
    code        text,
    detail      text,
    reference   text,
    UNIQUE (delivery_id, number)
);
COMMENT ON TABLE attempt IS 'One call to a provider, committed before it is made.';

CREATE TABLE receipt (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel     text NOT NULL,
    received_at timestamptz NOT NULL,
    method      text NOT NULL,
    query       jsonb NOT NULL,
    headers     jsonb NOT NULL,
    body        bytea NOT NULL,
    state       text NOT NULL CHECK (state IN ('stored', 'parked', 'applied', 'orphaned')),
    due_at      timestamptz,
    lease_owner text,
    lease_until timestamptz,
    attempts    integer NOT NULL DEFAULT 0,
    CONSTRAINT receipt_unfinished_is_due CHECK ((state IN ('stored', 'parked')) = (due_at IS NOT NULL))
);
COMMENT ON TABLE receipt IS 'A callback exactly as it came, kept before it is understood. May hold personal data.';
CREATE INDEX receipt_due ON receipt (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE inbox (
    owner    text PRIMARY KEY,
    last_seq bigint NOT NULL
);
COMMENT ON TABLE inbox IS 'One counter per person: its row lock makes the numbers of an inbox gapless and in order.';

CREATE TABLE inbox_message (
    owner       text NOT NULL REFERENCES inbox,
    seq         bigint NOT NULL,
    delivery_id uuid NOT NULL UNIQUE REFERENCES delivery,
    source      text NOT NULL,
    dossier_code text NOT NULL,
    title       text NOT NULL,
    body        text NOT NULL,
    link        text,
    created_at  timestamptz NOT NULL,
    read_at     timestamptz,
    PRIMARY KEY (owner, seq)
);
CREATE INDEX inbox_unread ON inbox_message (owner, seq) WHERE read_at IS NULL;

CREATE TABLE lookup (
    token_hash   bytea PRIMARY KEY,
    source       text NOT NULL,
    dossier_code text NOT NULL,
    expires_at   timestamptz NOT NULL
);
COMMENT ON TABLE lookup IS 'Look-up links by the hash of their opaque token.';

CREATE TABLE oauth_token (
    name          text PRIMARY KEY,
    access_token  text NOT NULL,
    refresh_token text NOT NULL,
    expires_at    timestamptz NOT NULL,
    rotated_at    timestamptz NOT NULL,
    version       integer NOT NULL DEFAULT 1,
    lost          text,
    lease_owner   text,
    lease_until   timestamptz
);
COMMENT ON TABLE oauth_token IS 'Token pairs of providers. lost says why a grant is gone; only a person can mend that.';

CREATE TABLE audit (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    event_id    uuid,
    delivery_id uuid,
    from_state  text,
    to_state    text,
    reason      text NOT NULL,
    details     jsonb NOT NULL
);
COMMENT ON TABLE audit IS 'Append-only: what happened, why, and who or what decided it. Never personal data.';
CREATE INDEX audit_event ON audit (event_id, seq);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: %% refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    # Through the driver: many statements at once. It reads %% as one percent sign.
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
