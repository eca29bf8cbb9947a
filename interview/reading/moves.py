"""Reads a manager's moves from the words: patterns in both languages, what the other side had said before, and a small
model of what the words are likely to do."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Literal

from interview.conversation import Lang
from interview.gestures import SHOWN, adjourns, says_nothing, spoken
from interview.moves import EMPTY_DETAILS, HARMS, Move, MoveKind, MoveReading
from interview.reading import patterns
from interview.reading.move_model import MoveModel, Sentence, read_sentences
from interview.reading.patterns import Match, fold

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_SPEAKER = re.compile(r"^\s*(?:员工|下属|对方|employee|report|client|e|b)\s*[:：]\s*", re.IGNORECASE)
_MARKUP = re.compile(
    r"</?[a-z][^>]*>|function\s*\(|=>|\{[^{}]*[;=][^{}]*\}|^\s*(?:import|def|select|class)\s", re.I | re.M
)
_EN_WORD = re.compile(r"[a-z']+")
_EN_ENDING = re.compile(r"(?<=[a-z]{3})(?:'s|ing|ed|es|s)$")
_EN_STOP = frozenset(
    [
        "i",
        "you",
        "he",
        "she",
        "it",
        "we",
        "they",
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "so",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "with",
        "that",
        "this",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "have",
        "has",
        "had",
        "sounds",
        "sound",
        "like",
        "seems",
        "looks",
        "hear",
        "hearing",
        "heard",
        "saying",
        "telling",
        "feel",
        "felt",
        "mean",
        "means",
        "right",
        "gather",
        "guess",
        "do",
        "did",
        "does",
        "not",
        "no",
        "my",
        "your",
        "our",
        "me",
        "us",
        "them",
        "it's",
        "i'm",
        "that's",
        "just",
        "very",
        "really",
        "as",
        "if",
        "from",
        "about",
        "there",
        "what",
        "how",
        "when",
    ]
)
_EN_COMMON = _EN_STOP | frozenset(
    [
        "can", "will", "would", "could", "should", "go", "going", "get", "got", "one", "two", "time", "year",
        "month", "week", "work", "team", "good", "well", "know", "think", "see", "want", "need", "like", "make",
        "made", "take", "say", "said", "look", "back", "here", "now", "then", "more", "some", "all", "any",
        "out", "up", "down", "right", "yes", "ok", "okay", "thanks", "everyone", "everybody", "nobody", "anyone",
        "else", "fine", "why", "who", "which", "where", "much", "many", "never", "always", "because", "still",
        "too", "only", "people", "job", "something", "nothing", "anything", "don't", "can't", "didn't", "won't",
        "isn't", "i'll", "we'll", "you'll", "you're", "you've", "i've", "we've", "let's", "i'd", "you'd",
        "their", "his", "her", "than", "come", "let", "tell", "please", "sorry", "next", "last", "first",
        "every", "other",
    ]
)  # fmt: skip
_EN_FORMED = re.compile(r"[a-z]{3,}(?:ly|ed|ing|tions?|ments?|ness|able|ful|ers?|als?|ies|ous|ive)$")
_TAG = re.compile(
    r"[，,、](?=(?:你|您|这样|咱们?|我们)?(?:看|觉得|说|认为)?(?:这样)?(?:可以|好|行|成|对|是|合适|公道|合理)(?:吗|么|不[好行成对]|不可以)\s*[?？])"
    r"|[，,](?=(?:你|您)?(?:看|觉得)?(?:怎么样|如何|咋样)\s*[?？])|[，,](?=我(?:这样)?(?:说|理解)(?:得)?对(?:吗|不对)\s*[?？])"
    r"|,(?=\s*(?:(?:and )?(?:is|does|would|how does|how's|how is) that|okay|ok|all right|alright|am i right|right|fair enough)"
    r"(?: (?:ok|okay|all right|alright|fair|right|work|help|sound|suit|make sense|for you|with you|to you|you))*\s*\?)"
)
"""The comma before a question that only asks for a nod: what comes before it is no question."""
_SOUNDS = frozenset(["mm", "mmm", "hm", "hmm", "mhm", "uh", "um", "er", "ah", "oh", "huh"])
_ZH_FUNCTION = frozenset("的了是我你您他她它们这那有在和与就都也不没很还要会能说到去来上下么吗呢吧啊个一")
_SUMS_UP = re.compile(r"[你您]|所以|等于|难怪|原来|一边|两头|没人|又要|还要|只好|只能|结果|反倒|偏偏|明明")
_TELLS = re.compile(
    r"[?？]|我(?!们)|应该|必须|不能|[你您](?:得|要|再|先|就|可以|去|把)|以后|下次|别|请|凭|什么|怎么|哪|谁让|本职|那叫|丑话|不想|用心|但|可是|不过|借口|规定|制度|公司"
    r"|[吗呢吧]\s*[。]?$"
)
"""Words of somebody who answers, asks, tells or rebuts rather than takes up."""
_TELLING = HARMS | {
    MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.EXPECTATION, MoveKind.ADVICE, MoveKind.DELIVERS_MESSAGE,
    MoveKind.SUPPORT_OFFER, MoveKind.OFFERS_APPEAL, MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF,
    MoveKind.DISOWNS_DECISION, MoveKind.PROMISE_BEYOND_AUTHORITY, MoveKind.AGREE_BEFORE_DIFFER,
}  # fmt: skip
_QUESTIONS = (MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION)
_ECHO, _TAKEN_UP, _FAINT = 0.72, 0.22, 0.45
_LEAST_ECHO = 0.15
_DOUBTED = 0.08
"""Probability below which a rule's find is faint: of such finds nine in ten were wrong on talks the model had not seen."""
_SURE, _SURE_OF_BAD = 0.6, 0.8
_BAD = HARMS | {MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF, MoveKind.DISOWNS_DECISION}
_NEEDS_RULES = frozenset({MoveKind.STEP_MARKER, MoveKind.PROMISE_BEYOND_AUTHORITY, MoveKind.ENCOURAGER})
"""Kinds that carry a detail, or are too rare for the model: rules alone find and keep them."""


