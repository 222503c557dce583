"""What SMS cost: parts and price of each attempt, and what each agency has spent in a month.

Marked: pre-deploy (new columns that may be empty, and a new table; the old processes neither read nor write them).
"""

from alembic import op

revision = "0007"
down_revision = "0006"

SCHEMA = """
ALTER TABLE attempt ADD COLUMN parts smallint, ADD COLUMN cost integer;
COMMENT ON COLUMN attempt.parts IS 'Of an SMS: how many the text takes.';
COMMENT ON COLUMN attempt.cost IS 'Of an SMS, in đồng; NULL where nothing has to be paid, because it was not taken.';
CREATE TABLE sms_spending (
    agency   text NOT NULL,
    month    date NOT NULL,
    messages bigint NOT NULL,
    parts    bigint NOT NULL,
    cost     bigint NOT NULL,
    PRIMARY KEY (agency, month)
);
COMMENT ON TABLE sms_spending IS 'What the SMS of an agency cost in a month of Vietnam, in đồng; agency is empty where an event names none.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
