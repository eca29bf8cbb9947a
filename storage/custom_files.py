"""Personas and scenarios that were edited in the page, sealed, each under a key of its own."""

import hashlib
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update

from interview.errors import NotFoundError
from interview.ports import Clock, CustomFile
from storage.database import transaction
from storage.erasing import erase
from storage.tables import custom_files, sealing_keys
from storage.vault import Vault


class SqlCustomFiles:
    """Keeps one text for each kind, id and language."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def save(self, file: CustomFile) -> None:
        """Add or replace."""
        key_id = _key_id(file.kind, file.id, file.lang)
        now = self._clock.now().isoformat()
        with transaction(self._engine) as db:
            wrapped = db.execute(select(sealing_keys.c.wrapped).where(sealing_keys.c.id == key_id)).scalar_one_or_none()
            if wrapped is None:
                key, wrapped = self._vault.new_key(key_id)
                db.execute(insert(sealing_keys).values(id=key_id, wrapped=wrapped))
                db.execute(
                    insert(custom_files).values(
                        kind=file.kind, id=file.id, lang=file.lang, key_id=key_id, editor_id=file.editor_id, updated_at=now,
                        content=key.seal(file.text, key_id),
                    )
                )  # fmt: skip
                return
            key = self._vault.unwrap(key_id, wrapped)
            db.execute(
                update(custom_files)
                .where(custom_files.c.kind == file.kind, custom_files.c.id == file.id, custom_files.c.lang == file.lang)
                .values(editor_id=file.editor_id, updated_at=now, content=key.seal(file.text, key_id))
            )

    def all(self) -> tuple[CustomFile, ...]:
        """Every edited file."""
        query = select(custom_files, sealing_keys.c.wrapped).join(
            sealing_keys, sealing_keys.c.id == custom_files.c.key_id
        )
        with transaction(self._engine) as db:
            return tuple(self._opened(row) for row in db.execute(query))

    def get(self, kind: str, file_id: str, lang: str) -> CustomFile | None:
        """One of them, or None."""
        query = (
            select(custom_files, sealing_keys.c.wrapped)
            .join(sealing_keys, sealing_keys.c.id == custom_files.c.key_id)
            .where(custom_files.c.key_id == _key_id(kind, file_id, lang))
        )
        with transaction(self._engine) as db:
            row = db.execute(query).one_or_none()
        return None if row is None else self._opened(row)

    def _opened(self, row: Row[Any]) -> CustomFile:
        text = self._vault.unwrap(row.key_id, row.wrapped).open(row.content, row.key_id)
        return CustomFile(row.kind, row.id, row.lang, row.editor_id, str(text))

    def delete(self, kind: str, file_id: str, lang: str) -> None:
        """Destroy its key and row; raises NotFoundError."""
        with transaction(self._engine) as db:
            erase(db, "key", sealing_keys.c.id == _key_id(kind, file_id, lang))
            gone = db.execute(
                delete(custom_files).where(
                    custom_files.c.kind == kind, custom_files.c.id == file_id, custom_files.c.lang == lang
                )
            )
            if gone.rowcount != 1:
                raise NotFoundError("no such file")


def _key_id(kind: str, file_id: str, lang: str) -> str:
    return "file:" + hashlib.blake2s(f"{kind}:{lang}:{file_id}".encode(), digest_size=16).hexdigest()
