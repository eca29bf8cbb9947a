"""Whether what the manager says as fact is borne out by the brief: numbers, months, days, incidents, the rating."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from interview.gestures import shown_in, spoken
from interview.moves import Move, MoveKind
from interview.persona import Incident, Metric, Persona, Scenario
from interview.reading.patterns import fold, sentences

Verdict = Literal["true", "false", "unsupported"]


@dataclass(frozen=True, slots=True)
class FactCheck:
    """One checked statement. ``about``: metric or incident id, or ``rating``; ``said`` and ``known`` are for the reply."""

    verdict: Verdict
    about: str
    quote: str
    month: str = ""
    said: str = ""
    known: str = ""


_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1000}
_EN_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_EN_MONTH = re.compile(
    r"\b(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?(?:\s+(\d{1,2})(?:st|nd|rd|th)?\b(?!\s*%|\.\d))?"
)
_EN_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
)
_ZH_MONTH = re.compile(
    r"(?<![\d个两几])(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月(?:份)?(?:(\d{1,2}|[一二三四五六七八九十]{1,3})[日号])?"
)
_ISO_DAY = re.compile(r"\b(20[12]\d)[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?")
_NUMBER = re.compile(r"(?<![\d.a-z])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\d.a-z])\d+(?:\.\d+)?")
_ZH_PERCENT = re.compile(r"百分之([零〇一二两三四五六七八九十百]+(?:点[零〇一二三四五六七八九]+)?)")
_ZH_NUMBER = re.compile(
    r"(?<![一-龥])?([一二两三四五六七八九]?[百千]?[一二两三四五六七八九]?十[一二三四五六七八九]?)(?=[个单件台次家万%分])"
)
_NOT_A_FACT = re.compile(
    r"下个?月|下个?季|明年|今后|以后|接下来|目标定|争取|计划|希望|如果|要是|能不能|next (?:month|quarter|year|week)"
    r"|from now|going forward|let's aim|i'd like|i want|we want|could you|would you|if you|by the end of|plan to|aim for"
    r"|\b(?:i|we|you)'ll (?:get|send|set|sort|find|ask|talk|bring|arrange|meet|sit|look|check|book|take|do|make|have|need|put)\b"
)
_RATING_TALK = re.compile(r"评级|评分|绩效|等级|考核|结果是|打了|rating|rated|grade|overall")
_RATING_TOKEN = re.compile(r"(?<![a-z0-9])([abcds][+-]?)(?![a-z0-9+])|(?<![\d.])([1-5]\.(?:0|25|5|75))(?![\d%])")
_CLAUSE = re.compile(r"[，,；;。：]|——|\. ")
_AHEAD = re.compile(
    r"[日号月底]之?前|[日号天周月]起|起[，,]|再(?:看|对|碰|谈|聊|来)|每[周天月]|换成|换上|交给|试|实验|先|咱俩?们?.{0,4}(?:看|对|碰)|到[一二三四五六七八九十\d]+月"
    r"|\b(?:from|until|till|by|every|before|starting)\b|\bwe look at\b|\bwe(?:'ll| will)\b|\btake(?:s)? (?:monday|tuesday|wednesday|thursday|friday)"
)
_ASKED = re.compile(r"[?？]\s*$")
_SUPPOSED = re.compile(r"如果|要是|假如|万一|\bif\b|\bwould\b")
_BY_FACTS = frozenset({"gap", "standing", "standard"})
"""Parts of a message that a checked fact says by itself."""
_BY_SUPPORT = frozenset({"support", "authority"})
_SPOKEN_DECIMAL = re.compile(r"([零一二三四五六七八九])点([零一二三四五六七八九]{1,2})(?![一-龥]*[钟半])")
_CONSEQUENCE = "consequence"
"""The one part of a message that is naturally said with “if”."""
_SAYS = frozenset(
    {
        MoveKind.DELIVERS_MESSAGE, MoveKind.EVIDENCE, MoveKind.EXPECTATION, MoveKind.AGREE_BEFORE_DIFFER,
        MoveKind.PLAN, MoveKind.COMMITMENT,
    }
)  # fmt: skip
_COUNTER = re.compile(
    r"\s*个?(月|季度|星期|周|年|天|次|人|遍|回|项|件事|点钟)"
    r"|\s*-?(months?|weeks?|years?|days?|times|people|quarters?|of you|steps?|things?)\b"
)
_NO_FIGURE = re.compile(r"[:：]\d\d|点(?:\d|半|钟|[，,。 ])|\s*(?:o'clock|am\b|pm\b|a\.m|p\.m|号|日|岁|楼|室)")
_YEAR = re.compile(r"20[12]\d")
_SCALES = {"万": 10_000, "亿": 100_000_000, "k": 1_000, "m": 1_000_000}
_TOLERANCE = 0.02
_SMALL_COUNT = 12


def zh_number(text: str) -> float:
    """A Chinese numeral up to thousands, with an optional 点 part."""
    whole, _, part = text.partition("点")
    total, digit = 0, 0
    for char in whole:
        if char in _ZH_DIGITS:
            digit = _ZH_DIGITS[char]
        else:
            total += (digit or 1) * _ZH_UNITS[char]
            digit = 0
    value = float(total + digit)
    if part:
        value += float("0." + "".join(str(_ZH_DIGITS[c]) for c in part))
    return value


def months_in(folded: str) -> list[tuple[int, int | None, tuple[int, int]]]:
    """``(month, day or None, span)`` for each month named."""
    found: list[tuple[int, int | None, tuple[int, int]]] = []
    for m in _ISO_DAY.finditer(folded):
        if 1 <= int(m[2]) <= 12:
            found.append((int(m[2]), int(m[3]) if m[3] else None, m.span()))
    for m in _EN_DAY_MONTH.finditer(folded):
        found.append((_month_number(m[2]), int(m[1]), m.span()))
    for m in _EN_MONTH.finditer(folded):
        if (
            m[1] == "may"
            and not re.search(r"\b(in|of|by|for|since|until|last|this)\s+$", folded[: m.start()])
            and not m[2]
        ):
            continue
        found.append((_month_number(m[1]), int(m[2]) if m[2] else None, m.span()))
    for m in _ZH_MONTH.finditer(folded):
        month = int(m[1]) if m[1].isdigit() else int(zh_number(m[1]))
        day = None if not m[2] else int(m[2]) if m[2].isdigit() else int(zh_number(m[2]))
        found.append((month, day, m.span()))
    kept: list[tuple[int, int | None, tuple[int, int]]] = []
    for item in sorted(found, key=lambda f: (f[2][0], f[2][0] - f[2][1])):
        if not kept or item[2][0] >= kept[-1][2][1]:
            kept.append(item)
    return kept


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(_EN_MONTHS, 1) if month.startswith(name[:3]))


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, and every value it may stand for (3万 is 3 where the unit is 万元, else 30,000)."""

    written: str
    values: tuple[float, ...]


