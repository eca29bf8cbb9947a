"""``/my-data``: what is kept of whoever looks, as a page to read and a file for machines; an employee's by their own link."""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import yaml

from app.acting import account_of
from app.consent_page import Guesses
from app.join import page_html
from app.report_command import write_new
from app.texts import message, t
from app.wiring import Services, build_services
from cycle.employee import Visit, private_word
from interview.actor import Actor
from interview.conversation import LANGS, Lang
from interview.errors import InputError, NotFoundError, TandaoError
from people.accounts import Account

if TYPE_CHECKING:
    from fastapi import FastAPI

Data = Mapping[str, Any]
FORMAT = "tandao.my-data.1"
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
REPORT_PARTS, REPORT_FIELDS = ("strengths", "findings"), ("turn", "quote", "text", "better")
"""Of a report the page shows what was found; the file has all of it."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_STYLE = (
    "<style>main{max-width:52rem}dl{display:grid;grid-template-columns:minmax(6rem,10rem) 1fr;gap:.15rem .8rem;margin:.3rem 0}"
    "dt{color:#57534e}dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}dd>.box:first-child{margin-top:0}"
    "summary{font-weight:600;cursor:pointer}details{margin:.5rem 0}@media(max-width:30rem){dl{grid-template-columns:1fr}"
    "dt{margin-top:.3rem}}@media print{details>:not(summary){display:block}.no-print{display:none}}</style>"
)


def of_person(services: Services, actor: Actor, account: Account | None) -> Data:
    """Everything the acting person owns. ``account``: where people sign in."""
    found: dict[str, Any] = {}
    if account is not None:
        found["account"] = [
            {"login": account.login, "name": account.name, "role": str(account.role),
             "created_at": account.created_at.isoformat(),
             "seen_at": account.seen_at.isoformat() if account.seen_at else None}
        ]  # fmt: skip
    return _headed(found | services.own.of(actor.id))


def of_employee(services: Services, visit: Visit) -> Data:
    """What one talk's private link shows its employee: nothing of the manager's own preparation."""
    figures, events = services.visits.picture(visit)
    minutes, plan = services.minutes.shown_to(visit), services.plans.shown_to(visit)
    sheet, _ = services.assessments.own(visit)
    talk = visit.about
    private = {"expectations"} if private_word(str(visit.profile.expectations)) else set[str]()
    facts = talk.model_dump(mode="json", include={"at", "zone", "place", "minutes", "purpose", "bring", "cancelled"})
    return _headed(
        {
            "person": [visit.profile.model_dump(mode="json", exclude={"left"} | private)],
            "talk": [facts | {"until": visit.until.isoformat()}],
            "figures": [f.model_dump(mode="json") for f in figures],
            "events": [e.model_dump(mode="json") for e in events],
            "self-assessment": [sheet.model_dump(mode="json")] if sheet != type(sheet)() else [],
            "minutes": [
                minutes.version.model_dump(mode="json", exclude={"live_id"})
                | ({"words": [minutes.word.model_dump(mode="json")]} if minutes.word else {})
            ] if minutes else [],
            "plan": [plan.model_dump(mode="json")] if plan else [],
        }
    )  # fmt: skip


def of_listener(services: Services, secret: str) -> Data:
    """What the link of a live interview shows its employee: what they agreed to and their own words."""
    interview = services.consents.linked(secret)
    said = services.live.own_words(secret) if services.consents.granted_by(interview.id, "employee") else ()
    return _headed(
        {
            "consents": services.own.consents(interview.id, "employee"),
            "words": [
                {"number": u.number, "text": u.text, "start_s": u.start_s, "end_s": u.end_s, "doubtful": u.doubtful,
                 "cues": [dict(cue) for cue in u.cues]}
                for u in said
            ],
        }
    )  # fmt: skip


def save(folder: Path, lang: Lang | None) -> str:
    """Both as new files, and the line that says so; where people sign in this is refused, each has it in the page."""
    services = build_services()
    used = lang or services.settings.language
    data = of_person(services, services.acting(used), None)
    page, file = folder / "tandao-my-data.html", folder / "tandao-my-data.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(error), message_key="error.file_write", path=str(folder)) from error
    for path, text in ((page, as_page(data, used)), (file, as_json(data))):
        write_new(path, text)
    return t("cli.my_data", used, page=str(page), file=str(file))


def _headed(sections: Data) -> Data:
    """With what it is and when it was made."""
    return {"format": FORMAT, "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), **sections}


def as_json(data: Data) -> str:
    """For machines, every field."""
    return json.dumps(data, ensure_ascii=False, indent=1)


def as_page(data: Data, lang: Lang, file_link: str = "", who: str = "") -> str:
    """To be read and printed, in one self-contained page. ``file_link``: where the file for machines is; ``who``: who may
    see this page."""
    parts = [
        f"<details{' open' if len(entries) < 4 else ''}><summary>{_name('sections', section, lang)} · {len(entries)}</summary>"
        + "".join(f"<div class='box'>{_shown(entry, lang)}</div>" for entry in entries)
        + "</details>"
        for section, entries in _sections(data)
        if entries
    ]  # fmt: skip
    switch = " · ".join(f"<a href='?lang={other}'>{'中文' if other == 'zh' else 'English'}</a>" for other in LANGS)
    links = f"<p class='note no-print'>{switch}</p>" if file_link else ""
    save = (
        f"<p class='no-print'><a class='button' href='{file_link}' download>{t('data.file', lang)}</a></p>"
        if file_link
        else ""
    )
    body = "".join(parts) or f"<p>{t('data.nothing', lang)}</p>"
    made = _time(str(data["made_at"]))
    return page_html(
        lang,
        f"{_STYLE}{links}<h1>{t('data.title', lang)}</h1><p class='note no-print'>{who}</p><p class='note'>{t('data.about', lang)} {made}</p>{save}{body}",
    )


def _sections(data: Data) -> list[tuple[str, list[Any]]]:
    return [(name, cast("list[Any]", entries)) for name, entries in data.items() if isinstance(entries, list)]


def _shown(value: Any, lang: Lang) -> str:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        rows = [
            f"<dt>{_name('fields', key, lang)}</dt><dd>{_shown(_short(key, inner), lang)}</dd>"
            for key, inner in fields.items()
            if key in _names()["fields"] and inner not in (None, "", [], {}, ())
        ]
        return f"<dl>{''.join(rows)}</dl>"
    if isinstance(value, (list, tuple)):
        entries = cast("Sequence[Any]", value)
        if not any(isinstance(inner, (Mapping, list)) for inner in entries):
            return ("、" if lang == "zh" else ", ").join(_shown(inner, lang) for inner in entries)
        return "".join(f"<div class='box'>{_shown(inner, lang)}</div>" for inner in entries)
    return escape(_time(_name("values", str(value), lang)))


def _short(key: str, value: Any) -> Any:
    """Of a report, what was found."""
    if key != "report":
        return value
    return {
        part: [{name: entry.get(name) for name in REPORT_FIELDS} for entry in value.get(part, ())]
        for part in REPORT_PARTS
    }


def _time(text: str) -> str:
    """A moment as the machine's own time zone has it, to the minute; anything else as it is."""
    if not _TIME.fullmatch(text):
        return text
    try:
        return dt.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


