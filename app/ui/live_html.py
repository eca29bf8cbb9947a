"""Live: what the page draws, from the invitation to the minutes."""

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import Any

from app.texts import t
from app.ui.live_scripts import HEARD, RECORDED, SERVICE
from app.ui.parts import step_bar
from assistant.hints import VARIATIONS, HintState
from assistant.session import Standing
from consent.grants import LiveInterview
from consent.notices import notice
from interview.conversation import Lang
from interview.ports import Utterance
from interview.steps import STEPS
from interview.texts import step_text


def card_html(lang: Lang) -> str:
    """The nine steps on one card: what to do, what to avoid."""
    rows = "".join(
        f"<tr><th>{s.number} {escape(step_text(s, lang).name)}</th><td>{escape(step_text(s, lang).key_action)}</td>"
        f"<td class='note'>✗ {escape(step_text(s, lang).common_mistake)}</td></tr>"
        for s in STEPS
    )
    return f"<div class='report scroll'><table>{rows}</table></div>"


def recording_html(lang: Lang) -> str:
    """File, one speaker a channel or not, progress."""
    said = " ".join(f'data-{key}="{escape(_said("recording", key, lang))}"' for key in RECORDED)
    return (
        f"<div id='recording' {said}><input type='file' accept='audio/*,video/mp4' aria-label='{t('live.recording', lang)}'>"
        f"<label><input type='checkbox' class='split'> {t('recording.split', lang)}</label>"
        f"<p><progress value='0' max='1'></progress> <span class='state note' role='status'></span></p></div>"
    )


def _said(where: str, key: str, lang: Lang) -> str:
    """What a script may say; a transcription service fails in the same words everywhere."""
    return t(("error." if key in SERVICE else where + ".") + key, lang)


def voices_html(interview: LiveInterview, lang: Lang) -> str:
    """Each reads this aloud; shown only where both granted that voices are told apart."""
    buttons = "".join(
        f"<button type='button' data-who='{who}' onclick=\"window.tandaoCapture.reads('{who}')\">"
        f"{t('live.reads', lang, who=t('live.' + who, lang))}</button> "
        for who in ("manager", "employee")
    )
    return (
        f"<div id='live-voices' class='feedback'><div class='note'>{t('live.voices', lang)}</div>"
        f"<p><b>{escape(notice(interview.lang).words['sensitive']['aloud'])}</b></p>{buttons}</div>"
    )


def who_html(u: Utterance, lang: Lang) -> str:
    """Where the speaker is unsure: said so, and one press puts it right."""
    if not (u.unsure or u.speaker == "unsure"):
        return ""
    buttons = "".join(
        f"<button type='button' class='who' style='padding:.1rem .5rem;margin:0 .25rem 0 0;font-weight:400' data-number='{u.number}' data-who='{who}'><kbd>{key}</kbd> "
        f"{t('live.' + who, lang)}</button>"
        for key, who in (("1", "manager"), ("2", "employee"))
    )
    doubt = "" if u.speaker == "unsure" else t("live.unsure_who", lang)  # the name in front says so already
    return f" <span class='note unsure'>{doubt}<span style='white-space:nowrap'>{buttons}</span></span>"


def hearing_html(lang: Lang, place: str = "") -> str:
    """What is being heard right now, and what the capture script may say, in this language.

    ``place``: the service that sound may go to.
    """
    leaves = f"<div class='note leaves'>{escape(t('hearing.elsewhere', lang, place=place))}</div>" if place else ""
    said = " ".join(f'data-{key}="{escape(_said("hearing", key, lang))}"' for key in HEARD)
    return f"<div id='live-hearing' {said}><span class='state note'></span> <span class='words'></span>{leaves}</div>"