def numbers_in(folded: str, taken: Iterable[tuple[int, int]], unit: str = "") -> list[Number]:
    """Every number outside the taken spans (dates) that is not a count of months, people, times and the like."""
    spans = list(taken)
    found: list[Number] = []
    for pattern in (_NUMBER, _ZH_PERCENT, _ZH_NUMBER):
        for m in pattern.finditer(folded):
            written = m[0] if pattern is _NUMBER else m[1]
            if not written or any(s < m.end() and m.start() < e for s, e in spans):
                continue
            if _NO_FIGURE.match(folded, m.end()) or (_YEAR.fullmatch(written) and pattern is _NUMBER):
                continue
            counter = _COUNTER.match(folded, m.end())
            if counter and not (unit and (counter[1] or counter[2]) in fold(unit)):
                continue
            value = float(written.replace(",", "")) if pattern is _NUMBER else zh_number(written)
            scale = _SCALES.get(folded[m.end() : m.end() + 1], 1)
            if folded[m.end() : m.end() + 2] in ("km", "mi", "ms", "mo"):
                scale = 1
            tail = folded[m.end()] if scale != 1 else ""
            found.append(Number(written + tail, (value, value * scale) if scale != 1 else (value,)))
    return found


def mentioned(words: Iterable[str], folded: str) -> bool:
    """Whether any of the words stands in the folded text (latin words at word boundaries)."""
    for word in words:
        w = fold(word)
        if w.isascii():
            if re.search(rf"(?<![a-z0-9]){re.escape(w)}(?:s|es|ed|ing|'s)?(?![a-z0-9])", folded):
                return True
        elif w in folded:
            return True
    return False


