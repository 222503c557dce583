"""What the console lists: dossiers that wait for an answer, those whose due date counts, reminders that went out; and the
text of every version of a wording that a message was written by.

Marked: pre-deploy (indexes, and a table that the old processes do not know).
"""

from alembic import op

revision = "0016"
down_revision = "0015"

SCHEMA = """
CREATE INDEX docket_waiting ON docket (filed_at, source, dossier_code) WHERE status = 1 AND filed_by = 2;
CREATE INDEX docket_counting ON docket (due_at, source, dossier_code) WHERE status IN (2, 4);
CREATE INDEX timer_fired ON timer (fired_at, id) WHERE fired_at IS NOT NULL;

CREATE TABLE wording (
    template      text NOT NULL,
    kind          text NOT NULL,
    version       text NOT NULL,
    text          text NOT NULL,
    first_used_at timestamptz NOT NULL,
    PRIMARY KEY (template, kind, version)
);
COMMENT ON TABLE wording IS 'What content.version stands for: a template with its layouts, kept when it is first used.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
