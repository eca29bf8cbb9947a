"""The invitation of the talk that is chosen: form, words to copy, calendar file, mail, and what became of it."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.cycle import links
from app.ui.labels import Labels
from app.wiring import Services
from cycle.invitations import CHECKLIST, Form, Invitation
from cycle.messages import State
from cycle.rounds import Round
from interview.conversation import Lang
from interview.errors import InputError

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared

ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Asia/Kolkata", "Asia/Dubai",
    "Europe/London", "Europe/Berlin", "Europe/Paris", "America/New_York", "America/Chicago", "America/Los_Angeles",
    "America/Sao_Paulo", "Australia/Sydney", "UTC",
)  # fmt: skip
SAVE_JS = """(text) => {
  if (text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type: 'text/calendar;charset=utf-8'}));
    link.download = 'invite.ics';
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 30000);
  }
  return '';
}"""
AGAIN_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-again]');
  if (button) trigger('click', {message: button.dataset.again});
});
"""


@dataclass
class InvitePage:
    """The form's fields in the order of ``Form``, and what is done with it."""

    box: gr.Column
    company: gr.HTML
    fields: list[Any]
    save: gr.Button
    mail: gr.Button
    file: gr.Button
    cancel: gr.Button
    sure: gr.Checkbox
    text: gr.Textbox
    carried: gr.Textbox
    sendings: gr.HTML
    private: gr.Button
    link: gr.HTML
    copy: gr.Textbox


def build(labels: Labels) -> InvitePage:
    """Hidden until a talk is chosen that is still to be held."""
    lang = labels.lang
    with gr.Column(visible=False, elem_id="invite-box") as box:
        title = gr.Markdown(t("invite.heading", lang))
        labels.keep(title, value="invite.heading")
        company = gr.HTML("", elem_id="invite-company")
        with gr.Row():
            when = gr.Textbox(
                "", elem_id="invite-when", placeholder="2026-12-03 14:00", **labels.text(label="invite.when")
            )
            zone = gr.Dropdown(
                list(ZONES), value=ZONES[0], allow_custom_value=True, elem_id="invite-zone",
                **labels.text(label="invite.zone"),
            )  # fmt: skip
            minutes = gr.Slider(
                10, 240, value=60, step=5, elem_id="invite-minutes", **labels.text(label="invite.minutes")
            )
        place = gr.Textbox("", elem_id="invite-place", **labels.text(label="invite.place"))
        purpose = gr.Textbox("", lines=4, elem_id="invite-purpose", **labels.text(label="invite.purpose"))
        bring = gr.Textbox("", lines=5, elem_id="invite-bring", **labels.text(label="invite.bring"))
        with gr.Row():
            host = gr.Textbox("", elem_id="invite-host", **labels.text(label="invite.host"))
            address = gr.Textbox("", elem_id="invite-email", **labels.text(label="invite.host_email"))
        checked = gr.CheckboxGroup(
            _checks(lang), value=[], elem_id="invite-checks", **labels.text(label="invite.checks")
        )
        with gr.Row():
            save = gr.Button(t("invite.save", lang), variant="primary", elem_id="invite-save")
            mail = gr.Button(t("invite.mail", lang), elem_id="invite-mail")
            file = gr.Button(t("invite.file", lang), elem_id="invite-file")
        text = gr.Textbox(
            "", lines=8, interactive=False, buttons=["copy"], elem_id="invite-text", **labels.text(label="invite.text")
        )
        private = gr.Button(t("invite.link", lang), elem_id="invite-link")
        link = gr.HTML("", elem_id="invite-link-shown")
        copy = gr.Textbox(
            "", interactive=False, visible=False, buttons=["copy"], elem_id="invite-link-copy",
            **labels.text(label="after.copy"),
        )  # fmt: skip
        labels.keep(copy, label="after.copy")
        sendings = gr.HTML("", elem_id="invite-sendings", js_on_load=AGAIN_JS)
        with gr.Row():
            sure = gr.Checkbox(value=False, elem_id="invite-sure", **labels.text(label="invite.sure"))
            cancel = gr.Button(t("invite.cancel", lang), variant="stop", elem_id="invite-cancel")
    names = ("when", "zone", "place", "minutes", "purpose", "bring", "host", "host_email", "checks")
    fields = [when, zone, place, minutes, purpose, bring, host, address, checked]
    for field, name in zip([*fields, text, sure], [*names, "text", "sure"], strict=True):
        labels.keep(field, label=f"invite.{name}")
    for button, name in ((save, "save"), (mail, "mail"), (file, "file"), (private, "link"), (cancel, "cancel")):
        labels.keep(button, value=f"invite.{name}")
    carried = gr.Textbox("", visible="hidden", elem_classes="carried", elem_id="invite-carried")
    return InvitePage(
        box, company, fields, save, mail, file, cancel, sure, text, carried, sendings, private, link, copy
    )