def _borne_out(metric: Metric, persona: Persona, month: int | None) -> tuple[list[float], str]:
    """Every figure the brief supports for this metric (and month), and the actual as text."""
    rows = [n for n in persona.numbers if n.metric == metric.id]
    here = [n for n in rows if month is not None and int(n.month[5:]) == month]
    values: list[float] = []
    for n in here or rows:
        gap = abs(n.target - n.actual)
        values += [n.target, n.actual, gap]
        if n.target:
            values += [100 * n.actual / n.target, 100 * gap / n.target]
    if not here:
        for start, stop in ((0, len(rows)), (0, 3), (3, 6), (6, 9), (0, 6), (6, len(rows))):
            part = rows[start:stop]
            if part:
                target, actual = sum(n.target for n in part), sum(n.actual for n in part)
                values += [
                    target,
                    actual,
                    target / len(part),
                    actual / len(part),
                    abs(target - actual) / len(part),
                ]
                values += [
                    abs(target - actual),
                    *([100 * actual / target, 100 * abs(target - actual) / target] if target else []),
                ]
    known = f"{here[0].actual:g}{metric.unit}" if here else ""
    return values, known


def _close(said: float, known: float) -> bool:
    return abs(said - known) <= max(_TOLERANCE * abs(known), 0.051 if abs(known) < 20 else 0.51)


def check_facts(text: str, persona: Persona, incidents: Iterable[Incident]) -> tuple[FactCheck, ...]:
    """Check every sentence that states something about the past. Plans, wishes and questions are not checked."""
    shown = shown_in(text, persona)
    found = [FactCheck("true", about, quote, known=quote) for about, quote in shown.items()]
    folded = fold(spoken(text) if shown else text)
    known = tuple(incidents)
    carried: Metric | None = None
    for start, sentence in sentences(folded):
        if sentence.rstrip().endswith(("?", "？")) and not re.search(r"\d", sentence):
            continue
        quote = text[start : start + len(sentence)].strip()
        if not _NOT_A_FACT.search(sentence):
            carried = _metric_named(persona, sentence) or carried
            found.extend(_check_sentence(sentence, quote, persona, known, carried))
        found.extend(_check_rating(sentence, quote, persona))
    unique: dict[tuple[str, str, str], FactCheck] = {}
    for fact in found:
        unique.setdefault((fact.verdict, fact.about, fact.month), fact)
    return tuple(unique.values())


def _metric_named(persona: Persona, sentence: str) -> Metric | None:
    """The metric with the longest name said in the sentence."""
    said = [(len(w), m.id) for m in persona.metrics for w in m.words if mentioned((w,), sentence)]
    return next((m for m in persona.metrics if m.id == max(said)[1]), None) if said else None


def _check_sentence(
    sentence: str, quote: str, persona: Persona, incidents: tuple[Incident, ...], metric: Metric | None
) -> Iterator[FactCheck]:
    months = months_in(sentence)
    taken = [span for _, _, span in months]
    numbers = numbers_in(sentence, taken, metric.unit if metric else "")
    named = [i for i in incidents if mentioned(i.words, sentence)]
    days = [(month, day) for month, day, _ in months if day is not None]
    fitting = [i for i in named if _date_fits(i, months)]
    fitting += [i for i in incidents if (i.date.month, i.date.day) in days and i not in fitting]
    for incident in fitting:
        yield FactCheck("true", incident.id, quote)
    wrong = _misdated(sentence, named, persona) if named and not fitting and not numbers else None
    if wrong is not None:
        yield FactCheck("false", wrong.id, quote, str(months[0][0]), "", wrong.date.isoformat())
    if not named and not fitting and days and not _AHEAD.search(sentence) and not _to_come(months, persona):
        yield FactCheck("unsupported", "", quote, str(days[0][0]))
    if metric is not None and numbers and not (named and not mentioned(metric.words, sentence)):
        yield from _check_numbers(metric, persona, months, numbers, quote, mentioned(metric.words, sentence))


