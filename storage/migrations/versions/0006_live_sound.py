"""Sound of live interviews, where both granted that it is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "live_sound",
        sa.Column("interview_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("start_s", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("sound", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("interview_id", "number", name="pk_live_sound"),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["live_interviews.id"], ondelete="CASCADE",
            name="fk_live_sound_interview_id_live_interviews",
        ),
    )  # fmt: skip
