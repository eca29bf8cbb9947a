"""A language model words the intent: it gets the unlocked facts, the state in words, the intent and the written draft.

Each sentence is checked before it is shown. The first that fails ends the answer; the model is asked once more for the
rest, within the same time limit, and if that fails too the written draft goes on.
"""

import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Protocol, cast

from interview.conversation import Lang, Speaker
from interview.employee import EmployeeState
from interview.errors import LanguageModelError
from interview.ports import SpeakingCue
from simulator.voices.authored import join_sentences, split_sentences
from simulator.voices.checks import MAX_CHARS, Refused, checked

Message = tuple[str, str]
MAX_SENTENCES = 4
MAX_TOKENS = 260
MAX_SAID, MAX_LINE = 1_200, 240
"""Characters of the manager's present sentence, and of each earlier line, that enter a prompt."""
HISTORY_CHARS: dict[Lang, int] = {"zh": 260, "en": 640}
"""Earlier lines and newly unlocked facts share this room, so that a prompt is no longer late in a talk than early."""
LEAST_S = 0.3
"""With less time left a second try is not begun."""
_CLOSED = re.compile(r"(?:[。！？!?]|[a-z]{3}\.)\s*$")
"""Ends a sentence whatever comes next; after a figure, an initial or an ellipsis the next piece decides."""
_SAYS_SOMETHING = re.compile(r"\w|…|\.{3}")
"""Unlike a closing quotation mark that came after its sentence."""
_AGAIN: dict[Lang, str] = {
    "zh": "“{sentence}”这句不能用：{why}。{spoken}请按原来的要求，只把剩下要说的话重新说一遍，不要解释。",
    "en": "“{sentence}” can't be used: {why}. {spoken}Keep to what you were told and say only what is left to say, "
    "without explaining.",
}
_SPOKEN: dict[Lang, str] = {
    "zh": "你已经说了：“{said}”，不要重复。",
    "en": "You have already said “{said}”; don't repeat it. ",
}
_WHY: dict[Lang, Mapping[str, str]] = {
    "zh": {
        "empty": "没有说话", "length": "一句太长", "language": "要用中文说", "role": "你是员工，只说员工会说的话",
        "coaching": "不评价、不教对方怎么谈", "markup": "只要说出口的话，不要符号和动作", "recited": "不要复述给你的要求",
        "figure": "里面有你并不知道的数字", "repeated": "这句已经说过",
        "echo": "这是对方说的话，你要说自己的话",
    },
    "en": {
        "empty": "nothing was said", "length": "the sentence is too long", "language": "speak English",
        "role": "you are the employee and say only what an employee would say", "coaching": "don't coach them or judge "
        "how they lead the talk", "markup": "only spoken words, no markup and no stage directions",
        "recited": "don't recite what you were told", "figure": "it has a figure you don't know",
        "repeated": "that has been said",
        "echo": "those are their words; say your own",
    },
}  # fmt: skip


class Endpoint(Protocol):
    """What the voice needs of a model."""

    def stream(
        self, messages: Sequence[Message], *, temperature: float, max_tokens: int, timeout_s: float | None = None
    ) -> Iterator[str]:
        """Text pieces without thoughts; raises LanguageModelError."""
        ...


class Template(Protocol):
    """What the voice needs of a prompt."""

    @property
    def temperature(self) -> float:
        """Of sampling."""
        ...

    def render(self, **values: Any) -> str:
        """The system text."""
        ...


