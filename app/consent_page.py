"""``/consent/SECRET``: the employee's page. The notice, purposes one by one, their own words, and the way out."""

import time
from collections import defaultdict, deque
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from app.join import page_html
from app.texts import message, t
from app.wiring import Services
from consent.notices import NEEDS, SENSITIVE, Purpose
from interview.conversation import LANGS, Lang
from interview.errors import TandaoError

if TYPE_CHECKING:
    from fastapi import FastAPI

WRONG_LINKS = 20
"""Wrong links from one address in ``WINDOW_S`` seconds after which it waits."""
WINDOW_S = 60.0


class Guesses:
    """Who has tried wrong links lately; a secret of 192 bits needs no more than that."""

    def __init__(self) -> None:
        self._wrong: defaultdict[str, deque[float]] = defaultdict(deque)

    def too_many(self, address: str) -> bool:
        """Whether this address has to wait."""
        recent = self._wrong[address]
        while recent and recent[0] < time.monotonic() - WINDOW_S:
            recent.popleft()
        return len(recent) >= WRONG_LINKS

    def wrong(self, address: str) -> None:
        """One more."""
        self._wrong[address].append(time.monotonic())


def mount_consent(app: "FastAPI", services: Services) -> None:
    """Add the page to the application."""
    from fastapi import Request
    from fastapi.responses import HTMLResponse, RedirectResponse, Response

    guesses = Guesses()

    def shown(request: Request, secret: str, lang: str, *, warning: str = "", done: str = "") -> HTMLResponse:
        address = request.client.host if request.client else ""
        own: Lang = services.settings.language
        if guesses.too_many(address):
            return HTMLResponse(page_html(own, f"<p class='flag'>{t('consent.wait', own)}</p>"), 429)
        try:
            interview = services.consents.linked(secret)
        except TandaoError as error:
            guesses.wrong(address)
            return HTMLResponse(page_html(own, f"<p class='flag'>{escape(message(error, own))}</p>"), 404)
        used: Lang = "en" if lang == "en" else "zh" if lang == "zh" else interview.lang
        thanks = _thanks(done, bool(services.consents.granted_by(interview.id, "employee")), used)
        body = _body(services, interview.id, secret, used, warning, thanks)
        return HTMLResponse(page_html(used, body), headers={"cache-control": "no-store"})

    def page(request: Request, secret: str, lang: str = "", done: str = "") -> HTMLResponse:
        return shown(request, secret, lang, done=done)

    def noted(secret: str, lang: str, done: str) -> RedirectResponse:
        """Lead on to a page of its own, so that loading it again says nothing again: no second yes by a swipe."""
        return RedirectResponse(f"/consent/{secret}?lang={lang}&done={done}", 303)

    async def answered(request: Request, secret: str, lang: str = "") -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=30)
        what = fields.get("what", [""])[0]
        used: Lang = "en" if lang == "en" else "zh"
        try:
            if what == "withdraw":
                services.consents.withdraw(secret)
                services.minutes.erase_withdrawn(services.consents.linked(secret).id)
                return noted(secret, used, "withdrawn")
            if what == "strike":
                services.live.strike(secret, int(fields.get("number", ["-1"])[0]), fields.get("kind", [""])[0])
                return noted(secret, used, "")
            chosen = (
                [p for p in services.consents.offered if str(p) in fields.get("purpose", [])] if what == "agree" else []
            )
            if what == "agree" and not chosen:
                return shown(request, secret, lang, warning=t("consent.nothing", used))
            services.consents.answer(secret, chosen, fields.get("name", [""])[0], used)
        except (TandaoError, ValueError) as error:
            text = message(error, used) if isinstance(error, TandaoError) else t("error.input", used)
            return shown(request, secret, lang, warning=text)
        return noted(secret, used, "thanks" if chosen else "refused")

    routes: list[tuple[Any, str]] = [(page, "GET"), (answered, "POST")]
    for handler, method in routes:
        app.add_api_route("/consent/{secret}", handler, methods=[method], response_class=HTMLResponse)


def _thanks(done: str, granted: bool, lang: Lang) -> str:
    """What is said once after an answer, as long as it is still true."""
    true = {"thanks": granted, "refused": not granted, "withdrawn": not granted}
    return t(f"consent.{done}", lang) if true.get(done) else ""


