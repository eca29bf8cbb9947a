"""Whether a sentence a model wrote is one this employee could say here: language, length, role, figures, no echo.

What is refused costs little (the written line stands in), so that in doubt a sentence is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from interview.conversation import Lang, Speaker
from interview.ports import SpeakingCue
from interview.reading.facts import zh_number

Fault = Literal["empty", "length", "language", "role", "coaching", "markup", "recited", "figure", "repeated", "echo"]

MAX_CHARS: dict[Lang, int] = {"zh": 160, "en": 420}
_RUN: dict[Lang, int] = {"zh": 12, "en": 7}
"""So many characters (zh) or words (en) in a row taken from the instructions are recited, not said."""
_SHORT: dict[Lang, int] = {"zh": 8, "en": 24}
"""Up to so many characters a sentence may be said again: “I see.”"""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_OTHER_SCRIPT = re.compile(r"[\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\uac00-\ud7af]")
_LATIN_WORD = re.compile(r"[a-z']+")
_EN_FUNCTION = frozenset(
    {
        "i", "you", "he", "she", "it", "we", "they", "me", "us", "them", "my", "your", "our", "their", "the", "a",
        "an", "and", "or", "but", "so", "if", "to", "of", "in", "on", "at", "for", "with", "from", "that", "this",
        "what", "how", "when", "why", "who", "is", "are", "was", "were", "be", "been", "am", "do", "did", "does",
        "have", "has", "had", "not", "no", "yes", "can", "could", "will", "would", "just", "about", "as", "there",
        "it's", "i'm", "don't", "that's", "i've", "i'd", "okay", "ok", "well",
    }
)  # fmt: skip
_MARKUP = re.compile(
    r"[<>{}|`#\n]|\*\S|\]\(|^\s*[\[（(【*-]|[（(][^（()）]*(?:叹|笑|沉默|低头|点头|sigh|nod|smil|laugh|paus)"
)
_ROLE = re.compile(
    r"作为(?:一个|一名)?(?:AI|人工智能|助手|语言模型|经理|主管|上级)|人工智能|语言模型|系统提示|提示词|草稿|(?:我的|这些|收到的)指令"
    r"|扮演|用户(?:让我|要求我|希望我|在问|想让)|我需要以|我(?:是|作为)(?:你的|您的)?(?:经理|主管|上级|领导)|身为(?:你|您)?的?(?:经理|主管|上级)"
    r"|你今?年?的(?:绩效|评级|考核|表现)|(?:今天|这次)(?:找|叫|请)你(?:来|过来)|我(?:会|来|可以)(?:给|为|帮)你(?:安排|申请|制定|提供|培训)"
    r"|我对你的(?:工作|表现|评价)|希望你(?:能|可以)?(?:改进|提高|提升|继续)|有什么(?:我)?可以帮"
    r"|\bas an? (?:ai|assistant|manager|employee)\b|language model|system prompt|\bprompt\b|\b(?:the|this|my) draft\b"
    r"|as your (?:manager|boss|supervisor)|(?:my|these|your) instructions|role-?play|\bthe user (?:wants|asked|asks|is asking|says|said)|i need to respond"
    r"|\byour (?:rating|performance|review)\b (?:is|was|this|has)|i(?:'ve| have)? (?:called|asked) you (?:in|here)"
    r"|how can i (?:help|assist)|(?:help|assist) you (?:with|today)|i(?:'d| would) like (?:you to improve|to discuss your)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:心情|要做的事|意图|草稿|最近的对话|mood|what you do|draft|intent|the last exchanges)\s*[:：]"
    r"|^(?:你现在)?(?:平静|有些紧张|很紧张)，(?:不信任|半信半疑|信任)|\b(?:calm|tense) and with(?:out)?(?: some)? trust",
    re.IGNORECASE,
)
_COACHING = re.compile(
    r"共情|开放式(?:的)?(?:问题|提问)|积极倾听|倾听(?:的)?技巧|面谈(?:的)?(?:技巧|流程|步骤|方法)|谈话技巧|沟通技巧|同理心"
    r"|(?:你|您)(?:这样|刚才|这么)?(?:谈|问|说)得(?:很|真|非常)?(?:专业|到位|有技巧)|(?:你|您)(?:应该|可以|不妨)(?:试着)?先(?:倾听|共情|肯定|问)"
    r"|active listening|open[- ]ended|\bempath(?:y|ise|ize|etic)\b|interview technique|feedback (?:technique|sandwich)"
    r"|you (?:should|could|might) (?:try|start by|begin by) (?:ask|listen|acknowledg|say)|good coaching|well-?handled",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"^\s*([^\s:：，。,.!?！？]{1,16}(?: [A-Z][a-z]+)?)\s*[:：]\s*")
_SELF = frozenset({"员工", "我", "你", "employee", "me", "you"})
_DIGITS = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_ZH_AMOUNT = re.compile(
    r"百分之([零一二两三四五六七八九十百]+(?:点[零一二三四五六七八九]+)?)|(?!千万)([一二两三四五六七八九]?[十百千][一二两三四五六七八九十百]*)(?=[万个单件台次家块元天人])"
    r"|([一二两三四五六七八九十百]+)(成(?![不就])|[万倍])"
)
_ZH_SCALES = {"成": 10, "万": 10_000}
_EN_AMOUNT = re.compile(
    r"\b((?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|ten|eleven|twelve|fifteen|eighteen|(?:a|one|two|three|four|five|six|seven|eight|nine) (?:hundred|thousand|million))\b"
)  # fmt: skip
_EN_UNITS: list[str] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
]
_EN_TENS: list[str] = ["x", "x", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a sentence is not said."""

    sentence: str
    fault: Fault