def wire(services: Services, page: InvitePage, shared: "Shared", again: dict[str, Any]) -> None:
    """The form follows the chosen talk. ``again`` draws the list of work anew."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [page.box, page.company, *page.fields, page.text, page.sendings]

    @safety.guarded(len(shown))
    def opened(talk: str, lang: Lang) -> list[Any]:
        closed = [gr.update(visible=False), *[gr.skip()] * (len(shown) - 1)]
        if not talk:
            return closed
        record, about = services.talks.talk(services.acting(lang), talk)
        if record.status not in ("due", "prepared", "invited"):
            return closed
        form = services.invitations.form(services.acting(lang), talk)
        text = services.invitations.again(services.acting(lang), talk).text if about.sequence >= 0 else ""
        return [
            gr.update(visible=True),
            company_html(services, talk, lang),
            *_values(form, lang),
            text,
            sendings_html(services, talk, lang),
        ]

    handed = [page.link, page.copy]
    shared.talk.change(opened, [shared.talk, shared.language], shown, **quiet)
    # one person's link never stands below another's invitation
    shared.talk.change(lambda: ["", gr.update(value="", visible=False)], None, handed, **quiet)

    @safety.guarded(2)
    def linked(talk: str, base: str, lang: Lang) -> list[Any]:
        if not talk:
            raise InputError("no talk", message_key="error.no_talk")
        link = links.make(services, talk, base, lang)
        return [links.link_html(link, lang), gr.update(value=link, visible=True)]

    def link_for(talk: str, lang: Lang, request: gr.Request) -> list[Any]:
        return linked(talk, links.address(services, request), lang)

    page.private.click(link_for, [shared.talk, shared.language], handed, api_visibility="private")

    done = [page.text, page.sendings]

    @safety.guarded(2)
    def save(talk: str, *values: Any) -> list[Any]:
        lang: Lang = values[-1]
        given = services.invitations.invite(services.acting(lang), talk, _form(values[:-1]))
        safety.tell(t("invite.saved", lang), lang)
        return [given.text, sendings_html(services, talk, lang)]

    inputs = [shared.talk, *page.fields, shared.language]
    page.save.click(save, inputs, done, api_visibility="private").then(**again)

    @safety.guarded(2)
    def mail(talk: str, *values: Any) -> list[Any]:
        lang: Lang = values[-1]
        form = _form(values[:-1])
        if not services.outbox.can("mail"):
            raise InputError("no mail server", message_key="error.no_mail")
        services.invitations.invite(services.acting(lang), talk, form)
        given = services.invitations.again(
            services.acting(lang), talk, services.employee_link(services.acting(lang), talk)
        )
        _put(services, given, form.host_email, lang)
        return [given.text, sendings_html(services, talk, lang)]

    page.mail.click(mail, inputs, done, api_visibility="private").then(**again)

    @safety.guarded(1)
    def hand_over(talk: str, lang: Lang) -> str:
        return services.invitations.again(services.acting(lang), talk).ics.decode()

    page.file.click(hand_over, [shared.talk, shared.language], page.carried, api_visibility="private").then(
        None, page.carried, page.carried, js=SAVE_JS
    )

    @safety.guarded(3)
    def cancel(talk: str, sure: bool, lang: Lang) -> list[Any]:
        if not sure:
            raise InputError("not sure", message_key="error.confirm_first")
        given = services.invitations.cancel(services.acting(lang), talk)
        if services.outbox.can("mail") and given.to:
            _put(services, given, str(given.talk.body["host_email"]), lang)
        safety.tell(t("invite.cancelled", lang), lang)
        return [given.text, sendings_html(services, talk, lang), False]

    page.cancel.click(
        cancel, [shared.talk, page.sure, shared.language], [*done, page.sure], api_visibility="private"
    ).then(**again)

    @safety.guarded(1)
    def resend(talk: str, event: gr.EventData, lang: Lang) -> str:
        services.outbox.again(services.acting(lang), str(event._data.get("message", "")))
        return sendings_html(services, talk, lang)

    def pressed(talk: str, lang: Lang, event: gr.EventData) -> str:
        return resend(talk, event, lang)

    page.sendings.click(pressed, [shared.talk, shared.language], page.sendings, **quiet)


def redraw(services: Services, page: InvitePage, shared: "Shared") -> dict[str, Any]:
    """Checklist and sendings in the present language; what was typed stays."""

    @safety.guarded(3)
    def draw(talk: str, lang: Lang) -> list[Any]:
        own = [sendings_html(services, talk, lang), company_html(services, talk, lang)] if talk else ["", ""]
        return [gr.update(choices=_checks(lang)), *own]

    return {
        "fn": draw, "inputs": [shared.talk, shared.language],
        "outputs": [page.fields[-1], page.sendings, page.company],
    }  # fmt: skip


def company_html(services: Services, talk: str, lang: Lang) -> str:
    """The talk's own flow card, and what HR set for its round."""
    record, _ = services.talks.talk(services.acting(lang), talk)
    what = services.rounds.of_talk(services.acting(lang), record)
    card = f"<a href='/flow-card?lang={lang}&talk={escape(talk)}' target='_blank'>{t('card.title', lang)}</a>"
    return f"<div class='report'><p>{card}</p>{round_html(what, lang) if what else ''}</div>"


