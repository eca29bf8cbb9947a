"""Live interviews, their words under keys by purpose, and the consent ledger. Every store checks consent in its own
transaction."""

import contextlib
import datetime as dt
import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from assistant.live import Line, Reached
from consent.grants import ConsentGrant, LiveInterview
from consent.ledger import GENESIS, Entry, Head, chained, standing
from consent.notices import Purpose
from interview.conversation import Lang
from interview.errors import ConflictError, ConsentError, InputError, NotFoundError
from interview.ports import Clock, Utterance
from storage.database import transaction
from storage.erasing import erase
from storage.tables import consent_ledger, live_interviews, live_sound, sealing_keys, utterances
from storage.vault import DataKey, Vault

TRIES = 20
"""Two writers may want the same number in the chain; the later one tries again with the next."""


def key_of(db: Connection, vault: Vault, key_id: str) -> DataKey | None:
    """A key by its id, or None where it was destroyed."""
    wrapped = db.execute(select(sealing_keys.c.wrapped).where(sealing_keys.c.id == key_id)).scalar_one_or_none()
    return None if wrapped is None else vault.unwrap(key_id, wrapped)


def key_or_new(db: Connection, vault: Vault, key_id: str) -> DataKey:
    """A key by its id, made where there is none."""
    key = key_of(db, vault, key_id)
    if key is None:
        key, wrapped = vault.new_key(key_id)
        db.execute(insert(sealing_keys).values(id=key_id, wrapped=wrapped))
    return key


def hold(db: Connection, interview_id: str) -> None:
    """Take the interview's row for writing before anything is read of it, so that what was checked still holds at the
    commit: SQLite begins its transaction at the first write, PostgreSQL locks the row."""
    db.execute(update(live_interviews).where(live_interviews.c.id == interview_id).values(id=interview_id))


class SqlLedger:
    """The chain. There is no method that changes or removes an entry."""

    def __init__(self, engine: Engine, vault: Vault, head: Path | None = None) -> None:
        self._engine = engine
        self._vault = vault
        self._head = head
        """A file beside the database that says which entry was the last, so that none can be dropped from the end."""

    def append(self, draft: Entry, name: str) -> Entry:
        """Seal the name under the person's key, chain, store. In the same transaction, what was stored under purposes
        that hold no longer is destroyed and a receipt follows, so that nothing can come between the two."""
        for _ in range(TRIES):
            try:
                entry, last = self._append(draft, name)
            except ConflictError:
                continue
            self._keep_head(last)
            return entry
        raise ConflictError("the ledger is busy")

    def head(self) -> Head | None:
        """Number and digest; None where no such file is, or none can be read."""
        try:
            number, digest = self._head.read_text("ascii").split() if self._head else ("", "")
            return (int(number), digest) if number else None
        except (OSError, ValueError):
            return None

    def _keep_head(self, last: Entry) -> None:
        """Written whole or not at all. Where it can't be, the entry stands all the same and the file stays behind it."""
        if self._head is None:
            return
        draft = self._head.with_name(f".{self._head.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(f"{last.number} {last.digest}\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._head)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def _append(self, draft: Entry, name: str) -> tuple[Entry, Entry]:
        """The entry, and the last one stored with it."""
        with transaction(self._engine) as db:
            hold(db, draft.interview_id)
            before = standing(entries_of(db, draft.interview_id)).purposes
            entry = last = self._insert(db, draft, name)
            lost = before - standing(entries_of(db, draft.interview_id)).purposes
            if lost and _destroy_under(db, draft.interview_id, lost):
                last = self._insert(db, replace(draft, kind="erased", purposes=tuple(sorted(lost))), "")
        return entry, last

    def _insert(self, db: Connection, draft: Entry, name: str) -> Entry:
        last = (
            select(consent_ledger.c.number, consent_ledger.c.digest).order_by(consent_ledger.c.number.desc()).limit(1)
        )
        row = db.execute(last).one_or_none()
        number, before = (1, GENESIS) if row is None else (row.number + 1, row.digest)
        sealed = b""
        if name:
            key_id = _name_key(draft)
            sealed = key_or_new(db, self._vault, key_id).seal(name, f"{key_id}:{number}")
        entry = chained(replace(draft, name=sealed), number, before)
        values = {c.name: getattr(entry, c.name) for c in consent_ledger.columns}
        values["purposes"] = [str(p) for p in entry.purposes]
        db.execute(insert(consent_ledger).values(**values))
        return entry

    def entries(self, interview_id: str | None = None) -> tuple[Entry, ...]:
        """In order."""
        with transaction(self._engine) as db:
            return entries_of(db, interview_id)

    def name_of(self, entry: Entry) -> str | None:
        """The name, or None where it was forgotten or never given."""
        with transaction(self._engine) as db:
            key = key_of(db, self._vault, _name_key(entry))
        if key is None or not entry.name:
            return None
        return str(key.open(entry.name, f"{_name_key(entry)}:{entry.number}"))


