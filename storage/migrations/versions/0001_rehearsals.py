"""Rehearsals, their turns and sentences, and the keys that seal them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sealing_keys",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sealing_keys"),
    )
    op.create_table(
        "rehearsals",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(80), nullable=False),
        sa.Column("persona_id", sa.String(80), nullable=False),
        sa.Column("scenario_id", sa.String(80), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("variant", sa.String(60), nullable=False),
        sa.Column("voice", sa.String(40), nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("updated_at", sa.String(40), nullable=False),
        sa.Column("turn_count", sa.Integer, nullable=False),
        sa.Column("ended", sa.String(40)),
        sa.Column("score", sa.Float),
        sa.Column("parent_id", sa.String(40)),
        sa.Column("branch_turn", sa.Integer),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("opening", sa.LargeBinary, nullable=False),
        sa.Column("report", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_rehearsals"),
    )
    op.create_index("ix_rehearsals_owner_updated", "rehearsals", ["owner_id", "updated_at"])
    op.create_table(
        "turns",
        sa.Column("rehearsal_id", sa.String(40), nullable=False),
        sa.Column("turn_index", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("reply_done", sa.Boolean, nullable=False),
        sa.Column("voice", sa.LargeBinary),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("rehearsal_id", "turn_index", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["rehearsal_id"], ["rehearsals.id"], name="fk_turns_rehearsal_id_rehearsals", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "reply_sentences",
        sa.Column("rehearsal_id", sa.String(40), nullable=False),
        sa.Column("turn_index", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sentence_index", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sentence", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("rehearsal_id", "turn_index", "sentence_index", name="pk_reply_sentences"),
        sa.ForeignKeyConstraint(
            ["rehearsal_id"],
            ["rehearsals.id"],
            name="fk_reply_sentences_rehearsal_id_rehearsals",
            ondelete="CASCADE",
        ),
    )
