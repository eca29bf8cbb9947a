"""Sharing, review notes, cohorts, classes, and personas and scenarios edited in the page."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("rehearsal_id", sa.String(40), nullable=False),
        sa.Column("shared_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("rehearsal_id", name="pk_shares"),
        sa.ForeignKeyConstraint(
            ["rehearsal_id"], ["rehearsals.id"], name="fk_shares_rehearsal_id_rehearsals", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "review_notes",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("rehearsal_id", sa.String(40), nullable=False),
        sa.Column("author_id", sa.String(80), nullable=False),
        sa.Column("turn_index", sa.Integer),
        sa.Column("dimension", sa.String(40)),
        sa.Column("machine", sa.Float),
        sa.Column("score", sa.Float),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_review_notes"),
        sa.ForeignKeyConstraint(
            ["rehearsal_id"], ["rehearsals.id"], name="fk_review_notes_rehearsal_id_rehearsals", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_review_notes_rehearsal_id", "review_notes", ["rehearsal_id"])
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trainer_id", sa.String(80), nullable=False),
        sa.Column("persona_id", sa.String(80), nullable=False),
        sa.Column("scenario_id", sa.String(80), nullable=False),
        sa.Column("due_on", sa.String(10)),
        sa.Column("required", sa.Float, nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("names", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cohorts"),
    )
    op.create_index("ix_cohorts_trainer_id", "cohorts", ["trainer_id"])
    op.create_table(
        "cohort_members",
        sa.Column("cohort_id", sa.String(40), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("cohort_id", "person_id", name="pk_cohort_members"),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name="fk_cohort_members_cohort_id_cohorts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_cohort_members_person_id", "cohort_members", ["person_id"])
    op.create_table(
        "classrooms",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trainer_id", sa.String(80), nullable=False),
        sa.Column("persona_id", sa.String(80), nullable=False),
        sa.Column("scenario_id", sa.String(80), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_classrooms"),
    )
    op.create_table(
        "class_answers",
        sa.Column("classroom_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("classroom_id", "number", name="pk_class_answers"),
        sa.ForeignKeyConstraint(
            ["classroom_id"], ["classrooms.id"], name="fk_class_answers_classroom_id_classrooms", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "custom_files",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("editor_id", sa.String(80), nullable=False),
        sa.Column("updated_at", sa.String(40), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "lang", name="pk_custom_files"),
    )
