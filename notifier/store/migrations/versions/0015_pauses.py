"""What operators hold up for a while: the events of a source, the messages of a channel. And what needs a human, found fast.

Marked: pre-deploy (a table that the old processes do not heed until they are replaced, and a small index).
"""

from alembic import op

revision = "0015"
down_revision = "0014"

SCHEMA = """
CREATE TABLE pause (
    kind  text NOT NULL CHECK (kind IN ('source', 'channel')),
    name  text NOT NULL,
    since timestamptz NOT NULL,
    actor text NOT NULL,
    why   text NOT NULL,
    PRIMARY KEY (kind, name)
);
COMMENT ON TABLE pause IS 'What waits until somebody resumes it: events of a source to be routed, messages of a channel to be sent.';
CREATE INDEX audit_heeded ON audit (reason, at)
    WHERE reason IN ('event.seq_gap', 'event.no_recipient', 'event.no_calendar');
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
