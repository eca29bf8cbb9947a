"""The tables. Words and names are sealed bytes; ids, dates, scores and codes stay plain."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)  # fmt: skip

HEAD = "0010"
"""The newest migration; a test holds it against ``storage/migrations``."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)

sealing_keys = Table(
    "sealing_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

rehearsals = Table(
    "rehearsals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner_id", String(80), nullable=False),
    Column("persona_id", String(80), nullable=False),
    Column("scenario_id", String(80), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("variant", String(60), nullable=False),
    Column("voice", String(40), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("updated_at", String(40), nullable=False),
    Column("turn_count", Integer, nullable=False),
    Column("ended", String(40)),
    Column("score", Float),
    Column("parent_id", String(40)),
    Column("branch_turn", Integer),
    Column("drill", String(16)),
    Column("versions", JSON, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    Column("report", LargeBinary),
    Index("ix_rehearsals_owner_updated", "owner_id", "updated_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("rehearsal_id", String(40), ForeignKey("rehearsals.id", ondelete="CASCADE"), primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reply_done", Boolean, nullable=False),
    Column("voice", LargeBinary),
    Column("created_at", String(40), nullable=False),
)

reply_sentences = Table(
    "reply_sentences",
    metadata,
    Column("rehearsal_id", String(40), ForeignKey("rehearsals.id", ondelete="CASCADE"), primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("sentence_index", Integer, primary_key=True, autoincrement=False),
    Column("sentence", LargeBinary, nullable=False),
)

shares = Table(
    "shares",
    metadata,
    Column("rehearsal_id", String(40), ForeignKey("rehearsals.id", ondelete="CASCADE"), primary_key=True),
    Column("shared_at", String(40), nullable=False),
)

review_notes = Table(
    "review_notes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("rehearsal_id", String(40), ForeignKey("rehearsals.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", String(80), nullable=False),
    Column("turn_index", Integer),
    Column("dimension", String(40)),
    Column("machine", Float),
    Column("score", Float),
    Column("note", LargeBinary, nullable=False),
    Column("created_at", String(40), nullable=False),
    Index("ix_review_notes_rehearsal_id", "rehearsal_id"),
)

cohorts = Table(
    "cohorts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("trainer_id", String(80), nullable=False),
    Column("persona_id", String(80), nullable=False),
    Column("scenario_id", String(80), nullable=False),
    Column("due_on", String(10)),
    Column("required", Float, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("names", LargeBinary, nullable=False),
    Index("ix_cohorts_trainer_id", "trainer_id"),
)

cohort_members = Table(
    "cohort_members",
    metadata,
    Column("cohort_id", String(40), ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", String(80), primary_key=True),
    Index("ix_cohort_members_person_id", "person_id"),
)

classrooms = Table(
    "classrooms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("trainer_id", String(80), nullable=False),
    Column("persona_id", String(80), nullable=False),
    Column("scenario_id", String(80), nullable=False),
    Column("step", String(16), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("created_at", String(40), nullable=False),
)

class_answers = Table(
    "class_answers",
    metadata,
    Column("classroom_id", String(40), ForeignKey("classrooms.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", String(40), nullable=False),
)

custom_files = Table(
    "custom_files",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("lang", String(8), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("editor_id", String(80), nullable=False),
    Column("updated_at", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

live_interviews = Table(
    "live_interviews",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner_id", String(80), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("link_hash", String(64), nullable=False, unique=True),
    Column("link_until", String(40), nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("title", LargeBinary, nullable=False),
    Column("minutes", LargeBinary),
    Index("ix_live_interviews_owner_id", "owner_id"),
)

utterances = Table(
    "utterances",
    metadata,
    Column("interview_id", String(40), ForeignKey("live_interviews.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("words", LargeBinary, nullable=False),
    Column("cues", LargeBinary),
)

live_sound = Table(
    "live_sound",
    metadata,
    Column("interview_id", String(40), ForeignKey("live_interviews.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("lane", Integer, nullable=False),
    Column("start_s", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("sound", LargeBinary, nullable=False),
)

consent_ledger = Table(
    "consent_ledger",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("interview_id", String(40), nullable=False),
    Column("party", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("notice_version", String(40), nullable=False),
    Column("notice_digest", String(64), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("way", String(16), nullable=False),
    Column("at", String(40), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("before", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_consent_ledger_interview_id", "interview_id"),
)

records = Table(
    "records",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("owner_id", String(80), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("parent_id", String(40), nullable=False),
    Column("status", String(24), nullable=False),
    Column("due", String(10)),
    Column("version", Integer, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("changed_at", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_records_kind_owner", "kind", "owner_id"),
    Index("ix_records_kind_parent", "kind", "parent_id"),
    Index("ix_records_key_id", "key_id"),
)

links = Table(
    "links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(24), nullable=False),
    Column("record_id", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("until", String(40), nullable=False),
    Index("ix_links_record_id", "record_id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("login_hash", String(64), nullable=False),
    Column("subject_hash", String(64)),
    Column("role", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("external", Boolean, nullable=False),
    Column("password", String(200)),
    Column("created_at", String(40), nullable=False),
    Column("seen_at", String(40)),
    Column("link_at", String(40)),
    Column("names", LargeBinary, nullable=False),
    Index("ix_accounts_login_hash", "login_hash", unique=True),
    Index("ix_accounts_subject_hash", "subject_hash", unique=True),
)

account_sessions = Table(
    "account_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account_id", String(40), nullable=False),
    Column("seen_at", String(40), nullable=False),
    Column("until", String(40), nullable=False),
    Index("ix_account_sessions_account_id", "account_id"),
)

account_links = Table(
    "account_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("account_id", String(40)),
    Column("until", String(40), nullable=False),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("what", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("until", String(40)),
    Column("forget_at", String(40), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("until", String(40), nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", String(40), nullable=False),
    sqlite_autoincrement=True,
)
