"""The whole page: language switch, tabs, and what passes between them."""

from html import escape
from typing import Any

import gradio as gr

from app.acting import account_of, request_scope
from app.audio_socket import CaptureTokens
from app.rooms import may, rule_of_function
from app.texts import t
from app.ui import brief, choose, live, mine, preparation, report, rewind, safety, talk
from app.ui.cycle import hr, rehearse
from app.ui.cycle import page as cycle
from app.ui.following import Part, follow
from app.ui.labels import Labels
from app.ui.trainer import page as trainer
from app.wiring import Services
from interview.actor import Role
from interview.conversation import LANGS, Lang
from people.accounts import Account

KEEP_LANGUAGE = "(...all) => { try { localStorage.tandaoLanguage = all[0]; } catch { } return all; }"
KEPT_LANGUAGE = "(now) => { try { return localStorage.tandaoLanguage ?? now; } catch { return now; } }"
"""The browser remembers the language chosen in it; where it keeps nothing, the settings' holds."""


def build_page(services: Services, tokens: CaptureTokens) -> gr.Blocks:
    """All tabs wired together. ``gr.State`` holds ids only; everything else is read from the record."""
    lang = services.settings.language
    labels = Labels(lang)
    with safety.SafeBlocks(title=t("app.title", lang), analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        language_state = page.language = gr.State(lang)
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        rehearsal_state = gr.State("")
        with gr.Row(elem_id="header"):
            brand = gr.HTML(_brand(services, lang), elem_id="brand")
            language = gr.Radio(
                [("中文", "zh"), ("English", "en")], value=lang, show_label=False, container=False, elem_id="language"
            )
            role = gr.Radio(roles(lang), value="manager", show_label=False, container=False, elem_id="role")
        with gr.Tabs(selected="choose", elem_id="tabs", overflow_behavior="wrap") as tabs:
            with labels.keep(gr.Tab(t("tab.choose", lang), id="choose"), label="tab.choose") as choose_tab:
                choosing = choose.build(services, labels)
            with labels.keep(gr.Tab(t("tab.brief", lang), id="brief"), label="tab.brief") as brief_tab:
                briefing = brief.build(labels)
            with labels.keep(gr.Tab(t("tab.talk", lang), id="talk"), label="tab.talk") as talk_tab:
                talking = talk.build(labels)
            with labels.keep(gr.Tab(t("tab.report", lang), id="report"), label="tab.report") as report_tab:
                reporting = report.build(labels)
            with labels.keep(gr.Tab(t("tab.mine", lang), id="mine"), label="tab.mine") as mine_tab:
                own = mine.build(labels)
            with labels.keep(gr.Tab(t("tab.live", lang), id="live"), label="tab.live") as live_tab:
                holding = live.build(services, labels)
            with labels.keep(gr.Tab(t("tab.cycle", lang), id="cycle"), label="tab.cycle") as cycle_tab:
                around = cycle.build(services, labels, language_state, tabs)
            rounds_tab = gr.Tab(t("tab.rounds", lang), id="rounds", visible=False)
            with labels.keep(rounds_tab, label="tab.rounds"):
                asking = hr.build(services, labels)
            trainer_tab = gr.Tab(t("tab.trainer", lang), id="trainer", visible=False)
            with labels.keep(trainer_tab, label="tab.trainer"):
                training = trainer.build(labels)

        choose.wire(services, choosing, briefing, tabs, language_state)
        brief.wire(services, choosing, briefing, talking, tabs, language_state, rehearsal_state)
        talk.wire(services, talking, reporting, tabs, language_state, rehearsal_state)
        rewind.wire(services, talking, reporting, tabs, language_state, rehearsal_state)
        report.wire(services, reporting, language_state, rehearsal_state)
        mine.wire(services, own, mine_tab, talking, reporting, tabs, language_state, rehearsal_state)

        live.wire(services, holding, live_tab, language_state, tokens)
        cycle.wire(services, around, cycle_tab)
        live.wire_for(services, holding, around.shared, live_tab)
        for name in ("work", "pack"):
            rehearse.wire(services, around.parts[name].rehearse, around.shared, talking, rehearsal_state)
        trainer.wire(services, training, trainer_tab, language_state)
        hr.wire(services, asking, rounds_tab, language_state)
        role.change(
            lambda chosen: [
                gr.Tabs(selected="rounds" if chosen == "hr" else "choose"),
                *(gr.Tab(visible=chosen == who) for who in ("trainer", "hr")),
            ],
            role,
            [tabs, trainer_tab, rounds_tab],
            js="(who) => { document.body.dataset.role = who; return who; }",  # tabs once shown are hidden by style alone
            **quiet,
        )

        parts = {
            "choose": Part(choose_tab, [choose.redraw(services, choosing, language_state)]),
            "brief": Part(
                brief_tab,
                [
                    brief.redraw(services, briefing, choosing, language_state),
                    preparation.redraw(briefing.preparation, language_state),
                ],
            ),
            "talk": Part(talk_tab, [talk.redraw(services, talking, language_state, rehearsal_state)]),
            "report": Part(report_tab, [report.redraw(services, reporting, language_state, rehearsal_state)]),
            "mine": Part(mine_tab, [mine.redraw(services, own, language_state)]),
            "live": Part(live_tab, [live.redraw(services, holding, language_state)]),
            "cycle": Part(cycle_tab, [cycle.redraw_line(services, around.shared)], cycle.parts(services, around)),
            "rounds": Part(
                rounds_tab,
                [hr.redraw(services, asking, language_state), hr.redraw_signals(services, asking, language_state)],
            ),
            "trainer": Part(trainer_tab, trainer.redraws(services, training, language_state)),
        }
        followers = follow(parts, labels, language_state)
        language.change(
            lambda to, *seen: [to, _brand(services, to), gr.update(choices=roles(to)), *followers.now(to, *seen)],
            [language, *followers.inputs],
            [language_state, brand, role, *followers.outputs],
            js=KEEP_LANGUAGE,
            **quiet,
        )
        page.load(lambda kept: kept if kept in LANGS else gr.skip(), language, language, js=KEPT_LANGUAGE, **quiet)
        if services.settings.accounts_on:
            page.load(lambda now: _arrive(services, now), language, [brand, tabs, trainer_tab, rounds_tab], **quiet)
        for redraw in (mine.redraw(services, own, language_state), choose.redraw(services, choosing, language_state)):
            page.load(**_where_allowed(services, redraw), **quiet)
    return page


def roles(lang: Lang) -> list[tuple[str, str]]:
    """Who one is in single-user mode; where people sign in, their account says it."""
    return [(t("role.manager", lang), "manager"), (t("role.trainer", lang), "trainer"), (t("role.hr", lang), "hr")]


def _account(services: Services) -> Account | None:
    scope = request_scope() if services.settings.accounts_on else None
    return None if scope is None else account_of(scope)


def _arrive(services: Services, lang: Lang) -> list[Any]:
    """Where somebody who signed in begins, and whose tabs are there."""
    account = _account(services)
    who = account.role if account else Role.MANAGER
    first = {Role.TRAINER: "trainer", Role.HR: "rounds"}.get(who, "choose")
    shown = (gr.Tab(visible=who is role) for role in (Role.TRAINER, Role.HR))
    return [_brand(services, lang), gr.Tabs(selected=first), *shown]


def _where_allowed(services: Services, redraw: dict[str, Any]) -> dict[str, Any]:
    """A redraw that leaves everything as it is for people whose room it is not."""
    draw = redraw["fn"]
    outputs = redraw["outputs"]
    count = len(outputs) if isinstance(outputs, list) else 1

    def drawn(*given: Any) -> Any:
        account = _account(services)
        if account is None or may(account.role, rule_of_function(draw)):
            return draw(*given)
        return gr.skip() if count == 1 else [gr.skip()] * count

    return redraw | {"fn": drawn}


def _brand(services: Services, lang: str) -> str:
    used: Lang = "en" if lang == "en" else "zh"
    who = "" if services.settings.accounts_on else t("app.single_user", used)
    account = _account(services)
    if account is not None:
        who = t("app.signed_in", used, name=escape(account.name), role=t(f"account.role_{account.role}", used))
    return f"<h1>{t('app.title', used)}</h1><p>{t('app.subtitle', used)}</p><p>{who}</p>"
