"""Callbacks: what dossier systems are told of their notices, and where.

Marked: pre-deploy (no row is written before a dispatcher of the new version has made an endpoint known).
"""

from alembic import op

revision = "0003"
down_revision = "0002"

SCHEMA = """
ALTER TABLE delivery ADD COLUMN callbacks integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN delivery.callbacks IS 'How many facts about it are kept in callback; the seq of the last one.';

CREATE TABLE callback_endpoint (
    source       text PRIMARY KEY,
    types        text[] NOT NULL,
    push         boolean NOT NULL,
    paused_until timestamptz,
    disabled_at  timestamptz,
    reason       text,
    CONSTRAINT callback_endpoint_disabled_why CHECK ((disabled_at IS NULL) = (reason IS NULL))
);
COMMENT ON TABLE callback_endpoint IS
    'Which source is told of what, as the dispatcher was configured. disabled_at: it answered that it wants no more.';

CREATE TABLE callback (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source         text NOT NULL,
    delivery_id    uuid NOT NULL REFERENCES delivery,
    seq            integer NOT NULL,
    type           text NOT NULL CHECK (type IN ('thongbao.da_gui', 'thongbao.da_nhan', 'thongbao.da_doc',
        'thongbao.that_bai')),
    delivery_state text NOT NULL,
    occurred_at    timestamptz NOT NULL,
    reason         text NOT NULL,
    details        jsonb NOT NULL,
    state          text NOT NULL CHECK (state IN ('pending', 'sent', 'dead', 'skipped')),
    due_at         timestamptz,
    lease_owner    text,
    lease_until    timestamptz,
    attempts       integer NOT NULL DEFAULT 0,
    last_status    smallint,
    last_error     text,
    finished_at    timestamptz,
    tx             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    place          bigint GENERATED ALWAYS AS IDENTITY,
    UNIQUE (delivery_id, seq),
    CONSTRAINT callback_unfinished_is_due CHECK ((state = 'pending') = (due_at IS NOT NULL))
);
COMMENT ON TABLE callback IS 'One fact about one message, for the source of its event. id is the webhook-id. Never personal data.';
COMMENT ON COLUMN callback.tx IS 'The transaction that wrote it: readers by cursor stop before the oldest that is open.';
CREATE INDEX callback_due ON callback (source, due_at, place) WHERE due_at IS NOT NULL;
CREATE INDEX callback_cursor ON callback (source, tx, place);
CREATE INDEX callback_occurred ON callback USING brin (occurred_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