class LlmVoice:
    """Speaks through a model. The system text changes only when a fact unlocks, so that servers can cache it."""

    name = "llm"

    def __init__(
        self,
        endpoint: Endpoint,
        templates: Mapping[Lang, Template],
        timeout_s: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._templates = templates
        self._timeout_s = timeout_s
        self._clock = clock

    def speak(self, cue: SpeakingCue) -> Iterator[str]:
        """Checked sentences; raises LanguageModelError where the endpoint fails or a second answer does not pass either.

        Leaves in ``cue.remarks`` that and why a second answer was asked for.
        """
        deadline = self._clock() + self._timeout_s
        messages = self.messages(cue)
        said: list[str] = []
        refused = yield from self._sentences(messages, cue, said, deadline)
        if refused is None:
            return
        cue.remarks.update(repaired=False, why_repaired=refused.fault)
        if deadline - self._clock() < LEAST_S:
            raise LanguageModelError("no time for a second answer", message_key="error.llm_slow")
        again = [*messages, *_again(refused, said, cue.persona.lang)]
        refused = yield from self._sentences(again, cue, said, deadline)
        if refused is not None:
            raise LanguageModelError(refused.fault, message_key="error.llm_answer")
        cue.remarks.update(repaired=True)

    def messages(self, cue: SpeakingCue) -> list[Message]:
        """What the model is sent: the stable system text, then what this turn is about."""
        return [("system", self._system(cue, cue.facts)), ("user", turn_message(cue))]

    def _sentences(
        self, messages: Sequence[Message], cue: SpeakingCue, said: list[str], deadline: float
    ) -> Generator[str, None, Refused | None]:
        """Yield what passes, appending it to ``said``; return what did not, or None."""
        template = self._templates[cue.persona.lang]
        stream = self._endpoint.stream(
            messages, temperature=template.temperature, max_tokens=MAX_TOKENS, timeout_s=deadline - self._clock()
        )
        instructions = self._system(cue, ())
        heard = 0
        with closing(cast("Any", stream)) as pieces:
            for sentence in _whole_sentences(pieces, MAX_CHARS[cue.persona.lang]):
                text = checked(sentence, cue, instructions, said)
                if isinstance(text, Refused):
                    return text
                said.append(text)
                heard += 1
                yield text
                if len(said) >= MAX_SENTENCES:
                    return None
        return None if heard else Refused("", "empty")

    def _system(self, cue: SpeakingCue, facts: Sequence[str]) -> str:
        persona = cue.persona
        return self._templates[persona.lang].render(
            name=_flat(persona.name), role=_flat(persona.role), company=_flat(persona.company), card=_flat(persona.card),
            formality=_flat(persona.address.you if persona.lang == "zh" else persona.address.calls_manager[0]),
            facts=[_flat(fact) for fact in facts], manager=_flat(persona.address.manager_name),
            scenario=_flat(cue.scenario.title),
        )  # fmt: skip


def _whole_sentences(pieces: Iterator[str], max_chars: int) -> Iterator[str]:
    """Sentences as soon as they are complete; one that grows beyond every limit is handed on as it is."""
    pending = ""
    for piece in pieces:
        pending += piece
        found = split_sentences(pending)
        whole = found if _CLOSED.search(pending) else found[:-1]
        if whole:
            yield from filter(_SAYS_SOMETHING.search, whole)
            pending = pending[_end_of(pending, whole) :]
        elif len(pending) > max_chars + 20:
            yield pending
            return
    yield from filter(_SAYS_SOMETHING.search, split_sentences(pending))


def _end_of(text: str, sentences: Sequence[str]) -> int:
    """Where the last of these sentences, which open the text, ends."""
    end = 0
    for sentence in sentences:
        end = text.index(sentence, end) + len(sentence)
    return end


def _again(refused: Refused, said: Sequence[str], lang: Lang) -> list[Message]:
    """The continuation of the dialogue that asks for the rest: the failing sentence, and the reason in words."""
    spoken = _SPOKEN[lang].format(said=join_sentences(said)) if said else ""
    failing = _clip(refused.sentence, MAX_LINE)
    ask = _AGAIN[lang].format(sentence=failing, why=_WHY[lang][refused.fault], spoken=spoken)
    return [("assistant", join_sentences([*said, failing]) or "…"), ("user", ask)]


def turn_message(cue: SpeakingCue) -> str:
    """What changes from turn to turn: the last exchanges, the mood, the intent, the draft; bounded in length."""
    zh = cue.persona.lang == "zh"
    who = {Speaker.MANAGER: "上级" if zh else "Manager", Speaker.EMPLOYEE: "你" if zh else "You"}
    lines = [f"{who[Speaker(speaker)]}: {text}" for speaker, text in window(cue)]
    lines.append(f"{who[Speaker.MANAGER]}: {_clip(cue.said, MAX_SAID)}")
    talk = "\n".join(lines)
    draft = ("" if zh else " ").join(cue.draft)
    intent = str(cue.intent.kind).replace("_", " ")
    if zh:
        return f"最近的对话：\n{talk}\n\n你现在{mood(cue.state, 'zh')}，要做的事是：{intent}。\n把这句草稿换成你自己的话说出来：“{draft}”"
    return (
        f"The last exchanges:\n{talk}\n\nYou are {mood(cue.state, 'en')}; what you do: {intent}.\n"
        f"Say this draft aloud in your own words: “{draft}”"
    )


def window(cue: SpeakingCue) -> list[tuple[str, str]]:
    """The newest earlier lines that fit beside the facts unlocked so far; the last exchange always does."""
    room = HISTORY_CHARS[cue.persona.lang] - sum(len(fact) for fact in cue.facts[len(cue.persona.knows) :])
    kept: list[tuple[str, str]] = []
    for speaker, text in reversed(cue.history):
        clipped = _clip(text, MAX_LINE)
        room -= len(clipped)
        if room < 0 and len(kept) >= 2:
            break
        kept.append((speaker, clipped))
    return kept[::-1]


def _flat(text: str) -> str:
    """On one line, so that no persona's words can open a section of the instructions."""
    return " ".join(text.split())


def _clip(text: str, limit: int) -> str:
    """On one line, beginning and end where it is too long."""
    flat = _flat(text)
    return flat if len(flat) <= limit else f"{flat[: limit // 2]} … {flat[-limit // 2 :]}"


def mood(state: EmployeeState, lang: Lang) -> str:
    """The state in words."""
    tension = 0 if state.tension < 0.34 else 1 if state.tension < 0.67 else 2
    trust = 0 if state.trust < 0.34 else 1 if state.trust < 0.67 else 2
    words = {
        "zh": (("平静", "有些紧张", "很紧张"), ("不信任对方", "半信半疑", "信任对方")),
        "en": (
            ("calm", "tense", "very tense"),
            ("without trust in them", "with some trust in them", "with trust in them"),
        ),
    }[lang]
    return f"{words[0][tension]}，{words[1][trust]}" if lang == "zh" else f"{words[0][tension]} and {words[1][trust]}"