class RuleMoveReader:
    """The default `MoveReader`: no network, linear in the length of the text; rules alone with ``model=None``."""

    def __init__(self, model: MoveModel | Literal["shipped"] | None = "shipped") -> None:
        self._model = model  # the shipped one is read with the first turn, not when a page is built

    def read(self, text: str, lang: Lang, before: str = "") -> MoveReading:
        """Moves in order of place; ``before`` tells a true reflection from an empty or parroted one."""
        if says_nothing(text):
            return MoveReading((), readable=True)
        words = spoken(text)
        shown = [Move(MoveKind.EVIDENCE, 0.9, m[0], m.start(), m.end()) for m in SHOWN.finditer(text)]
        if not is_talk(words):
            return MoveReading(tuple(shown), readable=bool(shown))
        found: list[Match] = []
        folded = _TAG.sub("；", fold(words))
        for tongue in _languages(text, lang):
            found += patterns.load(f"moves_{tongue}").matches(folded)
        kept = _consistent(patterns.strongest(found))
        said = _SPEAKER.sub("", before)
        moves = [self._move(match, text, folded, said) for match in kept]
        moves += _plain_reflection(text, folded, said, moves)
        moves += shown
        if adjourns(text):
            moves = [m for m in moves if m.kind is not MoveKind.INTERRUPTION]
        likely = dict[MoveKind, float]()
        model = MoveModel.shipped() if isinstance(self._model, str) else self._model
        if model is not None:
            spoken_for = [(s, model.likely(s)) for s in _model_sentences(folded, said, moves)]
            moves = _weighed(moves, spoken_for, text, folded)
            likely = _together(moves, [found for _, found in spoken_for])
        return MoveReading(tuple(sorted(moves, key=lambda m: (m.start, m.end))), readable=True, likely=likely)

    def _move(self, match: Match, text: str, folded: str, before: str) -> Move:
        kind, strength, detail = MoveKind(match.kind), match.strength, match.detail
        if detail == "stemless":  # what nobody said before can't be taken up
            strength, detail = strength if before else min(strength, _FAINT), ""
        if kind is MoveKind.REFLECTION and before:
            overlap, echo = _overlap(folded, before)
            if echo >= _ECHO:
                strength, detail = 0.3, "parrot"
            elif overlap < 0.05:
                strength *= 0.8  # a paraphrase may share no word, if its stem says what it is
        if kind is MoveKind.EVIDENCE and _blaming(folded):
            detail = "blaming"
        return Move(kind, round(min(1.0, strength), 2), text[match.start : match.end], match.start, match.end, detail)