def _misdated(sentence: str, named: list[Incident], persona: Persona) -> Incident | None:
    """An incident that one clause dates otherwise than the brief does. What is still to come is no such date."""
    for clause in _CLAUSE.split(sentence):
        months = months_in(clause)
        if not months or _AHEAD.search(clause) or _to_come(months, persona):
            continue
        for incident in named:
            if mentioned(incident.words, clause) and not _date_fits(incident, months):
                return None if _brief_says(persona, named, months) else incident
    return None


def _to_come(months: list[tuple[int, int | None, tuple[int, int]]], persona: Persona) -> bool:
    """Whether a month named is neither in the record's numbers nor in its incidents: a day of the plan."""
    known = {int(n.month[5:]) for n in persona.numbers} | {i.date.month for i in persona.incidents}
    return any(month not in known for month, _, _ in months)


def _date_fits(incident: Incident, months: list[tuple[int, int | None, tuple[int, int]]]) -> bool:
    """Whether no date is named, or one that is the incident's."""
    return not months or any(
        month == incident.date.month and day in (None, incident.date.day) for month, day, _ in months
    )


def _brief_says(persona: Persona, named: list[Incident], months: list[tuple[int, int | None, tuple[int, int]]]) -> bool:
    """Whether some text of the brief speaks of one of these matters together with one of these months."""
    texts = [fold(text) for text in (*persona.knows, *(i.what for i in persona.incidents))]
    for text in texts:
        if any(mentioned(i.words, text) for i in named):
            there = {month for month, _, _ in months_in(text)}
            if there & {month for month, _, _ in months}:
                return True
    return False


def _check_numbers(
    metric: Metric,
    persona: Persona,
    months: list[tuple[int, int | None, tuple[int, int]]],
    numbers: list[Number],
    quote: str,
    named_here: bool,
) -> Iterator[FactCheck]:
    month_set = [month for month, _, _ in months]
    known_months = {int(n.month[5:]) for n in persona.numbers if n.metric == metric.id}
    supported: list[float] = []
    shown = ""
    for month in [m for m in month_set if m in known_months] or [None]:
        values, text = _borne_out(metric, persona, month)
        supported += values
        shown = shown or text
    if len(month_set) > 1:
        supported += _borne_out(metric, persona, None)[0]
    right = [n for n in numbers if any(_close(value, v) for value in n.values for v in supported)]
    loose = len(numbers) > 1 and not (named_here and month_set)
    wrong = [n for n in numbers if n not in right and not (loose and _is_small_count(n))]
    if wrong:
        strict = named_here and bool(month_set)
        written = _written_figures(persona, metric.unit, set(month_set) if strict else None)
        wrong = [n for n in wrong if not any(abs(value - v) < 0.01 for value in n.values for v in written)]
    month_text = str(month_set[0]) if month_set else ""
    if wrong and (named_here or month_set):
        yield FactCheck("false", metric.id, quote, month_text, wrong[0].written, shown)
    elif right:
        yield FactCheck("true", metric.id, quote, month_text, right[0].written, shown)


def _written_figures(persona: Persona, unit: str, months: set[int] | None) -> list[float]:
    """Figures the brief's own texts give, for they too are on record; with ``months`` only those of incidents then."""
    texts = [i.what for i in persona.incidents if months is None or i.date.month in months]
    if months is None:
        texts += [*persona.knows, *(f.what for f in persona.feedback)]
        texts += [p.text for part in ("proud", "improve", "wants") for p in getattr(persona.self_assessment, part)]
    return [value for text in texts for n in numbers_in(fold(text), (), unit) for value in n.values]


def _is_small_count(number: Number) -> bool:
    return number.values[0] <= _SMALL_COUNT and number.values[0] == int(number.values[0])


def _check_rating(sentence: str, quote: str, persona: Persona) -> Iterator[FactCheck]:
    """Whether the rating named is the one on record; the one they hoped for may be spoken of."""
    given, expected = fold(persona.rating.given), fold(persona.rating.expected)
    if mentioned((given,), sentence):
        yield FactCheck("true", "rating", quote, known=persona.rating.given)
        return
    if not _RATING_TALK.search(sentence) or _NOT_A_FACT.search(sentence):
        return
    others = [t for t in _scale_terms(persona.rating.scale) if t not in given and given not in t and t not in expected]
    said = [t for t in others if mentioned((t,), sentence)]
    if _RATING_TOKEN.fullmatch(given):
        tokens = [m[1] or m[2] for m in _RATING_TOKEN.finditer(sentence)]
        said += [t for t in tokens if t not in (given, expected) and (len(t) > 1 or _names_grade(t, sentence))]
    if said:
        yield FactCheck("false", "rating", quote, said=said[0].upper(), known=persona.rating.given)


