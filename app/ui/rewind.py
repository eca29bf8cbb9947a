"""Rewind: look back at any moment, say it another way on a branch, and see both paths side by side."""

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety, talk
from app.ui.parts import gauges
from app.ui.plots import two_paths_svg
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import InputError
from interview.ports import RehearsalRecord, TurnRecord
from simulator.voices.authored import join_sentences


def wire(
    services: Services,
    talking: talk.TalkPage,
    reporting: Any,
    tabs: gr.Tabs,
    language: gr.State,
    rehearsal: gr.State,
) -> None:
    """The slider, “say it another way”, and the buttons beside the report's findings."""
    outputs = [rehearsal, tabs, *talking.outputs]

    @safety.guarded(len(talking.outputs) - 1)
    def look(rehearsal_id: str, moment: float, lang: Lang) -> list[Any]:
        shown = talk.view(services, rehearsal_id, lang, until=int(moment))
        shown[talking.outputs.index(talking.line)] = gr.skip()
        del shown[talking.outputs.index(talking.moment)]
        return shown

    talking.moment.input(
        look, [rehearsal, talking.moment, language], [c for c in talking.outputs if c is not talking.moment],
        show_progress="hidden", trigger_mode="always_last", api_visibility="private",
    )  # fmt: skip

    @safety.guarded(len(outputs))
    def again(rehearsal_id: str, moment: float, lang: Lang) -> list[Any]:
        return _branched(services, talking, rehearsal_id, int(moment), lang)

    talking.again.click(again, [rehearsal, talking.moment, language], outputs, api_visibility="private")

    def redo(rehearsal_id: str, lang: Lang, event: gr.EventData) -> list[Any]:
        return _redo(rehearsal_id, event, lang)

    @safety.guarded(len(outputs))
    def _redo(rehearsal_id: str, event: gr.EventData, lang: Lang) -> list[Any]:
        turn = event._data.get("turn") if isinstance(event._data, dict) else None
        if not isinstance(turn, int) or isinstance(turn, bool):
            raise InputError("no turn", message_key="error.no_turn", turn=0)
        return _branched(services, talking, rehearsal_id, turn, lang)

    reporting.text.click(redo, [rehearsal, language], outputs, api_visibility="private")


def _branched(services: Services, talking: talk.TalkPage, rehearsal_id: str, moment: int, lang: Lang) -> list[Any]:
    """A branch in which the ``moment``-th sentence (from 1) has not been said yet, opened on the talk page."""
    actor = services.acting(lang)
    origin = services.rehearsals.turns(actor, rehearsal_id)
    if not 1 <= moment <= len(origin):
        raise InputError(f"no turn {moment}", message_key="error.no_turn", turn=moment)
    record = services.rehearsals.branch(actor, rehearsal_id, moment - 1)
    shown = talk.view(services, record.id, lang)
    shown[talking.outputs.index(talking.line)] = gr.update(interactive=True, value=origin[moment - 1].payload["text"])
    safety.tell(t("rewind.branched", lang, turn=moment), lang)
    return [record.id, gr.Tabs(selected="talk"), *shown]


def relatives(records: Sequence[RehearsalRecord], picked: str) -> list[RehearsalRecord]:
    """The other rehearsals that grew from the same first talk, newest first; empty where there is none."""
    by_id = {r.id: r for r in records}

    def root(record: RehearsalRecord) -> str:
        seen: set[str] = set()
        while record.parent_id in by_id and record.id not in seen:
            seen.add(record.id)
            record = by_id[record.parent_id]
        return record.parent_id or record.id

    own = by_id.get(picked)
    return [] if own is None else [r for r in records if r.id != picked and root(r) == root(own)]


def comparison(services: Services, left_id: str, right_id: str, lang: Lang) -> str:
    """Both paths: the shared beginning once, then turn by turn side by side, and both courses as one picture."""
    actor = services.acting(lang)
    sides = [services.rehearsals.turns(actor, i) for i in (left_id, right_id)]
    shared = 0
    for one, other in zip(*sides, strict=False):
        if (one.payload["text"], one.reply) != (other.payload["text"], other.reply):
            break
        shared += 1
    titles = [_title(services, i, lang) for i in (left_id, right_id)]
    rows = "".join(
        f"<tr><td>{_cell(_at(sides[0], n), lang)}</td><td>{_cell(_at(sides[1], n), lang)}</td></tr>"
        for n in range(shared, max(len(side) for side in sides))
    )
    start = services.rehearsals.opening(actor, left_id)["state"]
    paths = [[start, *(turn.payload["state"] for turn in side)] for side in sides]
    return (
        f"<div class='report'><p>{t('rewind.shared', lang, count=shared)}</p>"
        f"<p class='note'>●— {escape(titles[0])}　■- - {escape(titles[1])}</p>{two_paths_svg(paths, lang)}<div class='scroll'><table class='compare'>"
        f"<tr><th>{escape(titles[0])}</th><th>{escape(titles[1])}</th></tr>{rows}</table></div></div>"
    )


def _title(services: Services, rehearsal_id: str, lang: Lang) -> str:
    record = services.rehearsals.get(services.acting(lang), rehearsal_id)
    when = record.created_at.astimezone().strftime("%m-%d %H:%M")
    kind = (
        t("rewind.first", lang)
        if record.parent_id is None
        else t("rewind.from", lang, turn=(record.branch_turn or 0) + 1)
    )
    return f"{kind} · {when}"


def _at(turns: Sequence[TurnRecord], number: int) -> TurnRecord | None:
    return turns[number] if number < len(turns) else None


def _cell(turn: TurnRecord | None, lang: Lang) -> str:
    if turn is None:
        return ""
    return (
        f"<p><b>{t('report.turn', lang, number=turn.index + 1)}</b> {escape(turn.payload['text'])}</p>"
        f"<p>{escape(join_sentences(turn.reply))}</p>{gauges(turn.payload['state'], lang)}"
    )
