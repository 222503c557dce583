"""What citizens choose for their messages, and with each recipient the quiet hours that held when they were routed.

Marked: pre-deploy (a table that the old processes do not know, and columns that may be empty).
"""

from alembic import op

revision = "0013"
down_revision = "0012"

SCHEMA = """
CREATE TABLE preference (
    owner      text PRIMARY KEY,
    locale     text NOT NULL DEFAULT 'vi' CHECK (locale IN ('vi', 'en')),
    rest_from  time,
    rest_until time,
    declined   jsonb NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL,
    CONSTRAINT preference_rest_is_whole CHECK ((rest_from IS NULL) = (rest_until IS NULL))
);
COMMENT ON TABLE preference IS 'What the citizen of an inbox has chosen for messages. No row: everything, in Vietnamese.';
COMMENT ON COLUMN preference.rest_from IS 'Local time of Vietnam; until rest_until, perhaps over midnight, no message disturbs.';
COMMENT ON COLUMN preference.declined IS 'Kind of notice → channels by which the person does not want it.';

ALTER TABLE recipient ADD COLUMN rest_from time, ADD COLUMN rest_until time;
COMMENT ON COLUMN recipient.rest_from IS 'The own quiet hours of the person, as they were when the event was routed.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
