"""Live interviews, what was said in them, and the consent ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "live_interviews",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(80), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("link_hash", sa.String(64), nullable=False),
        sa.Column("link_until", sa.String(40), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("title", sa.LargeBinary, nullable=False),
        sa.Column("minutes", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_live_interviews"),
        sa.UniqueConstraint("link_hash"),
    )
    op.create_index("ix_live_interviews_owner_id", "live_interviews", ["owner_id"])
    op.create_table(
        "utterances",
        sa.Column("interview_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("words", sa.LargeBinary, nullable=False),
        sa.Column("cues", sa.LargeBinary),
        sa.PrimaryKeyConstraint("interview_id", "number", name="pk_utterances"),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["live_interviews.id"], name="fk_utterances_interview_id_live_interviews",
            ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_table(
        "consent_ledger",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("interview_id", sa.String(40), nullable=False),
        sa.Column("party", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("purposes", sa.JSON, nullable=False),
        sa.Column("notice_version", sa.String(40), nullable=False),
        sa.Column("notice_digest", sa.String(64), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_consent_ledger"),
    )
    op.create_index("ix_consent_ledger_interview_id", "consent_ledger", ["interview_id"])
