"""Finding notices: by telephone number, mail address, officer and dossier code; the callbacks that speak of a delivery.

Marked: pre-deploy (indexes, and a table that the old processes do not write). On a large installation build the indexes
beforehand with CREATE INDEX CONCURRENTLY under the same names.

What they cost: a recipient is written to one or two entries more (a citizen with both contacts: two, an officer: up to
three), a dossier and an officer's new name to one; a callback that names a message writes one row. Nothing that sends
a message touches them.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

SCHEMA = """
CREATE INDEX recipient_phone ON recipient (phone, id) WHERE phone IS NOT NULL;
CREATE INDEX recipient_email ON recipient (lower(email), id) WHERE email IS NOT NULL;
CREATE INDEX recipient_staff ON recipient (lower(ref), id) WHERE audience <> 'citizen';
CREATE INDEX dossier_code ON dossier (code COLLATE "C");
CREATE INDEX officer_name ON officer USING gin (to_tsvector('simple', name)) WITH (fastupdate = off);

CREATE TABLE receipt_of (
    delivery_id uuid NOT NULL REFERENCES delivery,
    receipt_id  bigint NOT NULL REFERENCES receipt,
    PRIMARY KEY (delivery_id, receipt_id)
);
COMMENT ON TABLE receipt_of IS 'Which callbacks speak of a delivery: what its proof rests on.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
