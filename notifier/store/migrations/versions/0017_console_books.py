"""What the console lists: dossiers that wait for an answer, those whose due date counts, reminders that went out.

Marked: pre-deploy (indexes only).
"""

from alembic import op

revision = "0017"
down_revision = "0011"

SCHEMA = """
CREATE INDEX docket_waiting ON docket (filed_at, source, dossier_code) WHERE status = 1 AND filed_by = 2;
CREATE INDEX docket_counting ON docket (due_at, source, dossier_code) WHERE status IN (2, 4);
CREATE INDEX timer_fired ON timer (fired_at, id) WHERE fired_at IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
