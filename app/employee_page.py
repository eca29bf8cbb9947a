"""``/me/SECRET``: an employee's own page for one talk. No account; what it can do is what ``Visit`` allows.

Everything works without script; with it, what is typed is kept as it is typed.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from app.consent_page import Guesses
from app.employee_after import pulse_from
from app.employee_parts import answers_from, page_body
from app.join import page_html
from app.texts import message, t
from app.wiring import Services
from cycle.employee import Visit
from interview.conversation import Lang
from interview.errors import ConflictError, InputError, TandaoError

if TYPE_CHECKING:
    from fastapi import FastAPI

Fields = Mapping[str, str]
DONE = ("saved", "sent", "confirmed", "differs", "ticked", "pulse")
"""What a finished action may say on the page it leads back to; texts ``me.done_*``."""
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


def mount_employee(app: "FastAPI", services: Services) -> None:
    """Add the page to the application."""
    from fastapi import Request
    from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

    guesses = Guesses()
    own: Lang = services.settings.language

    def closed(status: int, text: str) -> HTMLResponse:
        return HTMLResponse(page_html(own, f"<p class='flag' role='alert'>{escape(text)}</p>"), status, HEADERS)

    def visit_of(request: Request, secret: str) -> Visit | HTMLResponse:
        address = request.client.host if request.client else ""
        if guesses.too_many(address):
            return closed(429, t("consent.wait", own))
        try:
            return services.visits.open(secret)
        except TandaoError as error:
            guesses.wrong(address)
            return closed(404, message(error, own))

    def shown(
        visit: Visit, secret: str, lang: Lang, fields: Fields | None = None, *, warning: str = "", done: str = "",
        status: int = 200,
    ) -> HTMLResponse:  # fmt: skip
        notes = f"<p class='flag' role='alert'>{escape(warning)}</p>" if warning else ""
        notes += f"<p role='status'><b>{escape(t('me.done_' + done, lang))}</b></p>" if done in DONE else ""
        body = page_body(services, visit, secret, lang, notes, fields)
        return HTMLResponse(page_html(lang, body), status, HEADERS)

    def page(request: Request, secret: str, lang: str = "", done: str = "") -> Response:
        visit = visit_of(request, secret)
        if not isinstance(visit, Visit):
            return visit
        return shown(visit, secret, _used(lang, visit), done=done)

    async def posted(request: Request, secret: str, lang: str = "") -> Response:
        fields = _fields(await request.body())
        visit = visit_of(request, secret)
        what = fields.get("what", "")
        if not isinstance(visit, Visit):
            return JSONResponse({"text": t("error.me_link", own)}, 404) if what == "autosave" else visit
        used = _used(lang, visit)
        try:
            if what == "autosave":
                version = services.assessments.save(visit, answers_from(fields), _number(fields, "version"))
                return JSONResponse({"version": version, "text": t("me.kept", used)}, headers=HEADERS)
            done = _ACTIONS[what](services, visit, fields) if what in _ACTIONS else ""
        except TandaoError as error:
            status = 409 if isinstance(error, ConflictError) else 400
            if what == "autosave":
                return JSONResponse({"text": message(error, used)}, status)
            return shown(
                services.visits.open(secret), secret, used, fields, warning=message(error, used), status=status
            )
        return RedirectResponse(f"/me/{secret}?lang={used}&done={done}", 303, HEADERS)

    routes: list[tuple[Any, str]] = [(page, "GET"), (posted, "POST")]
    for handler, method in routes:
        app.add_api_route("/me/{secret}", handler, methods=[method], response_class=HTMLResponse)


def _save(services: Services, visit: Visit, fields: Fields) -> str:
    services.assessments.save(visit, answers_from(fields), _number(fields, "version"))
    return "saved"


def _send(services: Services, visit: Visit, fields: Fields) -> str:
    services.assessments.send(visit, answers_from(fields), _number(fields, "version"))
    return "sent"


def _confirm(services: Services, visit: Visit, fields: Fields) -> str:
    services.minutes.confirm_as_employee(visit, _number(fields, "number"), fields.get("view", ""))
    return "confirmed"


def _differ(services: Services, visit: Visit, fields: Fields) -> str:
    services.minutes.differ(visit, _number(fields, "number"), fields.get("view", ""))
    return "differs"


def _tick(services: Services, visit: Visit, fields: Fields) -> str:
    note = "".join(c for c in fields.get("note", "") if c.isprintable())
    services.plans.tick_as_employee(visit, fields.get("action", ""), fields.get("period", ""), note)
    return "ticked"


def _pulse(services: Services, visit: Visit, fields: Fields) -> str:
    services.pulses.answer(visit, pulse_from(fields))
    return "pulse"


_ACTIONS: Mapping[str, Callable[[Services, Visit, Fields], str]] = {
    "save": _save,
    "send": _send,
    "confirm": _confirm,
    "differ": _differ,
    "tick": _tick,
    "pulse": _pulse,
}


def _fields(body: bytes) -> dict[str, str]:
    """The form's fields, the first of each; too many are as good as none."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=60)
    except ValueError:
        return {}
    return {name: values[0].replace("\r\n", "\n") for name, values in found.items()}


def _number(fields: Fields, name: str) -> int:
    text = fields.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InputError(name)
    return int(text)


def _used(lang: str, visit: Visit) -> Lang:
    return "en" if lang == "en" else "zh" if lang == "zh" else visit.profile.lang
