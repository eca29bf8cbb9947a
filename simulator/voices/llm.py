"""A language model words the intent: it gets the unlocked facts, the state in words, the intent and the written draft.

Each sentence is checked before it is shown; the first that fails ends the model's part, and the written draft goes on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from interview.conversation import Lang, Speaker
from interview.employee import EmployeeState
from interview.errors import LanguageModelError
from interview.ports import SpeakingCue
from simulator.voices.authored import split_sentences

MAX_SENTENCES = 4
MAX_CHARS: dict[Lang, int] = {"zh": 160, "en": 420}
_THINKING = re.compile(r"<think>.*?(?:</think>|$)", re.S)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_OUT_OF_ROLE = re.compile(
    r"作为(?:一个)?(?:AI|人工智能|助手|语言模型)|系统提示|草稿|你(?:作为|身为)(?:经理|主管)|建议你(?:在面谈|可以先共情)|我(?:是|作为)(?:你的)?(?:经理|主管|上级)"
    r"|as an ai|language model|system prompt|\bdraft\b|as your manager|my instructions|\*[^*]+\*|^\s*[\[（(]",
    re.IGNORECASE,
)
_ROLE_PREFIX = re.compile(r"^\s*(?:员工|employee|我)\s*[:：]\s*", re.IGNORECASE)


class Endpoint(Protocol):
    """What the voice needs of a model."""

    def stream(self, messages: Sequence[tuple[str, str]], *, temperature: float, max_tokens: int) -> Iterator[str]:
        """Text pieces; raises LanguageModelError."""
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

    def __init__(self, endpoint: Endpoint, templates: Mapping[Lang, Template]) -> None:
        self._endpoint = endpoint
        self._templates = templates

    def speak(self, cue: SpeakingCue) -> Iterator[str]:
        """Checked sentences; raises LanguageModelError where the endpoint fails or a sentence does not pass."""
        template = self._templates[cue.persona.lang]
        messages = [("system", self._system(cue, template)), ("user", turn_message(cue))]
        shown = 0
        pending = ""
        pieces = self._endpoint.stream(messages, temperature=template.temperature, max_tokens=220)
        for piece in pieces:
            pending += piece
            text = _THINKING.sub("", pending) if "<think>" in pending else pending
            whole = split_sentences(text)[:-1]
            while shown < len(whole) and shown < MAX_SENTENCES:
                yield checked(whole[shown], cue)
                shown += 1
        text = _THINKING.sub("", pending)
        for sentence in split_sentences(text)[shown:MAX_SENTENCES]:
            yield checked(sentence, cue)
            shown += 1
        if shown == 0:
            raise LanguageModelError("nothing said")

    def _system(self, cue: SpeakingCue, template: Template) -> str:
        persona = cue.persona
        return template.render(
            name=persona.name, role=persona.role, company=persona.company, card=persona.card,
            formality=persona.address.you if persona.lang == "zh" else persona.address.calls_manager[0],
            facts=list(cue.facts), manager=persona.address.manager_name, scenario=cue.scenario.title,
        )  # fmt: skip


def turn_message(cue: SpeakingCue) -> str:
    """What changes from turn to turn: the last exchanges, the mood, the intent, the draft."""
    zh = cue.persona.lang == "zh"
    who = {Speaker.MANAGER: "上级" if zh else "Manager", Speaker.EMPLOYEE: "你" if zh else "You"}
    lines = [f"{who[Speaker(speaker)]}: {text}" for speaker, text in cue.history]
    lines.append(f"{who[Speaker.MANAGER]}: {cue.said}")
    talk = "\n".join(lines)
    draft = ("" if zh else " ").join(cue.draft)
    intent = str(cue.intent.kind).replace("_", " ")
    if zh:
        return f"最近的对话：\n{talk}\n\n心情：{mood(cue.state, 'zh')}\n要做的事：{intent}\n草稿：{draft}"
    return f"The last exchanges:\n{talk}\n\nMood: {mood(cue.state, 'en')}\nWhat you do: {intent}\nDraft: {draft}"


def mood(state: EmployeeState, lang: Lang) -> str:
    """The state in words."""
    tension = 0 if state.tension < 0.34 else 1 if state.tension < 0.67 else 2
    trust = 0 if state.trust < 0.34 else 1 if state.trust < 0.67 else 2
    words = {
        "zh": (("平静", "有些紧张", "很紧张"), ("不信任对方", "半信半疑", "信任对方")),
        "en": (("calm", "tense", "very tense"), ("no trust in them", "some trust in them", "trusts them")),
    }[lang]
    return f"{words[0][tension]}，{words[1][trust]}" if lang == "zh" else f"{words[0][tension]}, {words[1][trust]}"


def checked(sentence: str, cue: SpeakingCue) -> str:
    """The sentence, if an employee could say it; raises LanguageModelError with the reason otherwise."""
    lang = cue.persona.lang
    text = _ROLE_PREFIX.sub("", sentence).strip().strip('“”"「」')
    letters = len(re.findall(r"[A-Za-z]", text))
    han = len(_HAN.findall(text))
    if not text or len(text) > MAX_CHARS[lang]:
        raise LanguageModelError("length", message_key="error.llm_answer")
    if (lang == "zh" and letters > 12 and letters > 2 * han) or (lang == "en" and han > 0):
        raise LanguageModelError("language", message_key="error.llm_answer")
    if _OUT_OF_ROLE.search(text):
        raise LanguageModelError("role", message_key="error.llm_answer")
    known = " ".join((*cue.draft, *cue.facts, cue.said, *(t for _, t in cue.history), _record(cue)))
    if any(number not in known for number in _NUMBER.findall(text)):
        raise LanguageModelError("invented figure", message_key="error.llm_answer")
    return text


def _record(cue: SpeakingCue) -> str:
    persona = cue.persona
    figures = " ".join(f"{n.month} {n.target:g} {n.actual:g}" for n in persona.numbers)
    dates = " ".join(f"{i.date.month} {i.date.day} {i.what}" for i in persona.incidents)
    return f"{figures} {dates} {persona.rating.given} {persona.rating.expected}"