def _scale_terms(scale: str) -> list[str]:
    """Names of the other grades, where the scale lists them in words."""
    terms = [term.strip() for term in re.split(r"[,，、;；/()（）:：]", fold(scale))]
    return [t for t in terms if 4 <= len(t) <= 24 and t.count(" ") <= 2 and not re.search(r"\d", t)]


def _names_grade(token: str, sentence: str) -> bool:
    """Whether a lone letter stands where a grade would (“a” is also an article)."""
    pattern = rf"(?:是|为|给|打了?|得了?|评了?|拿了?|rating (?:is|of)|graded?|got an?|given an?)\s*(?:了|个|an?\s+)?{token}(?![a-z0-9])"
    return re.search(pattern, sentence) is not None


def delivered_parts(
    folded: str, moves: Iterable[Move], facts: Iterable[FactCheck], persona: Persona, scenario: Scenario
) -> tuple[str, ...]:
    """Ids of the scenario's message parts that are said plainly: as a statement, not asked, not supposed."""
    kinds = {m.kind for m in moves if m.strength >= 0.5}
    says = bool(kinds & _SAYS)
    checked = tuple(facts)
    wrong_rating = any(f.about == "rating" and f.verdict == "false" for f in checked)
    said = [_decimals(s) for _, s in sentences(folded) if not _ASKED.search(s)]
    plain = [s for s in said if not _SUPPOSED.search(s)]
    short = _falls_short(checked, persona)
    found: list[str] = []
    for part in scenario.message:
        slots = {"{rating}": persona.rating.given, "{expected}": persona.rating.expected}
        words = [_filled(word, slots) for word in part.words]
        heard = said if part.id == _CONSEQUENCE else plain
        named = says and any(mentioned(words, sentence) for sentence in heard)
        if part.id == "rating":
            named = not wrong_rating and (named or any(_gives(persona.rating.given, s) for s in plain))
        elif part.id in _BY_FACTS:
            named = named or short
        elif part.id in _BY_SUPPORT:
            named = named or MoveKind.SUPPORT_OFFER in kinds
        if named:
            found.append(part.id)
    return tuple(found)


def _gives(rating: str, sentence: str) -> bool:
    """Whether a sentence gives the rating as its point: alone, after a colon, or after “is”."""
    return (
        re.search(
            rf"(?:^|[:：,，]|\bit's\b|\bis\b|\ba\b|是)\s*{re.escape(rating.lower())}\s*(?:$|[。.,，;；!])", sentence
        )
        is not None
    )


def _decimals(sentence: str) -> str:
    """Spoken decimals as figures: 三点二五 as 3.25."""
    return _SPOKEN_DECIMAL.sub(lambda m: f"{_ZH_DIGITS[m[1]]}.{''.join(str(_ZH_DIGITS[c]) for c in m[2])}", sentence)


def _falls_short(facts: tuple[FactCheck, ...], persona: Persona) -> bool:
    """Whether a checked fact shows what was missed: a bad event, or a month that fell short of its target."""
    bad = {i.id for i in persona.incidents if i.kind == "bad"}
    for fact in facts:
        if fact.verdict != "true":
            continue
        if fact.about in bad:
            return True
        metric = next((m for m in persona.metrics if m.id == fact.about), None)
        if metric is None:
            continue
        sign = 1 if metric.better == "higher" else -1
        months = [n for n in persona.numbers if n.metric == metric.id]
        months = [n for n in months if not fact.month or int(n.month[5:]) == int(fact.month)] or months
        if any(sign * (n.target - n.actual) > 0 for n in months):
            return True
    return False


def _filled(word: str, slots: dict[str, str]) -> str:
    for slot, value in slots.items():
        word = word.replace(slot, value)
    return word