def checked(sentence: str, cue: SpeakingCue, instructions: str, said: Iterable[str] = ()) -> str | Refused:
    """The sentence as it may be shown, or why not. ``instructions``: what the model was told apart from the facts."""
    lang = cue.persona.lang
    text, own = _without_speaker(sentence, cue)
    text = text.strip().strip('“”"「」').strip()
    fault = "role" if not own else _fault(text, lang, cue, instructions, said)
    return text if fault is None else Refused(sentence, fault)


def _fault(text: str, lang: Lang, cue: SpeakingCue, instructions: str, said: Iterable[str]) -> Fault | None:
    if not re.search(r"\w|[.…。？！?!]", text):
        return "empty"
    if len(text) > MAX_CHARS[lang]:
        return "length"
    if _MARKUP.search(text):
        return "markup"
    if not in_language(text, lang):
        return "language"
    if _ROLE.search(text):
        return "role"
    if _COACHING.search(text):
        return "coaching"
    if _LABEL.search(text) or shares_run(text, instructions, lang):
        return "recited"
    draft = " ".join(cue.draft)
    if shares_run(text, cue.said, lang) and not shares_run(text, draft, lang):
        return "echo"
    if amounts(text) - _known(cue):
        return "figure"
    if len(text) > _SHORT[lang] and (text in said or (text not in draft and any(text in line for line in _own(cue)))):
        return "repeated"
    return None


def in_language(text: str, lang: Lang) -> bool:
    """Whether the words are of this language; single foreign words among them are ordinary speech."""
    if _OTHER_SCRIPT.search(text):
        return False
    han, words = len(_HAN.findall(text)), _LATIN_WORD.findall(text.lower())
    letters = sum(len(word) for word in words)
    if lang == "zh":
        return letters <= 3 if han == 0 else letters <= 2 * han + 8
    return han == 0 and (len(words) < 6 or any(word in _EN_FUNCTION for word in words))


def shares_run(text: str, other: str, lang: Lang) -> bool:
    """Whether a long run of the words stands in the other text too."""
    if lang == "zh":
        own, told = "".join(_HAN.findall(text)), "".join(_HAN.findall(other))
        runs = (own[i : i + _RUN["zh"]] for i in range(len(own) - _RUN["zh"] + 1))
        return any(run in told for run in runs)
    own_words, told = _LATIN_WORD.findall(text.lower()), " ".join(_LATIN_WORD.findall(other.lower()))
    size = _RUN["en"]
    return any(" ".join(own_words[i : i + size]) in told for i in range(len(own_words) - size + 1))


def amounts(text: str) -> set[float]:
    """The figures in a text: digits, and number words where they state an amount rather than a turn of phrase."""
    found = {float(n.replace(",", "")) for n in _DIGITS.findall(text)}
    for percent, counted, scaled, unit in _ZH_AMOUNT.findall(text):
        if percent != "百":  # “百分之百” is a way of saying wholly
            found.add(zh_number(percent or counted or scaled) * _ZH_SCALES.get(unit, 1))
    return found | {_en_amount(words) for words in _EN_AMOUNT.findall(text.lower())}


def _en_amount(words: str) -> float:
    first, _, second = words.replace("-", " ").partition(" ")
    if second in ("hundred", "thousand", "million"):
        scale = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}[second]
        return float(scale * (1 if first == "a" else _EN_UNITS.index(first)))
    if first in _EN_TENS:
        return float(10 * _EN_TENS.index(first) + (_EN_UNITS.index(second) if second else 0))
    return 18.0 if first == "eighteen" else float(_EN_UNITS.index(first))


def _own(cue: SpeakingCue) -> list[str]:
    """What the employee said in the last turns."""
    return [text for speaker, text in cue.history if speaker == Speaker.EMPLOYEE]


def _known(cue: SpeakingCue) -> set[float]:
    """Every figure that has been spoken, or stands in the shared record."""
    persona = cue.persona
    lines = [*cue.draft, *cue.facts, cue.said, *(text for _, text in cue.history)]
    lines += [f"{n.month[:4]} {n.month[5:]} {n.target:g} {n.actual:g}" for n in persona.numbers]
    lines += [f"{i.date.month} {i.date.day} {i.what}" for i in persona.incidents]
    lines += [persona.rating.given, persona.rating.expected]
    return amounts(" ; ".join(lines))


def _without_speaker(sentence: str, cue: SpeakingCue) -> tuple[str, bool]:
    """Without a leading “name:”, and whether that name is the employee's own (or none was there)."""
    match = _SPEAKER.match(sentence)
    if match is None:
        return sentence, True
    name = match[1].lower()
    mine = name in _SELF or name in cue.persona.name.lower() or name in {c.lower() for c in cue.persona.address.called}
    theirs = re.search(r"经理|主管|上级|领导|manager|boss|assistant|助手|system|user", name)
    manager = cue.persona.address
    theirs = theirs or name in {manager.manager_name.lower(), *(c.lower() for c in manager.calls_manager)}
    return (sentence[match.end() :], True) if mine else (sentence, not theirs)
