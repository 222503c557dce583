"""Accounts of operators: set-up links, who comes by the identity provider, and what was done at the console, in order.

Marked: pre-deploy (a table and a column that the old processes do not know).
On a large audit trail build its index beforehand, with CREATE INDEX CONCURRENTLY under the same name.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

SCHEMA = """
ALTER TABLE operator ADD COLUMN by_provider boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN operator.by_provider IS 'The identity provider proves them; they have no password here.';
COMMENT ON COLUMN operator.totp_secret IS 'Sealed with a key that is derived from secret_key.';

CREATE TABLE operator_set_up (
    operator_id uuid PRIMARY KEY REFERENCES operator,
    token_hash  bytea NOT NULL UNIQUE,
    totp_secret text,
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE operator_set_up IS 'Links by which operators choose their password, by the hash of the token, or of the cookie it was changed for.';
COMMENT ON COLUMN operator_set_up.totp_secret IS 'Sealed. It is there once the link was opened, which happens once.';

CREATE INDEX IF NOT EXISTS audit_acts ON audit (seq) WHERE actor ~ '^(operator|cli):';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
