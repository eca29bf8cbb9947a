"""One incident or piece of feedback of a pack: added, changed, taken out."""

import datetime as dt
from typing import Any

import gradio as gr
from pydantic import ValidationError

from cycle.packs import Feedback, Incident, Pack, new_id
from interview.errors import InputError

SHORT = 60
"""Characters of an item shown where it is chosen."""


def valid(model: Any, body: dict[str, Any]) -> Any:
    """The model made of ``body``; raises InputError for what can't be kept."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise InputError("pack", message_key="error.pack_field") from error


def with_incident(pack: Pack, date: str, side: str, what: str, source: str) -> Pack:
    """One more incident, kept."""
    body = {"id": new_id("e"), "date": _day(date), "side": side, "what": what, "source": source, "kept": True}
    return pack.model_copy(update={"incidents": (valid(Incident, body), *pack.incidents)})


def with_feedback(pack: Pack, source: str, what: str) -> Pack:
    """One more piece of feedback, kept."""
    made = valid(Feedback, {"id": new_id("f"), "source": source, "what": what})
    return valid(Pack, {**pack.model_dump(), "feedback": [*pack.feedback, made]})


def changed(pack: Pack, item_id: str, date: str, side: str, what: str, source: str) -> Pack:
    """The item with other words; raises InputError where none is picked. Feedback has neither date nor side."""
    item = _item(pack, item_id)
    body = {**item.model_dump(), "what": what, "source": source}
    if isinstance(item, Incident):
        made = valid(Incident, {**body, "date": _day(date), "side": side})
        return pack.model_copy(update={"incidents": tuple(made if i.id == item_id else i for i in pack.incidents)})
    said = valid(Feedback, body)
    return pack.model_copy(update={"feedback": tuple(said if f.id == item_id else f for f in pack.feedback)})


def removed(pack: Pack, item_id: str) -> Pack:
    """Without the item; one from the team's records comes back as recorded, not kept. No judgement stands on it."""
    item_id = _item(pack, item_id).id
    judgements = tuple(
        j.model_copy(update={"evidence": tuple(e for e in j.evidence if e != item_id)}) for j in pack.judgements
    )
    return pack.model_copy(
        update={
            "incidents": tuple(i for i in pack.incidents if i.id != item_id),
            "feedback": tuple(f for f in pack.feedback if f.id != item_id),
            "judgements": judgements,
        }
    )


def choices(base: dict[str, Any]) -> Any:
    """An update of the chooser: every incident, then every piece of feedback, of a pack as last read."""
    incidents = [
        (f"{'＋' if i['side'] == 'good' else '－'} {i['date']} {i['what']}"[:SHORT], i["id"])
        for i in base.get("incidents", ())
    ]
    feedback = [(f"{f['source'] or '?'}: {f['what']}"[:SHORT], f["id"]) for f in base.get("feedback", ())]
    return gr.update(choices=[("", ""), *incidents, *feedback], value="")


def fields(base: dict[str, Any], item_id: str) -> list[Any]:
    """Updates for date, side, words and source of the picked item."""
    items = {i["id"]: i for i in (*base.get("incidents", ()), *base.get("feedback", ()))}
    item, dated = items.get(item_id, {}), item_id.startswith("e-")
    return [
        gr.update(value=item.get("date", ""), visible=dated or not item),
        gr.update(value=item.get("side", "good"), visible=dated or not item),
        item.get("what", ""),
        item.get("source", ""),
    ]


def _item(pack: Pack, item_id: str) -> Incident | Feedback:
    found = next((i for i in (*pack.incidents, *pack.feedback) if i.id == item_id), None)
    if found is None:
        raise InputError("no item", message_key="error.pack_item")
    return found


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError("day", message_key="error.day") from error