def _name_key(entry: Entry) -> str:
    return f"name:{entry.party}:{entry.interview_id}"


def entries_of(db: Connection, interview_id: str | None) -> tuple[Entry, ...]:
    """Entries of one interview or all, in order."""
    query = select(consent_ledger).order_by(consent_ledger.c.number)
    if interview_id is not None:
        query = query.where(consent_ledger.c.interview_id == interview_id)
    return tuple(
        Entry(
            row.number, row.interview_id, row.party, row.kind, tuple(Purpose(p) for p in row.purposes),
            row.notice_version, row.notice_digest, row.lang, row.way, row.at, row.name, row.before, row.digest,
        )
        for row in db.execute(query)
    )  # fmt: skip


def _destroy_under(db: Connection, interview_id: str, purposes: Collection[Purpose]) -> bool:
    """Destroy what was stored under these purposes; whether there was anything."""
    over = select(live_interviews.c.ended).where(live_interviews.c.id == interview_id)
    words = Purpose.TRANSCRIBE in purposes or (
        Purpose.KEEP_TRANSCRIPT in purposes and bool(db.execute(over).scalar_one_or_none())
    )
    gone = _destroy_sound(db, interview_id) if Purpose.KEEP_AUDIO in purposes else False
    if words or Purpose.CUES in purposes:
        gone = _destroy(db, interview_id, words=words) or gone
    return gone


def _destroy(db: Connection, interview_id: str, *, words: bool) -> bool:
    keys = [f"cues:{interview_id}"] + ([f"words:{interview_id}"] if words else [])
    gone = erase(db, "key", sealing_keys.c.id.in_(keys))
    if words:
        db.execute(delete(utterances).where(utterances.c.interview_id == interview_id))
        emptied = update(live_interviews).where(live_interviews.c.id == interview_id).values(minutes=None)
        db.execute(emptied)  # minutes quote the words
    else:
        db.execute(update(utterances).where(utterances.c.interview_id == interview_id).values(cues=None))
    return gone > 0


def _destroy_sound(db: Connection, interview_id: str) -> bool:
    gone = erase(db, "key", sealing_keys.c.id == f"sound:{interview_id}")
    db.execute(delete(live_sound).where(live_sound.c.interview_id == interview_id))
    return gone > 0


