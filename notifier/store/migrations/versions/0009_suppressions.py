"""Whom mail is not sent to any more: addresses that do not exist, people who stopped what they need not be told.

Marked: pre-deploy (a new table; the old processes neither read nor write it).
"""

from alembic import op

revision = "0009"
down_revision = "0008"

SCHEMA = """
CREATE TABLE suppression (
    kind        text NOT NULL CHECK (kind IN ('bounced', 'stopped')),
    key         text NOT NULL,
    since       timestamptz NOT NULL,
    code        text,
    delivery_id uuid NOT NULL REFERENCES delivery,
    PRIMARY KEY (kind, key)
);
COMMENT ON TABLE suppression IS 'Mail that is not sent: to an address that bounced, or of the kind that a person stopped.';
COMMENT ON COLUMN suppression.key IS 'bounced: a keyed hash of the address; stopped: the owner of the inbox.';
COMMENT ON COLUMN suppression.delivery_id IS 'The mail that bounced, or whose link was used.';
CREATE INDEX suppression_since ON suppression (since);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
