"""``tandao consent show|verify``: the ledger in the terminal."""

import json
from collections.abc import Iterator

from app.texts import t
from app.wiring import build_services
from consent.ledger import Entry
from interview.conversation import Lang


def show(interview_id: str | None, as_json: bool) -> Iterator[str]:
    """A line an entry; names only where they were not forgotten."""
    services = build_services()
    for entry in services.consents.entries(interview_id):
        name = services.ledger.name_of(entry)
        yield json.dumps(_plain(entry, name), ensure_ascii=False) if as_json else _line(entry, name)


def _plain(entry: Entry, name: str | None) -> dict[str, object]:
    return {
        "number": entry.number, "interview": entry.interview_id, "party": entry.party, "kind": entry.kind,
        "purposes": [str(p) for p in entry.purposes], "notice_version": entry.notice_version,
        "notice_sha256": entry.notice_digest, "lang": entry.lang, "way": entry.way, "at": entry.at, "name": name,
        "before": entry.before, "sha256": entry.digest,
    }  # fmt: skip


def _line(entry: Entry, name: str | None) -> str:
    purposes = ",".join(str(p) for p in entry.purposes) or "-"
    return (
        f"{entry.number}  {entry.at[:19]}  {entry.interview_id}  {entry.party} {name or '-'}  {entry.kind}  {purposes}  "
        f"{entry.notice_version}  {entry.way}  {entry.digest[:12]}"
    )


def verify(lang: Lang) -> tuple[bool, str]:
    """Whether the chain is whole, and the sentence that says so."""
    services = build_services()
    broken = services.consents.verify()
    if broken is None:
        return True, t("consent.whole", lang, count=len(services.consents.entries()))
    return False, t("consent.broken", lang, number=broken)