def is_talk(text: str) -> bool:
    """Whether these are words of one of our languages at all: no code, no markup, no random keys."""
    if _MARKUP.search(text):
        return False
    han = len(_HAN.findall(text))
    if han:
        return han >= 1 and han / max(1, len(re.sub(r"\s", "", text))) > 0.2
    words = _EN_WORD.findall(text.lower())
    if not words:
        return False
    words = [w for w in words if w not in _SOUNDS] or ["yes"]
    known = sum(w in _EN_COMMON or (len(w) > 1 and bool(re.search(r"[aeiouy]", w))) for w in words)
    common = sum(w in _EN_COMMON or _EN_FORMED.match(w) is not None for w in words)
    if len(words) <= 3:
        return known == len(words)
    return known / len(words) > 0.7 and common / len(words) > 0.08


def _languages(text: str, lang: Lang) -> tuple[Lang, ...]:
    han, latin = _HAN.search(text) is not None, len(_LATIN.findall(text))
    if han and latin >= 3:
        return ("zh", "en")
    if han:
        return ("zh",)
    return ("en",) if latin else (lang,)


def _consistent(found: list[Match]) -> list[Match]:
    """Drop what another, more particular reading of the same words makes wrong."""
    kinds = {m.kind for m in found if m.strength >= 0.5}
    drop: set[str] = set()
    if MoveKind.OPEN_QUESTION in kinds:
        drop.add(MoveKind.CLOSED_QUESTION)
    if MoveKind.BLAME in kinds or MoveKind.PRIES in kinds:
        drop |= {MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION}
    scorn = [m for m in found if m.kind in (MoveKind.COMPARISON, MoveKind.DISMISSAL) and m.strength >= 0.5]
    for question in _QUESTIONS:
        found = _apart(found, question, scorn)
    if MoveKind.THREAT in kinds:
        drop |= {MoveKind.EXPECTATION, MoveKind.DELIVERS_MESSAGE}
    if MoveKind.AGREE_BEFORE_DIFFER in kinds:
        found = [m for m in found if not (m.kind == MoveKind.EMPATHY and m.detail == "hollow")]
    if any(m.kind == MoveKind.EMPATHY and not m.detail for m in found):
        found = [m for m in found if not (m.kind == MoveKind.EMPATHY and m.detail == "hollow")]
    if any(m.kind == MoveKind.AFFIRMATION and not m.detail for m in found):
        found = [m for m in found if not (m.kind == MoveKind.AFFIRMATION and m.detail == "generic")]
    if MoveKind.EVIDENCE in kinds:
        found = _apart(found, MoveKind.EVIDENCE, [m for m in found if m.kind in (MoveKind.PLAN, MoveKind.COMMITMENT)])
    return [m for m in found if m.kind not in drop]


def _apart(found: list[Match], kind: MoveKind, others: list[Match]) -> list[Match]:
    """Without the matches of a kind that share a place with one of ``others``, which are in order of place."""
    starts = [o.start for o in others]
    furthest = list(accumulate((o.end for o in others), max))

    def free(m: Match) -> bool:
        before = bisect_left(starts, m.end)
        return m.kind != kind or before == 0 or furthest[before - 1] <= m.start

    return [m for m in found if free(m)]


def _blaming(folded: str) -> bool:
    return (
        re.search(
            r"都(?:怪|是)你|搞砸|你怎么|怎么回事|拖后腿|你自己|your fault|you (?:messed|screwed|ruined|blew)|because of you",
            folded,
        )
        is not None
    )


def _units(text: str) -> set[str]:
    """Content units: Chinese bigrams without function characters, English content words."""
    folded = fold(text)
    han = "".join(c if c not in _ZH_FUNCTION else " " for c in folded if _HAN.match(c) or c in " ，。,.")
    grams = {part[i : i + 2] for part in re.split(r"[ ，。,.]+", han) for i in range(len(part) - 1)}
    return grams | {
        _EN_ENDING.sub("", w) for w in _EN_WORD.findall(folded) if w not in _EN_STOP and len(w) > 2 and "'" not in w
    }


def _overlap(folded: str, before: str) -> tuple[float, float]:
    """Share of the other's content taken up, and share of one's own words that only echo theirs."""
    own, theirs = _units(folded), _units(before)
    if not own or not theirs:
        return 0.0, 0.0
    shared = len(own & theirs)
    return shared / len(theirs), shared / len(own)


def model_sentences(text: str, before: str, moves: Sequence[Move]) -> list[Sentence]:
    """The sentences of a turn as the model sees them, to train it: ``moves`` are what the rules found."""
    return list(_model_sentences(_TAG.sub("；", fold(spoken(text))), _SPEAKER.sub("", before), moves))


