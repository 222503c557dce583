"""The console: operators with their roles, and the sessions of their browsers.

Marked: pre-deploy (tables that the old processes do not know).
"""

from alembic import op

revision = "0011"
down_revision = "0010"

SCHEMA = """
CREATE TABLE operator (
    id            uuid PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('viewer', 'operator', 'auditor', 'administrator')),
    agencies      text[] NOT NULL DEFAULT '{}',
    password_hash text,
    totp_secret   text,
    totp_step     bigint,
    subject       text UNIQUE,
    failures      integer NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    disabled_at   timestamptz
);
COMMENT ON TABLE operator IS 'Who works at the console. Local ones have a password and a second factor, others a subject.';
COMMENT ON COLUMN operator.agencies IS 'Codes: they see these and what is below them; empty is the whole province.';
COMMENT ON COLUMN operator.totp_step IS 'The last time step whose code was used: none is taken twice (RFC 6238, 5.2).';
COMMENT ON COLUMN operator.subject IS 'Issuer and `sub` of the identity provider that proves them.';

CREATE TABLE operator_session (
    token_hash  bytea PRIMARY KEY,
    operator_id uuid NOT NULL REFERENCES operator,
    begun_at    timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE operator_session IS 'Browsers that are signed in to the console, by the hash of their cookie.';
CREATE INDEX operator_session_operator ON operator_session (operator_id);
CREATE INDEX operator_session_expires ON operator_session (expires_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