class SqlInterviews:
    """Interviews and what was heard in them. Words and cues have a key each, so that either can be destroyed alone."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def create(self, interview: LiveInterview) -> None:
        """Store a new one."""
        with transaction(self._engine) as db:
            key = key_or_new(db, self._vault, interview.id)
            db.execute(
                insert(live_interviews).values(
                    id=interview.id, owner_id=interview.owner_id, lang=_stored(interview.lang, mixed=interview.mixed),
                    created_at=interview.created_at.isoformat(), link_hash=interview.link_hash,
                    link_until=interview.link_until.isoformat(), ended=interview.ended,
                    title=key.seal(interview.title, f"title:{interview.id}"),
                )
            )  # fmt: skip

    def get(self, interview_id: str) -> LiveInterview:
        """Raises NotFoundError."""
        return self._one(live_interviews.c.id == interview_id, "error.no_interview")

    def by_link(self, link_hash: str) -> LiveInterview:
        """Raises NotFoundError."""
        return self._one(live_interviews.c.link_hash == link_hash, "error.link")

    def owned_by(self, owner_id: str) -> tuple[LiveInterview, ...]:
        """Newest first."""
        query = (
            select(live_interviews)
            .where(live_interviews.c.owner_id == owner_id)
            .order_by(live_interviews.c.created_at.desc())
        )
        with transaction(self._engine) as db:
            return tuple(self._opened(db, row) for row in db.execute(query))

    def end(self, interview_id: str) -> None:
        """Over; without consent to keep the text, what was heard is destroyed."""
        with transaction(self._engine) as db:
            db.execute(update(live_interviews).where(live_interviews.c.id == interview_id).values(ended=True))
            kept = standing(entries_of(db, interview_id)).purposes
            if Purpose.KEEP_TRANSCRIPT not in kept:
                _destroy(db, interview_id, words=True)

    def speak(self, interview_id: str, lang: Lang, *, mixed: bool) -> None:
        """Another language from now on."""
        with transaction(self._engine) as db:
            one = live_interviews.c.id == interview_id
            db.execute(update(live_interviews).where(one).values(lang=_stored(lang, mixed=mixed)))

    def expire(self, before: dt.datetime) -> int:
        """Destroy what was heard in interviews that began before a moment; how many there were."""
        began = live_interviews.c.created_at < before.isoformat()
        with transaction(self._engine) as db:
            old = list(db.execute(select(live_interviews.c.id).where(began)).scalars())
            gone = [(_destroy(db, one, words=True), _destroy_sound(db, one)) for one in old]
            return sum(any(of_one) for of_one in gone)

    def delete(self, interview_id: str) -> None:
        """Destroy the interview and everything heard in it; the ledger keeps its entries."""
        with transaction(self._engine) as db:
            _destroy(db, interview_id, words=True)
            _destroy_sound(db, interview_id)
            erase(db, "key", sealing_keys.c.id == interview_id)
            gone = db.execute(delete(live_interviews).where(live_interviews.c.id == interview_id))
            if gone.rowcount != 1:
                raise NotFoundError("no such interview", message_key="error.no_interview")

    def add(self, grant: ConsentGrant, utterance: Utterance) -> Utterance:
        """Store what was said, if both people's consent still holds at this moment; raises ConsentError otherwise."""
        return self._keep(grant, [(utterance, {})])[0]

    def add_recorded(self, grant: ConsentGrant, recording: str, lines: Sequence[Line]) -> tuple[Utterance, ...]:
        """The same for lines of a recording: all are stored or none, but for those that are there already.

        ``recording``: the digest of the file they were heard in. Returns what was stored.
        """
        given = [(one.said, {"recording": recording, "channel": one.channel, "at_s": one.at_s}) for one in lines]
        return self._keep(grant, given)

    def recorded(self, interview_id: str, recording: str) -> Reached | None:
        """What is stored of a recording, corrected since or not; None where nothing is."""
        with transaction(self._engine) as db:
            return self._reached(db, interview_id, recording)

    def _keep(self, grant: ConsentGrant, given: Sequence[tuple[Utterance, Mapping[str, Any]]]) -> tuple[Utterance, ...]:
        """Their numbers follow what is there."""
        interview_id = grant.interview_id
        with transaction(self._engine) as db:
            hold(db, interview_id)
            now = standing(entries_of(db, interview_id)).purposes
            if Purpose.TRANSCRIBE not in now:
                raise ConsentError("withdrawn", message_key="error.withdrawn")
            if db.execute(select(live_interviews.c.ended).where(live_interviews.c.id == interview_id)).scalar_one():
                raise InputError("over", message_key="error.ended")
            recording = next((str(place["recording"]) for _, place in given if place), "")
            there = self._reached(db, interview_id, recording) if recording else None
            new = [(u, p) for u, p in given if there is None or (p["channel"], p["at_s"]) not in there.lines]
            first = int(db.execute(_count(interview_id)).scalar_one())
            return tuple(
                self._add(db, interview_id, replace(one, number=number), now, place)
                for number, (one, place) in enumerate(new, first)
            )

    def _add(
        self,
        db: Connection,
        interview_id: str,
        utterance: Utterance,
        now: Collection[Purpose],
        place: Mapping[str, Any],
    ) -> Utterance:
        number = utterance.number
        words = {"speaker": utterance.speaker, "text": utterance.text, "doubtful": utterance.doubtful,
                 "start_s": utterance.start_s, "end_s": utterance.end_s, "unsure": utterance.unsure, **place}  # fmt: skip
        key = key_or_new(db, self._vault, f"words:{interview_id}")
        sealed_cues = None
        if Purpose.CUES in now and utterance.cues:
            cues: Mapping[str, Any] = {"cues": [dict(c) for c in utterance.cues]}
            sealed_cues = key_or_new(db, self._vault, f"cues:{interview_id}").seal(cues, f"{interview_id}:{number}")
        db.execute(
            insert(utterances).values(
                interview_id=interview_id, number=number, at=self._clock.now().isoformat(),
                words=key.seal(words, f"words:{interview_id}:{number}"), cues=sealed_cues,
            )
        )  # fmt: skip
        return utterance if sealed_cues else replace(utterance, cues=())

    def _reached(self, db: Connection, interview_id: str, recording: str) -> Reached | None:
        key = key_of(db, self._vault, f"words:{interview_id}")
        if key is None:
            return None
        rows = db.execute(select(utterances).where(utterances.c.interview_id == interview_id))
        opened = (key.open(row.words, f"words:{interview_id}:{row.number}") for row in rows)
        own = [
            (float(words["start_s"]), int(words.get("channel", 0)), float(words.get("at_s", words["start_s"])))
            for words in opened if words.get("recording") == recording
        ]  # fmt: skip
        if not own:
            return None
        base_s = min(start_s - at_s for start_s, _, at_s in own)
        return Reached(round(base_s, 1), frozenset((channel, at_s) for _, channel, at_s in own))

    def heard(self, interview_id: str, last: int | None = None) -> tuple[Utterance, ...]:
        """Everything stored and not erased, in order; or the ``last`` so many."""
        query = select(utterances).where(utterances.c.interview_id == interview_id)
        query = query.order_by(utterances.c.number.desc()).limit(last)
        with transaction(self._engine) as db:
            key = key_of(db, self._vault, f"words:{interview_id}")
            cue_key = key_of(db, self._vault, f"cues:{interview_id}")
            rows = list(db.execute(query))[::-1] if key is not None else []
        found: list[Utterance] = []
        for row in rows:
            assert key is not None
            words = key.open(row.words, f"words:{interview_id}:{row.number}")
            cues: Sequence[Mapping[str, Any]] = ()
            if row.cues is not None and cue_key is not None:
                cues = cue_key.open(row.cues, f"{interview_id}:{row.number}")["cues"]
            found.append(
                Utterance(
                    row.number, words["speaker"], words["text"], words["doubtful"], words["start_s"], words["end_s"],
                    tuple(cues), words.get("unsure", False),
                )
            )  # fmt: skip
        return tuple(found)

    def correct(self, interview_id: str, utterance: Utterance) -> None:
        """Replace words, speaker or cues of one utterance."""
        words: dict[str, Any] = {"speaker": utterance.speaker, "text": utterance.text, "doubtful": utterance.doubtful,
                 "start_s": utterance.start_s, "end_s": utterance.end_s, "unsure": utterance.unsure}  # fmt: skip
        with transaction(self._engine) as db:
            hold(db, interview_id)
            key = key_of(db, self._vault, f"words:{interview_id}")
            if key is None:
                raise ConsentError("erased", message_key="error.withdrawn")
            cues = None
            if utterance.cues and Purpose.CUES in standing(entries_of(db, interview_id)).purposes:
                cue_key = key_or_new(db, self._vault, f"cues:{interview_id}")
                cues = cue_key.seal({"cues": [dict(c) for c in utterance.cues]}, f"{interview_id}:{utterance.number}")
            this = (utterances.c.interview_id == interview_id) & (utterances.c.number == utterance.number)
            before = db.execute(select(utterances.c.words).where(this)).scalar_one_or_none()
            if before is not None:
                opened = key.open(before, f"words:{interview_id}:{utterance.number}")
                words |= {name: opened[name] for name in ("recording", "channel", "at_s") if name in opened}
            changed = db.execute(
                update(utterances)
                .where(this)
                .values(words=key.seal(words, f"words:{interview_id}:{utterance.number}"), cues=cues)
            )
            if changed.rowcount != 1:
                raise NotFoundError("no such utterance", message_key="error.no_utterance")

    def save_minutes(self, interview_id: str, minutes: Mapping[str, Any]) -> None:
        """Keep the minutes as they stand; raises ConsentError where consent was withdrawn, for minutes quote the words."""
        with transaction(self._engine) as db:
            hold(db, interview_id)
            key = key_of(db, self._vault, interview_id)
            if key is None:
                raise NotFoundError("no such interview", message_key="error.no_interview")
            if Purpose.TRANSCRIBE not in standing(entries_of(db, interview_id)).purposes:
                raise ConsentError("withdrawn", message_key="error.withdrawn")
            sealed = key.seal(dict(minutes), f"minutes:{interview_id}")
            db.execute(update(live_interviews).where(live_interviews.c.id == interview_id).values(minutes=sealed))

    def minutes(self, interview_id: str) -> Mapping[str, Any] | None:
        """The minutes, or None."""
        with transaction(self._engine) as db:
            key = key_of(db, self._vault, interview_id)
            query = select(live_interviews.c.minutes).where(live_interviews.c.id == interview_id)
            sealed = db.execute(query).scalar_one_or_none()
        return None if sealed is None or key is None else key.open(sealed, f"minutes:{interview_id}")

    def _one(self, condition: Any, message_key: str) -> LiveInterview:
        with transaction(self._engine) as db:
            row = db.execute(select(live_interviews).where(condition)).one_or_none()
            if row is None:
                raise NotFoundError("no such interview", message_key=message_key)
            return self._opened(db, row)

    def _opened(self, db: Connection, row: Row[Any]) -> LiveInterview:
        key = key_of(db, self._vault, row.id)
        title = "" if key is None else str(key.open(row.title, f"title:{row.id}"))
        return LiveInterview(
            row.id, row.owner_id, title, row.lang.removesuffix(_MIXED), dt.datetime.fromisoformat(row.created_at),
            row.link_hash, dt.datetime.fromisoformat(row.link_until), row.ended, row.lang.endswith(_MIXED),
        )  # fmt: skip


_MIXED = "+"
"""Behind the language of an interview in which both are spoken."""


def _stored(lang: Lang, *, mixed: bool) -> str:
    return lang + _MIXED if mixed else lang


def _count(interview_id: str) -> Any:
    return select(func.count()).select_from(utterances).where(utterances.c.interview_id == interview_id)