def _body(services: Services, interview_id: str, secret: str, lang: Lang, warning: str, thanks: str) -> str:
    read = services.consents.notice(lang)
    words = read.words
    here = f"/consent/{escape(secret)}?lang={lang}"
    granted = services.consents.granted_by(interview_id, "employee")
    switch = " · ".join(
        f"<a href='/consent/{escape(secret)}?lang={other}'>{'中文' if other == 'zh' else 'English'}</a>"
        for other in LANGS
    )
    sections = "".join(f"<h2>{escape(s['name'])}</h2><p>{escape(s['text'])}</p>" for s in words["sections"])
    boxes: list[str] = []
    apart: list[str] = []
    for purpose in services.consents.offered:
        name, text = read.purpose(purpose)
        ticked = " checked" if purpose in granted else ""
        rests = ""
        if purpose in NEEDS:
            rests = f" <span class='note'>{t('consent.needs', lang, name=read.purpose(NEEDS[purpose])[0])}</span>"
        (apart if purpose in SENSITIVE else boxes).append(
            f"<label class='box'><input type='checkbox' name='purpose' value='{purpose}'{ticked}> <b>{escape(name)}</b>"
            f"<br>{escape(text)}{rests}</label>"
        )
    notes = f"<p class='flag' role='alert'>{escape(warning)}</p>" if warning else ""
    notes += f"<p role='status'><b>{escape(thanks)}</b></p>" if thanks else ""
    if apart:
        boxes.append(f"<h3>{escape(words['sensitive']['name'])}</h3>{''.join(apart)}")
    form = (
        f"<form method='post' action='{here}'>{''.join(boxes)}<label for='name'>{escape(words['name'])}</label>"
        f"<input id='name' name='name' maxlength='60' autocomplete='name'>"
        f"<div class='pair'><button name='what' value='agree'>{escape(words['agree'])}</button>"
        f"<button name='what' value='refuse' formnovalidate>{escape(words['refuse'])}</button></div></form>"
    )
    out = ""
    if granted:
        listen = ""
        if services.consents.is_over(interview_id):
            listen = f"<p>{t('live.over', lang)}</p>"
        elif Purpose.TRANSCRIBE in services.consents.standing(interview_id).purposes:
            listen = _listen(secret, lang)
        out = (
            f"<h2>{t('consent.granted', lang)}</h2><p>{('、' if lang == 'zh' else ', ').join(escape(read.purpose(p)[0]) for p in Purpose if p in granted)}</p>"
            f"<form method='post' action='{here}'><button class='stop' name='what' value='withdraw'>"
            f"{t('consent.withdraw', lang)}</button></form>{listen}{_own_words(services, secret, here, lang)}"
        )
    return (
        f"<p class='note'>{switch}</p><h1>{escape(words['title'])}</h1>{notes}<p>{escape(words['lead'])}</p>{out}{sections}"
        f"<h2>{t('consent.purposes', lang)}</h2>{form}<p class='note'>{t('consent.version', lang, version=read.version)} "
        f"<code>{read.digest[:16]}</code> · "
        f"<a href='/consent/{escape(secret)}/my-data?lang={lang}'>{t('data.link', lang)}</a></p>"
    )


def _listen(secret: str, lang: Lang) -> str:
    """This phone as the employee's own microphone."""
    said = " ".join(
        f'data-{key}="{escape(t("hearing." + key, lang))}"'
        for key in (
            "ready",
            "stopped",
            "no_microphone",
            "reconnecting",
            "restarting",
            "withdrawn",
            "over",
            "no_grant",
            "busy",
            "lost",
            "kept_here",
        )
    )
    said += (
        f' data-cannot="{escape(t("consent.cannot_hear", lang))}" data-insecure="{escape(t("consent.insecure", lang))}"'
    )
    return (
        f"<h2>{t('consent.listen', lang)}</h2><p class='note'>{t('consent.listen_about', lang)}</p>"
        f"<button type='button' id='listen' data-token='{escape(secret)}'>{t('live.listen', lang)}</button> "
        f"<button type='button' id='hush'>{t('live.hush', lang)}</button>"
        f"<p id='hearing' role='status' {said}></p><script src='/live/capture.js'></script><script>"
        "const box=document.getElementById('hearing');document.getElementById('listen').onclick=(e)=>"
        "window.tandaoCapture.start(e.target.dataset.token,(v)=>{if(v.type==='tentative'||v.type==='ack'||"
        "v.type==='committed')return;const n={lost:'lost',gap:'lost',stopped:'cannot'}[v.text],w=v.why||'';"
        "if(v.type==='notice'&&!n)return;const k=v.type==='notice'?n:w==='error.live_busy'?'busy':"
        "w.startsWith('error.')?'cannot':w;"
        "const said=box.dataset[k]||(v.type==='stopped'?box.dataset.cannot:box.dataset[v.type]);"
        "if(said)box.textContent=said;});"
        "document.getElementById('hush').onclick=()=>{window.tandaoCapture.stop();box.textContent=box.dataset.stopped;};"
        "</script>"
    )


def _own_words(services: Services, secret: str, here: str, lang: Lang) -> str:
    rows: list[str] = []
    for utterance in services.live.own_words(secret):
        kinds: dict[str, list[str]] = {}
        for cue in utterance.cues:
            if cue["strength"] >= 0.5:
                kinds.setdefault(str(cue["kind"]), []).append(f"<mark>{escape(str(cue['quote']))}</mark>")
        strikes = "".join(
            f"<form method='post' action='{here}' class='inline'><input type='hidden' name='number' value='{utterance.number}'>"
            f"<input type='hidden' name='kind' value='{escape(kind)}'>{t('cue.' + kind, lang)}: "
            f"{' '.join(dict.fromkeys(quotes))} "
            f"<button class='small' name='what' value='strike'>{t('consent.strike', lang)}</button></form>"
            for kind, quotes in kinds.items()
        )
        rows.append(f"<li>{escape(utterance.text)}{strikes}</li>")
    if not rows:
        return ""
    return f"<h2>{t('consent.own_words', lang)}</h2><ol>{''.join(rows)}</ol>"
