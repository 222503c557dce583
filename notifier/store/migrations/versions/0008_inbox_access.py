"""The inbox: messages can be archived and found by dossier; tickets and sessions of people who look at their inbox.

Marked: pre-deploy (a column that the old processes leave empty, a table that they do not know).
"""

from alembic import op

revision = "0008"
down_revision = "0007"

SCHEMA = """
ALTER TABLE inbox_message ADD COLUMN archived_at timestamptz;
CREATE INDEX inbox_current ON inbox_message (owner, seq) WHERE archived_at IS NULL;
CREATE INDEX inbox_archived ON inbox_message (owner, seq) WHERE archived_at IS NOT NULL;
CREATE INDEX inbox_dossier ON inbox_message (owner, dossier_code, seq);

CREATE TABLE inbox_pass (
    token_hash bytea PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('entry', 'stream', 'session')),
    owner      text NOT NULL,
    expires_at timestamptz NOT NULL,
    until      timestamptz NOT NULL
);
COMMENT ON TABLE inbox_pass IS 'One-time tickets to an inbox and short sessions, by the hash of their token.';
COMMENT ON COLUMN inbox_pass.until IS 'How long what a ticket opens may stay open.';
CREATE INDEX inbox_pass_expires ON inbox_pass (expires_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
