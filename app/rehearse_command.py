"""``tandao rehearse``: a talk in the terminal, or one from a script."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from app.texts import message, t
from app.wiring import build_services
from interview.actor import Actor
from interview.conversation import Lang
from interview.employee import EmployeeState
from interview.errors import InputError
from interview.ports import RehearsalRecord, TurnRecord
from simulator.reaction import Change
from simulator.rehearsal import Rehearsals, ReplyDone, Sentence, TurnStored
from simulator.voices.authored import join_sentences


def rehearse(
    persona_id: str,
    scenario_id: str | None,
    lang: Lang,
    voice: str,
    mode: Any,
    seed: int | None,
    script: str | None,
    as_json: bool,
) -> int:
    """Hold the talk; returns the exit code."""
    services = build_services()
    rehearsals, actor = services.rehearsals, services.acting(lang)
    lines = _script_lines(script) if script else None
    record = rehearsals.start(
        actor, persona_id, scenario_id, lang=lang, mode=mode, seed=7 if script and seed is None else seed, voice=voice
    )
    if not as_json:
        click.echo(f"{services.library.persona(persona_id, lang).name}：{rehearsals.opening(actor, record.id)['line']}")
    talk = _Talk(rehearsals, actor, record, quiet=as_json)
    for number, line in enumerate(lines if lines is not None else _typed(lang), 1):
        try:
            if talk.say(line):
                break
        except InputError as error:
            where = f"{script}:{number}: " if lines is not None else ""
            click.echo(where + message(error, lang), err=True)
    ended = rehearsals.finish(actor, record.id)
    if as_json:
        click.echo(json.dumps(_as_json(rehearsals, actor, ended), ensure_ascii=False))
    click.echo(t("cli.saved", lang, id=record.id), err=True)
    return 0


class _Talk:
    def __init__(self, rehearsals: Rehearsals, actor: Actor, record: RehearsalRecord, *, quiet: bool) -> None:
        self._rehearsals, self._actor, self._record, self._quiet = rehearsals, actor, record, quiet
        self._lang: Lang = actor.language

    def say(self, line: str) -> bool:
        """Say a line and show the answer; True when the talk is over."""
        over = False
        for event in self._rehearsals.say(self._actor, self._record.id, line):
            if isinstance(event, ReplyDone):
                over = event.ended is not None
            if self._quiet:
                continue
            if isinstance(event, TurnStored):
                for change in event.payload["changes"]:
                    click.secho("  · " + Change(**change).text(self._lang), dim=True)
            elif isinstance(event, Sentence):
                click.echo(event.text + ("" if self._lang == "zh" else " "), nl=False)
            else:
                click.echo()
        return over


def _script_lines(script: str) -> list[str]:
    """The non-empty lines; a byte-order mark and Windows line ends are no part of them."""
    try:
        raw = sys.stdin.buffer.read() if script == "-" else Path(script).read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise InputError(str(error), message_key="error.file_missing", path=script) from error
    except UnicodeDecodeError as error:
        raise InputError(str(error), message_key="error.file_encoding", path=script) from error
    return [line for line in text.splitlines() if line.strip()]


def _typed(lang: Lang) -> Iterator[str]:
    click.secho(t("cli.how", lang), dim=True)
    while True:
        try:
            line = input("> ")
        except (EOFError, KeyboardInterrupt):
            return
        if line.strip() in ("/end", "/结束"):
            return
        yield line


def _as_json(rehearsals: Rehearsals, actor: Actor, record: RehearsalRecord) -> dict[str, Any]:
    lang = actor.language
    before = public_state(rehearsals.opening(actor, record.id)["state"])
    turns: list[dict[str, Any]] = []
    for turn in rehearsals.turns(actor, record.id):
        shown = _turn_json(turn, before, lang)
        before = shown["state_after"]
        turns.append(shown)
    return {
        "persona": record.persona_id,
        "scenario": record.scenario_id,
        "lang": lang,
        "voice": record.voice,
        "turns": turns,
        "ended": record.ended,
    }


def _turn_json(turn: TurnRecord, before: dict[str, Any], lang: Lang) -> dict[str, Any]:
    payload = turn.payload
    return {
        "text": payload["text"],
        "moves": payload["moves"],
        "state_before": before,
        "state_after": public_state(payload["state"]),
        "reasons": [Change(**change).text(lang) for change in payload["changes"]],
        "intent": payload["intent"]["kind"],
        "reply": join_sentences(turn.reply),
        "voice": payload["voice"]["name"],
    }


def public_state(raw: dict[str, Any]) -> dict[str, Any]:
    """A stored state without the employee's private bookkeeping."""
    state = EmployeeState.from_dict(raw).to_dict()
    memory = state.pop("memory")
    state["delivered"] = memory["delivered"]
    state["plan_parts"] = memory["plan_parts"]
    return state