@cache
def _names() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return yaml.safe_load(files("app").joinpath("locales", "fields.yaml").read_text(encoding="utf-8"))


def _name(table: Literal["sections", "fields", "values"], key: str, lang: Lang) -> str:
    named = _names()[table].get(key)
    return str(named[LANGS.index(lang)]) if named else key


def mount_my_data(app: "FastAPI", services: Services) -> None:
    """Add the page and the file to the application, for people who sign in and for the bearers of links."""
    from fastapi import Request
    from fastapi.responses import HTMLResponse, Response

    guesses, own = Guesses(), services.settings.language

    def lang_of(asked: str, otherwise: Lang) -> Lang:
        return "en" if asked == "en" else "zh" if asked == "zh" else otherwise

    def answer(data: Data, lang: Lang, path: str, who: str = "") -> Response:
        if path.endswith(".json"):
            head = {"content-disposition": 'attachment; filename="tandao-my-data.json"'}
            return Response(as_json(data), media_type="application/json", headers=HEADERS | head)
        return HTMLResponse(as_page(data, lang, f"{path}.json", who), headers=HEADERS)

    def mine(request: Request, lang: str = "") -> Response:
        used = lang_of(lang, own)
        actor = services.acting(used, scope=request.scope)
        who = "" if services.settings.accounts_on else t("app.single_user", used)
        return answer(of_person(services, actor, account_of(request.scope)), used, request.url.path, who)

    def by_link(request: Request, room: str, secret: str, lang: str = "") -> Response:
        address, used = request.client.host if request.client else "", lang_of(lang, own)
        if guesses.too_many(address):
            return HTMLResponse(page_html(used, f"<p class='flag'>{t('consent.wait', used)}</p>"), 429, HEADERS)
        try:
            data = (
                of_employee(services, services.visits.open(secret)) if room == "me" else of_listener(services, secret)
            )
        except TandaoError as error:
            if isinstance(error, NotFoundError):
                guesses.wrong(address)
            text = f"<p class='flag' role='alert'>{escape(message(error, used))}</p>"
            return HTMLResponse(page_html(used, text), 404, HEADERS)
        return answer(data, used, request.url.path)

    def from_me(request: Request, secret: str, lang: str = "") -> Response:
        return by_link(request, "me", secret, lang)

    def from_consent(request: Request, secret: str, lang: str = "") -> Response:
        return by_link(request, "consent", secret, lang)

    routes: tuple[tuple[str, Any], ...] = (
        ("/my-data", mine), ("/me/{secret}/my-data", from_me), ("/consent/{secret}/my-data", from_consent),
    )  # fmt: skip
    for path, handler in routes:
        for ending in ("", ".json"):
            app.add_api_route(path + ending, handler, methods=["GET"], response_class=HTMLResponse)