def round_html(what: Round, lang: Lang) -> str:
    """Days, how ratings are told, the way of appeal and the company's own words, for a manager."""
    rows = [
        f"<b>{escape(what.name)}</b> · {what.opens} – {what.due}",
        t("round.published" if what.ratings_published else "round.unpublished", lang),
    ]
    rows += [f"{t('round.appeal', lang)}{'：' if lang == 'zh' else ': '}{escape(what.appeal)}"] if what.appeal else []
    rows += [escape(text).replace("\n", "<br>") for text in (what.card, what.form) if text]
    return f"<p>{'<br>'.join(rows)}</p>"


def sendings_html(services: Services, talk: str, lang: Lang) -> str:
    """What was and will be sent for the talk, with how it went."""
    rows = "".join(
        f"<tr><td>{t(f'sending.{s.message.about}', lang)}</td><td>{escape(s.message.to)}</td>"
        f"<td>{t(f'sending.{s.state}', lang)}"
        + (f"<br><span class='flag'>{t(s.message.error, lang)}</span>" if s.message.error else "")
        + (
            f" <button class='act' data-again='{s.id}'>{t('sending.again', lang)}</button>"
            if s.state in (State.FAILED, State.UNSURE)
            else ""
        )
        + "</td></tr>"
        for s in services.outbox.mine(services.acting(lang), talk)
    )
    return f"<div class='report scroll'><table>{rows}</table></div>" if rows else ""


def _put(services: Services, given: Invitation, reply_to: str, lang: Lang) -> None:
    new = services.outbox.mail_invitation(services.acting(lang), given, reply_to)
    safety.tell(t("invite.mailed" if new else "invite.mailed_before", lang), lang)


def _form(values: tuple[Any, ...]) -> Form:
    when, zone, place, minutes, purpose, bring, host, address, checked = values
    return Form(
        when or "", zone or "", place or "", int(minutes or 0), purpose or "",
        tuple(x for x in (bring or "").splitlines() if x.strip()), host or "", address or "", tuple(checked or ()),
    )  # fmt: skip


def _values(form: Form, lang: Lang) -> list[Any]:
    return [
        form.when, form.zone, form.place, form.minutes, form.purpose, "\n".join(form.bring), form.host, form.host_email,
        gr.update(choices=_checks(lang), value=list(form.checked)),
    ]  # fmt: skip


def _checks(lang: Lang) -> list[tuple[str, str]]:
    return [(t(f"invite.check_{name}", lang), name) for name in CHECKLIST]
