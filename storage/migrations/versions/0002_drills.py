"""Which step a drill starts at; empty for a whole talk."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("rehearsals", sa.Column("drill", sa.String(16)))
