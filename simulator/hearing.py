"""What reaches the employee of a manager's turn: moves, checked facts, what it touches, whether it repeats."""

import hashlib
import re
from dataclasses import dataclass, replace

from interview.employee import EmployeeState
from interview.gestures import says_nothing
from interview.moves import HARMS, Move, MoveKind, MoveReading
from interview.persona import Incident, Persona, Scenario, Variant
from interview.reading.facts import FactCheck, check_facts, delivered_parts, mentioned
from interview.reading.patterns import fold, sentences

MONEY_WORDS = {
    "zh": (
        "奖金",
        "年终奖",
        "绩效工资",
        "系数",
        "薪资",
        "工资",
        "调薪",
        "涨薪",
        "加薪",
        "扣钱",
        "扣多少",
        "多少钱",
        "薪酬",
        "收入",
    ),
    "en": (
        "bonus",
        "pay rise",
        "raise",
        "salary",
        "compensation",
        "merit increase",
        "payout",
        "pay",
        "money",
    ),
}
TIME_WORDS = re.compile(
    r"周[一二三四五六日天末]|星期|礼拜|下周|本周|这周|每周|每月|每天|月底|月初|月中|\d+[号日月]|两周|季度末|明天|后天|之前|天内"
    r"|\b(?:mon|tues|wednes|thurs|fri)day|\bnext week|\bweekly|every (?:week|month|other)|\bby (?:the )?(?:end|\d|mid)"
    r"|\btomorrow|\btwo weeks|\bfortnight|\bmonthly|\bin \d+ (?:days|weeks)"
)
FOLLOW_WORDS = re.compile(
    r"跟进|回顾|复盘|再碰|碰一次|碰一下|再对|对一次|对一下|过一遍|过一次|检查点|再聊|再谈|回头看"
    r"|check[- ]?in|follow[- ]?up|\breview\b|catch up|touch base|sit down again|go over"
)
_DENIED = re.compile(r"不|没|无法|别|\b(?:not|never|no|cannot|without)\b|n't")
_STRIP = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """One manager turn as the employee takes it in. ``touched``: concern ids whose words were said."""

    text: str
    folded: str
    moves: tuple[Move, ...]
    readable: bool
    facts: tuple[FactCheck, ...]
    touched: tuple[str, ...]
    delivered: tuple[str, ...]
    repeated: bool
    interrupted: bool
    money: bool
    has_time: bool
    has_follow_up: bool
    fingerprint: str
    before: str = ""
    pauses: int = 0
    """1 for a pause, 2 for one after another; 0 where something was said."""

    def has(self, *kinds: MoveKind) -> bool:
        """Whether a move of these kinds counts."""
        return any(m.kind in kinds and m.strength >= 0.5 for m in self.moves)

    def first(self, kind: MoveKind) -> Move | None:
        """The strongest counting move of a kind."""
        found = [m for m in self.moves if m.kind is kind and m.strength >= 0.5]
        return max(found, key=lambda m: m.strength) if found else None

    @property
    def harms(self) -> tuple[Move, ...]:
        """Counting harms, gravest first."""
        order = (
            MoveKind.INSULT, MoveKind.THREAT, MoveKind.PRIES, MoveKind.LABEL, MoveKind.COMPARISON,
            MoveKind.DISMISSAL, MoveKind.BLAME, MoveKind.INTERRUPTION,
        )  # fmt: skip
        found = [m for m in self.moves if m.kind in HARMS and m.strength >= 0.5]
        return tuple(sorted(found, key=lambda m: order.index(m.kind)))

    @property
    def false_facts(self) -> tuple[FactCheck, ...]:
        """Statements the brief contradicts."""
        return tuple(f for f in self.facts if f.verdict == "false")

    @property
    def true_facts(self) -> tuple[FactCheck, ...]:
        """Statements the brief bears out, the rating aside."""
        return tuple(f for f in self.facts if f.verdict == "true" and f.about != "rating")


def variant_of(persona: Persona, variant_id: str) -> Variant:
    """The variant drawn for this rehearsal; the first one where the id is of an older file."""
    return next((v for v in persona.variants if v.id == variant_id), persona.variants[0])


def incidents_of(persona: Persona, variant: Variant) -> tuple[Incident, ...]:
    """The incidents in play."""
    return tuple(i for i in persona.incidents if i.id in variant.incidents)


def _forbidden_promise(text: str, folded: str, scenario: Scenario) -> Move | None:
    """A promise this scenario forbids, said as a statement and not denied just before."""
    for offset, sentence in sentences(folded):
        if sentence.rstrip().endswith(("?", "？")):
            continue
        for forbidden in scenario.may_not_promise:
            for word in forbidden.words:
                at = sentence.find(fold(word))
                if at >= 0 and not _DENIED.search(re.split(r"[，,]", sentence[:at])[-1]):
                    start, end = offset + at, offset + at + len(word)
                    return Move(MoveKind.PROMISE_BEYOND_AUTHORITY, 0.7, text[start:end], start, end)
    return None


def fingerprint(folded: str) -> str:
    """A short hash of the words alone, the same for a repetition with other punctuation."""
    return hashlib.blake2s(_STRIP.sub("", folded).encode(), digest_size=4).hexdigest()


def hear(
    text: str,
    reading: MoveReading,
    state: EmployeeState,
    persona: Persona,
    scenario: Scenario,
    variant: Variant,
    *,
    before: str = "",
    interrupted: bool = False,
) -> Heard:
    """Take in one turn: check its facts, find what it touches, see whether it only repeats."""
    folded = fold(text)
    moves = list(reading.moves)
    revealed = {c for c, s in state.concerns.items() if s.rank >= 2}
    concerns = {c.id: c for c in persona.concerns if c.id in variant.concerns}
    touched = tuple(c.id for c in concerns.values() if mentioned(c.words, folded))
    if any(concerns[c].protected and c in revealed for c in touched):
        moves = [m for m in moves if m.kind is not MoveKind.PRIES]  # they opened it themselves
    if interrupted and not any(m.kind is MoveKind.INTERRUPTION for m in moves):
        moves.append(Move(MoveKind.INTERRUPTION, 1.0, text[:20], 0, min(20, len(text))))
    promise = _forbidden_promise(text, folded, scenario)
    if promise is not None and not any(m.kind is MoveKind.PROMISE_BEYOND_AUTHORITY for m in moves):
        moves.append(promise)
    mark = fingerprint(folded)
    wordless = says_nothing(text)
    pauses = 1 + (state.memory.heard[-1:] == (mark,)) if wordless else 0
    heard = Heard(
        text=text,
        folded=folded,
        moves=tuple(moves),
        readable=reading.readable,
        facts=check_facts(text, persona, persona.incidents) if reading.readable else (),
        touched=touched,
        delivered=(),
        repeated=not wordless and len(_STRIP.sub("", folded)) > 3 and mark in state.memory.heard,
        interrupted=interrupted,
        money=mentioned(MONEY_WORDS[persona.lang], folded),
        has_time=TIME_WORDS.search(folded) is not None,
        has_follow_up=FOLLOW_WORDS.search(folded) is not None,
        fingerprint=mark,
        before=before,
        pauses=pauses,
    )
    return replace(heard, delivered=delivered_parts(folded, heard.moves, heard.facts, persona, scenario))