def _model_sentences(folded: str, before: str, moves: Sequence[Move]) -> Iterator[Sentence]:
    lang = "zh" if _HAN.search(folded) else "en"
    return read_sentences(folded, lang, moves, _taken_from(before))


_Likely = Sequence[tuple[Sentence, Mapping[str, float]]]


def _weighed(moves: list[Move], likely: _Likely, text: str, folded: str) -> list[Move]:
    """What rules found, faint where the model thinks next to nothing of it, with what the model is sure of beside it."""
    found: list[Move] = []
    for move in moves:
        doubted = (
            move.strength >= 0.5
            and move.kind not in _NEEDS_RULES
            and move.detail not in EMPTY_DETAILS
            and any(s.start <= move.start < s.end and p.get(move.kind, 0.0) < _DOUBTED for s, p in likely)
        )
        found.append(replace(move, strength=_FAINT) if doubted else move)
    for sentence, chances in likely:
        there = {m.kind for m in found if m.strength >= 0.5 and sentence.start <= m.start < sentence.end}
        for name, p in chances.items():
            if (
                name in EMPTY_DETAILS
                or name in there
                or name in _NEEDS_RULES
                or p < (_SURE_OF_BAD if name in _BAD else _SURE)
            ):
                continue
            kind = MoveKind(name)
            quote = text[sentence.start : sentence.end].rstrip()
            detail = "blaming" if kind is MoveKind.EVIDENCE and _blaming(folded) else ""
            strength = round(0.5 + (p - _SURE) / 2, 2)
            found.append(Move(kind, strength, quote, sentence.start, sentence.start + len(quote), detail))
    return found


def _together(moves: Sequence[Move], likely: Sequence[Mapping[str, float]]) -> dict[MoveKind, float]:
    """How likely each kind is in the turn; empty sympathy, empty praise and parroting are none."""
    unlikely: dict[str, float] = {}
    for chances in likely:
        for name, p in chances.items():
            unlikely[name] = unlikely.get(name, 1.0) * (1.0 - p)
    empty = {m.kind for m in moves if m.detail in EMPTY_DETAILS}
    empty -= {m.kind for m in moves if m.strength >= 0.5 and m.detail not in EMPTY_DETAILS}
    return {
        MoveKind(name): round(1.0 - left, 3)
        for name, left in unlikely.items()
        if name not in EMPTY_DETAILS and name not in empty
    }


def _taken_from(before: str) -> Callable[[str], tuple[int, float]]:
    """Tells of a sentence how many of the other's content words it shares, and which share of its own they are."""
    theirs = _units(before) if before else set[str]()

    def of(sentence: str) -> tuple[int, float]:
        if not theirs:
            return 0, 0.0
        own = _units(sentence)
        shared = len(own & theirs)
        return shared, shared / max(1, len(own))

    return of


def _plain_reflection(text: str, folded: str, before: str, moves: list[Move]) -> Iterator[Move]:
    """A reflection without a stem: a statement about “you” that takes up what was said and adds to it."""
    if not before or any(m.kind is MoveKind.REFLECTION or m.kind in HARMS for m in moves):
        return
    if "?" not in folded and "？" not in folded and re.search(r"你|您|\byou", folded):
        overlap, echo = _overlap(folded, before)
        if echo >= _ECHO and overlap >= 0.4 and len(text) >= 6:
            yield Move(MoveKind.REFLECTION, 0.3, text, 0, len(text), "parrot")
            return
        if (
            not _HAN.search(folded)
            and overlap >= _TAKEN_UP
            and 0.15 <= echo < _ECHO
            and len(_units(folded) & _units(before)) >= 2
        ):
            yield Move(MoveKind.REFLECTION, 0.58, text, 0, len(text))
            return
    if _HAN.search(folded):
        yield from _taken_up(text, folded, before, moves)


def _taken_up(text: str, folded: str, before: str, moves: list[Move]) -> Iterator[Move]:
    """The first Chinese sentence that puts the other's words into a statement of its own and tells them nothing."""
    theirs = _units(before)
    for start, sentence in patterns.sentences(folded):
        end = start + len(sentence)
        if not _SUMS_UP.search(sentence) or _TELLS.search(sentence):
            continue
        if any(m.kind in _TELLING and m.start < end and start < m.end for m in moves):
            continue
        own = _units(sentence)
        shared = len(own & theirs)
        if shared >= 2 and _LEAST_ECHO <= shared / len(own) < _ECHO:
            yield Move(
                MoveKind.REFLECTION, 0.56, text[start:end].rstrip(), start, start + len(text[start:end].rstrip())
            )
            return
