"""What every whispered wording is held to, whether a person wrote it or a model: short, acknowledges, asks, owes nothing."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from interview.conversation import Lang
from interview.moves import HARMS, MoveKind
from interview.ports import MoveReader

MAX_CHARACTERS, MAX_WORDS = 29, 14
"""Of a wording: Chinese characters with punctuation, English words."""
Fault = Literal["empty", "language", "length", "asks", "acknowledges", "owes", "figures", "form", "harm", "repeated"]
NEVER = HARMS | {
    MoveKind.PROMISE_BEYOND_AUTHORITY, MoveKind.DISOWNS_DECISION, MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF,
}  # fmt: skip
"""Moves that no offered wording may make."""
_HAN, _LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")
_FORM = re.compile(r"[\n\r<>{}\[\]#*_`|«»\"“”「」【】]|[:：]|https?|[\U0001f000-\U0001faff]")
_FIGURE = re.compile(r"[0-9０-９%％¥$€]|[一二三四五六七八九十百千万]+(?:元|块钱|个点|倍)|百分之")
_OWES = {
    "zh": re.compile(
        r"对不起|抱歉|不好意思|请?原谅|道歉|怪我|怨我|赖我|我的(?:错|不是|问题|责任|疏忽)|是我(?!们)|(?<!要)我(?:错|误会|疏忽|亏待|欠|漏|忘)"
        r"|我(?:没有?|未)(?!资格|想好|准备好?打断)|(?:该|应该)早[点些]?(?:跟|和|告诉|通知|说)|我(?:哪句|哪里|哪儿|什么地方)"
        r"|(?:我|公司|咱们|我们)(?:会|一定|肯定|绝对|保证|答应|承诺|负责|去(?!续|倒|拿|关)|帮你(?!听)|替你|给你(?!时间|听))"
        r"|我(?:也)?认|我(?:来(?!听)|接)|保证|答应你|承诺|放心|交给我|包在我|下次不会|回头我|给你(?:加|涨|调|升|改)|都听你的|照你说的"
    ),
    "en": re.compile(
        r"\b(?:sorry|apolog\w+|forgive|my (?:fault|mistake|bad|doing|responsibility)|i (?:was|am) wrong|i(?:'ve| have)? "
        r"(?:failed|missed|forgot|overlooked|never|didn't|did not|should have|let you down|messed up|closed|asked that)"
        r"|should(?:'ve| have) (?:told|heard|noticed|seen|done)|(?:have|did|should) i (?:missed?|left|leave|have)|i've left"
        r"|(?:was it )?something i said|i'll|i will|i promise|i(?:'m| am) going to|we'll(?! both know)|we will|you'll (?:get|have (?:a|the|it))|you will get"
        r"|guarantee\w*|rest assured|leave it (?:to|with) me|count on me|make sure|make it up|let's do it your way)\b"
    , re.IGNORECASE),
}  # fmt: skip
_ASKS = {
    "zh": re.compile(r"什么|怎么|怎样|哪|谁|多少|几|为何|为啥|吗|呢|吧|是不是|要不要|行不行|好不好|还有没有|还是|再说|说说|谈谈|讲讲|走走说|小事说"),
    "en": re.compile(
        r"\b(?:what|what's|how|which|where|where's|who|when|why|shall|would|could|can|is|was|does|do|did|are|any|questions|easier"
        r"|one's)\b", re.IGNORECASE
    ),
}  # fmt: skip


def fault(text: str, lang: Lang, reader: MoveReader, *, used: Collection[str] = (), quoted: str = "") -> Fault | None:
    """The first thing wrong with a wording, or None. ``used``: wordings already offered; ``quoted``: the employee's words.

    A figure is wrong unless the employee said it: a wording must not bring in facts.
    """
    words = text.strip()
    if not words:
        return "empty"
    if _FORM.search(words):
        return "form"
    if not _in_language(words, lang):
        return "language"
    if (len(words) > MAX_CHARACTERS) if lang == "zh" else (len(words.split()) > MAX_WORDS):
        return "length"
    if any(found[0] not in quoted for found in _FIGURE.finditer(words)):
        return "figures"
    first, question = _parts(words)
    if not question or not _ASKS[lang].search(question):
        return "asks"
    if _OWES[lang].search(_straight(words)):
        return "owes"
    if not acknowledges(first, lang):
        return "acknowledges"
    moves = reader.read(words, lang).moves
    if any(m.strength >= 0.5 and (m.kind in NEVER or m.detail in {"hollow", "blaming", "parrot"}) for m in moves):
        return "harm"
    return "repeated" if _plain(words) in {_plain(u) for u in used} else None


def _in_language(words: str, lang: Lang) -> bool:
    han, latin = len(_HAN.findall(words)), len(_LATIN.findall(words))
    return han > 0 and latin <= 8 and latin < han if lang == "zh" else han == 0 and latin > 0


def _parts(words: str) -> tuple[str, str]:
    """What comes before the last question, and that question; the question is empty where the end is none."""
    if words[-1] not in "？?":
        return words, ""
    cut = max((words.rfind(end, 0, -1) for end in "。！!？?…"), default=-1)
    dot = max((m.end() - 1 for m in re.finditer(r"[.;](?=\s)", words)), default=-1)
    cut = max(cut, dot)
    if cut < 0:  # one sentence: its first clause acknowledges, the rest asks
        cut = max(words.rfind(c, 0, -1) for c in "，,")
    return (words[: cut + 1].strip(), words[cut + 1 :].strip()) if cut >= 0 else ("", words)


def _straight(words: str) -> str:
    return words.replace("’", "'")


def _plain(words: str) -> str:
    return "".join(c for c in words.casefold() if c.isalnum())


def acknowledges(first: str, lang: Lang) -> bool:
    """Whether what comes before the question takes the employee's side of it in: no argument, no instruction."""
    yes, no = _patterns()[lang]
    said = _straight(first).casefold()
    return bool(yes.search(said)) and not no.search(said)


@cache
def _patterns() -> Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    data = yaml.safe_load(files("phrasing").joinpath("checks.yaml").read_text(encoding="utf-8"))
    return {
        lang: (re.compile("|".join(found["acknowledges"])), re.compile("|".join(found["argues"])))
        for lang, found in data.items()
    }
