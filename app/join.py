"""``/join/CODE``: the small page on which people in a class answer a moment. No account, no name, no script."""

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from app.moments import moment_of
from app.texts import message, t
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import TandaoError
from review.classrooms import MAX_ANSWER

if TYPE_CHECKING:
    from fastapi import FastAPI

_STYLE = """
body{font:17px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;margin:0;color:#1c1917;
background:#fafaf9}main{max-width:34rem;margin:0 auto;padding:1rem}blockquote{margin:.6rem 0;padding:.6rem .9rem;
background:#e6f4f1;border-left:4px solid #0f766e;border-radius:0 10px 10px 0}textarea{width:100%;box-sizing:border-box;
font:inherit;padding:.6rem;border:1px solid #a8a29e;border-radius:10px}button{font:inherit;margin-top:.6rem;width:100%;
padding:.7rem;border:0;border-radius:10px;background:#0f766e;color:#fff}.note{color:#57534e;font-size:.9rem}
.flag{color:#b91c1c}h1{font-size:1.35rem}h2{font-size:1.05rem;margin:1.1rem 0 .2rem}input:not([type=checkbox]){width:100%;
box-sizing:border-box;font:inherit;padding:.55rem;border:1px solid #a8a29e;border-radius:10px}.box{display:block;margin:.6rem 0;
padding:.6rem .7rem;border:1px solid #d6d3d1;border-radius:10px;background:#fff}.box input{width:1.2rem;height:1.2rem;
vertical-align:middle}.pair{display:flex;gap:.7rem}.pair button{flex:1}.stop{background:#b45309}.small{width:auto;
padding:.1rem .6rem;margin:0 0 0 .4rem;font-size:.85rem}.inline{margin:.2rem 0}
.card{margin:.6rem 0;padding:.6rem .7rem;border:1px solid #d6d3d1;border-radius:10px;background:#fff}
select{width:100%;font:inherit;padding:.55rem;border:1px solid #a8a29e;border-radius:10px;background:#fff}
a.button{display:block;text-align:center;padding:.7rem;border:1px solid #0f766e;border-radius:10px;color:#0f766e;
text-decoration:none}summary{cursor:pointer;padding:.2rem 0}ol{padding-left:1.2rem}
"""


def mount_join(app: "FastAPI", services: Services) -> None:
    """Add the page to the application."""
    from fastapi import Request
    from fastapi.responses import HTMLResponse

    def shown(code: str, *, said: str = "", warning: str = "", thanks: str = "") -> HTMLResponse:
        try:
            invitation = services.classrooms.invitation(code)
            moment = moment_of(services, invitation)
        except TandaoError as error:
            lang = services.settings.language
            return HTMLResponse(page_html(lang, f"<p class='flag'>{escape(message(error, lang))}</p>"), 404)
        lang = invitation.lang
        notes = f"<p class='flag'>{escape(warning)}</p>" if warning else ""
        notes += f"<p><b>{escape(thanks)}</b></p>" if thanks else ""
        form = (
            f"<form method='post' action='/join/{escape(code)}'><label for='answer'>{t('join.answer', lang)}</label>"
            f"<textarea autocomplete='off' id='answer' name='answer' rows='5' maxlength='{MAX_ANSWER}' required>{escape(said)}</textarea>"
            f"<button>{t('join.send', lang)}</button></form><p class='note'>{t('join.private', lang)}</p>"
        )
        body = (
            f"<p class='note'>{escape(moment.scenario.title)}</p><h1>{moment.persona.face} "
            f"{escape(moment.persona.name)}</h1><p>{escape(moment.persona.card)}</p>"
            f"<blockquote>{escape(moment.line)}</blockquote>{notes}"
            + (form if invitation.is_open else f"<p>{t('class.closed', lang)}</p>")
        )
        return HTMLResponse(page_html(lang, body))

    def page(code: str) -> HTMLResponse:
        return shown(code)

    async def answered(code: str, request: Request) -> HTMLResponse:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=5)
        said = fields.get("answer", [""])[0]
        try:
            lang: Lang = services.classrooms.invitation(code).lang
            number = services.classrooms.answer(code, said)
        except TandaoError as error:
            return shown(code, said=said, warning=message(error, services.settings.language))
        return shown(code, thanks=t("join.thanks", lang, number=number))

    routes: list[tuple[Any, str]] = [(page, "GET"), (answered, "POST")]
    for handler, method in routes:
        app.add_api_route("/join/{code}", handler, methods=[method], response_class=HTMLResponse)


def page_html(lang: Lang, body: str) -> str:
    """A whole small page for phones: no script, nothing from elsewhere."""
    return (
        f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>{t('app.title', lang)}</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='robots' content='noindex'>"
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
