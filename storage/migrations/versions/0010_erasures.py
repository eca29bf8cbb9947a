"""What was erased, by number and digest only, so that it is erased again in a copy from before."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erasures"),
        sqlite_autoincrement=True,
    )
