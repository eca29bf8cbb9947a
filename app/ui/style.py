"""How the pages look: a calm theme with system fonts only, so that nothing is fetched from outside."""

import gradio as gr

from interview.conversation import Lang

_FONTS = ["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "sans-serif"]

_BROWSER = {"zh": "zh-CN", "en": "en"}


# A browser writes what stands in a form into its profile on disk, to restore a page; not in fields that say no.
_UNSAVED = (
    "new MutationObserver(() => { for (const field of document.querySelectorAll("
    "'textarea:not([autocomplete=off]), input:not([autocomplete=off])')) field.setAttribute('autocomplete', 'off'); })"
    ".observe(document, {childList: true, subtree: true});"
)


def head(lang: Lang, *, accounts: bool = False) -> str:
    """What goes into the page's head. ``accounts``: people sign in.

    Gradio's own few words follow the browser's language: here it is told ours.
    """
    tell = (
        f"for (const [key, value] of [['language', '{_BROWSER[lang]}'], ['languages', ['{_BROWSER[lang]}']]]) "
        "Object.defineProperty(navigator, key, {get: () => value});"
    )
    return (
        f"<script>{tell}{_UNSAVED}</script><script src='/live/capture.js' defer></script>"
        + ("<script src='/account.js'></script>" if accounts else "")
        + "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='robots' content='noindex'>"
    )


CSS = """
.carried { display: none !important; }
.gradio-container {max-width: 1180px !important; width: 100% !important; margin: 0 auto !important; padding: 0 12px !important}
.gradio-container main.fillable, .gradio-container .wrap.fillable {max-width: 1180px !important}
#chat .icon-button-wrapper, #chat button[title="Clear"], #chat button[aria-label="Clear"] {display: none !important}
footer {display: none !important}
#brand h1 {font-size: 1.45rem; margin: .2rem 0; letter-spacing: .02em}
#brand p {margin: 0; opacity: .72; font-size: .92rem}
#language, #role {flex: 0 0 auto; width: max-content; min-width: 0 !important}
#language {margin-left: auto}
#brand {flex: 1 1 300px}
#header {flex-wrap: wrap; align-items: center}
.dark {--color-accent: #5eead4}
.dark .picture svg {background: #fff; border-radius: 8px}
.dark .picture svg, .dark .picture svg * {color: #111 !important}
.tab-wrapper, .tab-container.wrap {height: auto !important}
.gradio-container .row > button {align-self: end}
.gradio-container .block:has(> .container > .wrap) > .container > .wrap > .wrap-inner {border: 1px solid #8c857f; border-radius: 8px}
.cards .wrap {display: grid !important; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: .6rem}
.cards label {white-space: pre-line; align-items: flex-start !important; border-radius: 14px !important;
  padding: .7rem .8rem !important; line-height: 1.45; height: 100%}
.cards label.selected, .cards label:has(input:checked) {outline: 2px solid #0f766e; background: #e6f4f1 !important;
  color: #134e4a !important}
.cards label.selected span, .cards label:has(input:checked) span {color: #134e4a !important}
.cards label span {font-size: .92rem}
.brief h3 {margin: .9rem 0 .3rem; font-size: 1.02rem}
.brief table, .report table {border-collapse: collapse; width: 100%; font-size: .88rem}
.brief td, .brief th, .report td, .report th {border: 0 !important; border-bottom: 1px solid var(--border-color-primary) !important;
  padding: .25rem .4rem; text-align: left; vertical-align: top}
.brief table, .report table, .brief tr, .report tr {border: 0 !important}
.brief td.num, .brief th.num {text-align: right; font-variant-numeric: tabular-nums}
.scroll {overflow-x: auto}
.hint {border-left: 3px solid #0f766e; padding: .2rem .7rem; margin: .3rem 0}
.steps {display: flex; gap: 4px; flex-wrap: wrap; margin: .1rem 0 .4rem; padding: 0; list-style: none}
.steps li {flex: 1 1 80px; font-size: .78rem; text-align: center; padding: .25rem .2rem; border-radius: 8px;
  background: var(--background-fill-secondary); color: var(--body-text-color-subdued)}
.steps li.done {background: #d7e8df; color: #14532d}
.steps li.now {background: #14532d; color: #fff; font-weight: 600}
.gauge {margin: .35rem 0}
.gauge .name {display: flex; justify-content: space-between; font-size: .86rem}
.gauge .bar {height: 10px; border-radius: 6px; background: var(--background-fill-secondary); overflow: hidden;
  border: 1px solid var(--border-color-primary)}
.gauge .fill {height: 100%; transition: width .5s}
.fill.tension {background: repeating-linear-gradient(45deg, #b45309, #b45309 6px, #d97706 6px, #d97706 12px)}
.fill.trust {background: #0f766e}
.badge {display: inline-block; border-radius: 8px; padding: .1rem .5rem; font-size: .8rem; background: #fde68a; color: #713f12}
.feedback {font-size: .9rem; line-height: 1.5}
.feedback ul, .report ul {margin: .2rem 0 .4rem 1.1rem; padding: 0}
.feedback .better, .report .better {border-left: 3px solid #0f766e; padding: .2rem .6rem; margin: .3rem 0;
  background: var(--background-fill-secondary); border-radius: 0 8px 8px 0}
.feedback h4 {margin: .5rem 0 .1rem; font-size: .88rem; opacity: .75}
.report .score {font-size: 2.6rem; font-weight: 700; line-height: 1}
.report .head {display: flex; gap: 1.2rem; align-items: center; flex-wrap: wrap}
.report q {quotes: "“" "”"; font-style: normal; background: var(--background-fill-secondary); padding: 0 .2rem; border-radius: 4px}
.report .finding {border: 1px solid var(--border-color-primary); border-radius: 12px; padding: .5rem .8rem; margin: .5rem 0}
.report .flag {color: #b91c1c; font-weight: 600}
.report svg {max-width: 100%; height: auto}
.report .dimbar {height: 8px; border-radius: 5px; background: var(--background-fill-secondary); min-width: 90px}
.report .dimbar div {height: 100%; border-radius: 5px; background: #0f766e}
.compare {table-layout: fixed}
.compare th, .compare td {width: 50%}
#show {align-self: end; margin-bottom: .5rem}
body[data-role="hr"] #tabs > .tab-wrapper [data-tab-id]:not([data-tab-id="rounds"]),
body[data-role="hr"] #tabs > .tab-wrapper .overflow-menu,
body[data-role="trainer"] #tabs > .tab-wrapper [data-tab-id="cycle"],
body[data-account="trainer"] #tabs > .tab-wrapper [data-tab-id="live"],
body[data-account] #role {display: none !important}
button.act {font-size: .85rem; font-weight: 500; padding: .2rem .6rem; margin: 1px; border: 1px solid var(--border-color-primary);
  border-radius: 8px}
button.act.main {background: #0f766e; color: #fff; border-color: #0f766e}
.note {font-size: .86rem; opacity: .8}
.toast-title {font-size: 0 !important} /* English only, whatever title is given; the icon says it */
@media (max-width: 640px) {
  .steps li {flex-basis: 62px; font-size: .7rem}
  .cards .wrap {grid-template-columns: 1fr}
  .gradio-container, .gradio-container main, .gradio-container .tabitem {padding-left: 4px !important; padding-right: 4px !important}
  #brand h1 {font-size: 1.15rem}
  #brand p {font-size: .8rem}
  #header {gap: 6px}
  #language, #role {margin-left: 0; padding: 0 !important; width: auto; max-width: 100%}
  #language label, #role label {padding: .25rem .45rem !important; font-size: .82rem}
  #language .wrap, #role .wrap {gap: 4px}
  .scroll > table:has(tr > :nth-child(5)) {min-width: 34rem}
  #team-people .wrap {max-height: 55vh; overflow-y: auto}
  .picture .scroll > svg {min-width: 37rem}
  .scroll > table#work-table {min-width: 0}
  #work-table thead {display: none}
  #work-table, #work-table tbody {display: block}
  #work-table tr {display: grid; grid-template-columns: 1fr 1fr; border-bottom: 1px solid var(--border-color-primary) !important;
    padding: .4rem 0}
  #work-table td {border: 0 !important}
  #work-table td:empty {display: none}
  #work-table td:last-child {grid-column: 1 / -1}
}
@page {size: A4; margin: 12mm}
@media print {
  #header, .tab-wrapper, .toast-wrap, button, footer, #picture-show {display: none !important}
  .gradio-container, .gradio-container main, body, gradio-app {background: #fff !important; color: #000 !important;
    max-width: none !important; padding: 0 !important; min-height: 0 !important}
  .gradio-container .block, .gradio-container .column, .gradio-container .form {gap: 2mm !important; box-shadow: none !important;
    padding-top: 0 !important; padding-bottom: 0 !important; overflow: visible !important}
  textarea {field-sizing: content; height: auto !important; overflow: visible !important}
  .picture, .finding, li, tr {break-inside: avoid}
  .picture td, .picture th {padding: 0 .3rem !important}
  .scroll {overflow: visible}
}
#live-talk ol.said {max-height: 55vh; overflow-y: auto}
#live-help {position: sticky; top: .5rem; align-self: flex-start}
@media (max-width: 640px) {
  #live-help {position: static}
  #live-whisper:has(#whisper) {position: fixed; left: 0; right: 0; bottom: 0; z-index: 20; padding: .5rem .75rem;
    background: var(--body-background-fill); border-top: 1px solid var(--border-color-primary)}
}
@media (prefers-color-scheme: dark) {.steps li.done {background: #1e3a2f; color: #bbf7d0}}
"""


def theme() -> gr.themes.Base:
    """Soft colours, system fonts; borders where one types or presses, and no text below 4.5 to 1."""
    edge, dark_edge = (
        "#8c857f",
        "#78716c",
    )  # 3.7 to 1 on white, 2.9 on the dark page: a field is seen without its shadow
    return gr.themes.Soft(primary_hue="teal", neutral_hue="stone", font=_FONTS, font_mono=["monospace"]).set(
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#115e59",
        button_primary_background_fill_dark="#0f766e",
        button_primary_background_fill_hover_dark="#115e59",
        color_accent="#0f766e",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        input_border_width="1px",
        input_border_color=edge,
        input_border_color_dark=dark_edge,
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        button_border_width="1px",
        button_secondary_border_color=edge,
        button_secondary_border_color_dark=dark_edge,
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
        block_title_text_weight="600",
        checkbox_border_color=edge,
        checkbox_border_color_dark=dark_edge,
        checkbox_label_border_color="*neutral_300",
        checkbox_label_border_color_dark="*neutral_600",
        checkbox_label_background_fill_selected="#0f766e",
        checkbox_label_background_fill_selected_dark="#0f766e",
        checkbox_background_color_selected="#134e4a",
        checkbox_border_color_selected="#134e4a",
        link_text_color="#0f5f59",
        link_text_color_dark="#5eead4",
    )