def talk_html(heard: Sequence[Utterance], lang: Lang) -> str:
    """What was said, newest last, cues marked with what they are."""
    rows: list[str] = []
    for u in heard:
        words = escape(u.text)
        badges = ""
        for cue in u.cues:
            if cue["strength"] >= 0.5:
                quote = escape(str(cue["quote"]))
                words = words.replace(quote, f"<mark>{quote}</mark>", 1)
                badge = f" <span class='badge'>{t('cue.' + str(cue['kind']), lang)}</span>"
                badges += badge if badge not in badges else ""
        doubt = f" <span class='note'>{t('live.doubtful', lang)}</span>" if u.doubtful else ""
        rows.append(
            f"<li value='{u.number + 1}'><b>{t('live.' + u.speaker, lang)}</b>: {words}{badges}{doubt}{who_html(u, lang)}</li>"
        )
    return f"<div class='report'><ol class='said'>{''.join(rows)}</ol></div>"


def side_html(found: Standing, lang: Lang) -> str:
    """Step, time, talk share, promises. Nothing about how the employee is."""
    share = "—" if found.manager_share is None else f"{found.manager_share:.0%}"
    minutes, seconds = divmod(int(found.elapsed_s), 60)
    promises = "".join(
        f"<li><b>{t('live.' + p.speaker, lang)}</b> · {escape(p.when) or t('live.no_time', lang)}<br>{escape(p.words)}</li>"
        for p in found.promises[-6:]
    )
    return (
        f"{step_bar(found.step, lang)}<p>{t('live.elapsed', lang)} {minutes}:{seconds:02d} · {t('report.talk_share', lang, share=share)}</p>"
        f"<h4>{t('live.promises', lang)}</h4><ul>{promises or '<li>—</li>'}</ul>"
    )


def hint_html(state: HintState, lang: Lang) -> str:
    """The hint on screen, with the words it answers."""
    if state.shown is None:
        return f"<p class='note'>{t('live.quiet', lang)}</p>"
    hint = state.shown
    tentative = f"<b class='tentative'>{t('live.tentative', lang)}</b> · " if hint.tentative else ""
    return (
        f"<div class='feedback'><div class='note'>{tentative}<span class='badge'>{t('cue.' + hint.kind, lang)}</span> "
        f"<q>{escape(hint.quote)}</q> · {hint.variation}/{VARIATIONS}</div>"
        f"<div class='better' id='whisper' aria-live='polite'>{escape(hint.wording)}</div></div>"
    )


def invitation_again(shown: str, lang: Lang) -> str:
    """An invitation that is on the page, in another language; its link is nowhere else."""
    found = re.search(r"<a href='([^']+)'", shown or "")
    return invitation_html(unescape(found[1]), lang) if found else ""


def invitation_html(link: str, lang: Lang) -> str:
    """The employee's link, once; it can't be shown again."""
    import segno

    picture = segno.make(link, error="m").svg_inline(scale=4, border=2)
    local = (
        f"<p class='note'>{t('class.local', lang)}</p>" if link.startswith(("http://127.", "http://localhost")) else ""
    )
    return (
        f"<div class='report'><div class='head'><div>{picture}</div><div style='min-width:0;overflow-wrap:anywhere'><p>{t('live.link', lang)}</p>"
        f"<p><a href='{escape(link)}' target='_blank' id='consent-link'>{escape(link)}</a></p>{local}</div></div></div>"
    )


def minutes_text(minutes: Mapping[str, Any], part: str, lang: Lang) -> str:
    """A part of the minutes, a line each: who, for promises by when, and the words; edited lines as they were saved."""
    lines: list[str] = []
    for entry in minutes.get(part, ()):
        who = f"{t('live.' + str(entry['speaker']), lang)} · " if entry.get("speaker") else ""
        when = f"{entry['when'] or t('live.no_time', lang)} · " if "when" in entry else ""
        lines.append(f"{who}{when}{entry['words']}")
    return "\n".join(lines)


def minutes_document(title: str, body: str, lang: Lang) -> str:
    """A file to keep or print."""
    return (
        f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>{escape(title)}</title><style>"
        "body{font:15px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem;max-width:46rem}"
        f"@page{{size:A4;margin:15mm}}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
