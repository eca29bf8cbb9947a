"""Accounts, their sessions and links, counts of wrong tries."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("login_hash", sa.String(64), nullable=False),
        sa.Column("subject_hash", sa.String(64)),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("external", sa.Boolean, nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.String(40)),
        sa.Column("link_at", sa.String(40)),
        sa.Column("names", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_login_hash", "accounts", ["login_hash"], unique=True)
    op.create_index("ix_accounts_subject_hash", "accounts", ["subject_hash"], unique=True)
    op.create_table(
        "account_sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.String(40), nullable=False),
        sa.Column("until", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_account_sessions"),
    )
    op.create_index("ix_account_sessions_account_id", "account_sessions", ["account_id"])
    op.create_table(
        "account_links",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(40)),
        sa.Column("until", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_account_links"),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("until", sa.String(40)),
        sa.Column("forget_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_sign_in_tries"),
    )
