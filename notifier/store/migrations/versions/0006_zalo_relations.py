"""What is known of people's relations to an Official Account of Zalo: who follows it, who turned to it when.

Marked: pre-deploy (a new table; the old processes neither read nor write it).
"""

from alembic import op

revision = "0006"
down_revision = "0005"

SCHEMA = """
CREATE TABLE zalo_relation (
    oa                  text NOT NULL,
    uid                 text NOT NULL,
    follows             boolean,
    changed_at          timestamptz,
    last_interaction_at timestamptz,
    over_at             timestamptz,
    PRIMARY KEY (oa, uid),
    CONSTRAINT zalo_relation_follows_since CHECK ((follows IS NULL) = (changed_at IS NULL))
);
COMMENT ON TABLE zalo_relation IS 'Relations of people (their id at the account) to an Official Account, by the own times of Zalo''s events.';
COMMENT ON COLUMN zalo_relation.follows IS 'As of changed_at; NULL: never said.';
COMMENT ON COLUMN zalo_relation.over_at IS 'When Zalo last refused to write freely: an interaction before that counts no more.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
