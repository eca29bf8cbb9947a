"""Days and rhythms as people write them: "月底前", "两周内", "by 15 December", "every week"."""

import calendar
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from interview.conversation import Lang

Every = Literal["", "week", "month"]
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10,
          "twelve": 12}  # fmt: skip
_WEEKDAYS_ZH = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 6}
_WEEKDAYS_EN = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_N_ZH = r"(\d{1,3}|[一二两三四五六七八九十]{1,3})"
_MONTH_EN = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_N_EN = r"(\d{1,3}|" + "|".join(_WORDS) + ")"


@dataclass(frozen=True, slots=True)
class When:
    """A day that was read and the span of text that says it."""

    day: dt.date
    start: int
    end: int


def find_day(text: str, lang: Lang, today: dt.date) -> When | None:
    """The last day named in the text, which is usually the one to finish by; None where none is, or none that exists.

    A day without a year is the next one to come; a month or a quarter means its last day, a week its Friday.
    """
    found: list[When] = []
    for pattern, read in _ZH if lang == "zh" else _EN:
        for match in pattern.finditer(text):
            if any(w.start < match.end() and match.start() < w.end for w in found):
                continue
            try:
                found.append(When(read(match, today), match.start(), match.end()))
            except (ValueError, OverflowError):
                continue
    return max(found, key=lambda w: w.start, default=None)


def find_rhythm(text: str, lang: Lang) -> Every:
    """Whether something is to be done every week or every month."""
    for every, pattern in _RHYTHMS[lang]:
        if pattern.search(text):
            return every
    return ""


_RHYTHMS: dict[Lang, Sequence[tuple[Every, re.Pattern[str]]]] = {
    "zh": (
        ("week", re.compile(r"每(?:个)?(?:周|星期|礼拜)|周周|一周一次|双周|每两周")),
        ("month", re.compile(r"每(?:个)?月|月月|一个月一次|按月")),
    ),
    "en": (
        ("week", re.compile(r"\b(?:every|each|per|once a|twice a) (?:other )?week|\bweekly\b|\bevery (?:mon|tues|wednes|thurs|fri)day\b", re.IGNORECASE)),
        ("month", re.compile(r"\b(?:every|each|per|once a|twice a) month|\bmonthly\b", re.IGNORECASE)),
    ),
}  # fmt: skip


def month_end(year: int, month: int) -> dt.date:
    """The last day of a month; months beyond 12 run into the next years."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if text.casefold() in _WORDS:
        return _WORDS[text.casefold()]
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return _DIGITS[text]
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def _coming(today: dt.date, month: int, day: int) -> dt.date:
    date = dt.date(today.year, month, day)
    return date if date >= today else dt.date(today.year + 1, month, day)


def _month(today: dt.date, month: int) -> dt.date:
    if not 1 <= month <= 12:
        raise ValueError(month)
    return month_end(today.year + (month < today.month), month)


def _in(today: dt.date, count: int, unit: str) -> dt.date:
    if unit.startswith(("天", "day")):
        return today + dt.timedelta(days=count)
    if unit.startswith(("周", "星", "礼", "week")):
        return today + dt.timedelta(weeks=count)
    last = month_end(today.year, today.month + count)
    return last.replace(day=min(today.day, last.day))


def _weekday(today: dt.date, weekday: int, weeks: int) -> dt.date:
    return today - dt.timedelta(days=today.weekday()) + dt.timedelta(days=weekday, weeks=weeks)


def _next_weekday(today: dt.date, weekday: int) -> dt.date:
    return today + dt.timedelta(days=(weekday - today.weekday()) % 7)


def _quarter(today: dt.date, ahead: int = 0) -> dt.date:
    return month_end(today.year, ((today.month - 1) // 3 + 1 + ahead) * 3)


def _month_number(name: str) -> int:
    return _MONTHS.index(name[:3].casefold()) + 1


Reader = Callable[[re.Match[str], dt.date], dt.date]
_ISO: tuple[str, Reader] = (
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", lambda m, _: dt.date(int(m[1]), int(m[2]), int(m[3]))
)  # fmt: skip


def _compiled(*rules: tuple[str, Reader]) -> list[tuple[re.Pattern[str], Reader]]:
    return [(re.compile(pattern, re.IGNORECASE), read) for pattern, read in rules]


_ZH = _compiled(
    _ISO,
    (r"(\d{4})年(\d{1,2})月(\d{1,2})[日号]?", lambda m, _: dt.date(int(m[1]), int(m[2]), int(m[3]))),
    (r"明年(\d{1,2})月(\d{1,2})[日号]", lambda m, t: dt.date(t.year + 1, int(m[1]), int(m[2]))),
    (r"明年(\d{1,2})月(?:底|末|份)?", lambda m, t: month_end(t.year + 1, int(m[1]))),
    (r"下个?月(\d{1,2})[日号]", lambda m, t: month_end(t.year, t.month + 1).replace(day=int(m[1]))),
    (r"(?:本|这个)月(\d{1,2})[日号]", lambda m, t: t.replace(day=int(m[1]))),
    (r"(\d{1,2})月(\d{1,2})[日号]?", lambda m, t: _coming(t, int(m[1]), int(m[2]))),
    (r"(\d{1,2})月(?:份)?(?:底|末|内|之?前)", lambda m, t: _month(t, int(m[1]))),
    (r"下个?月(?:底|末|内|之?前|份)?", lambda _, t: month_end(t.year, t.month + 1)),
    (r"(?<!每个)(?<!每)(?:本|这个|当)?月(?:底|末)|(?:本|这个)月(?:内|之?前)?", lambda _, t: month_end(t.year, t.month)),
    (r"下个?季度(?:末|底|内)?", lambda _, t: _quarter(t, 1)),
    (r"(?<!每)(?:本|这个)?季度?(?:末|底|内)|(?:本|这个)季度", lambda _, t: _quarter(t)),
    (r"明年(?:年)?(?:底|末)", lambda _, t: dt.date(t.year + 1, 12, 31)),
    (r"(?:今年|本年|年)(?:底|末|内)", lambda _, t: dt.date(t.year, 12, 31)),
    (r"下(?:个?)(?:周|星期|礼拜)([一二三四五六日天末])", lambda m, t: _weekday(t, _WEEKDAYS_ZH[m[1]], 1)),
    (r"下(?:个?)(?:周|星期|礼拜)", lambda _, t: _weekday(t, 4, 1)),
    (r"(?<!每)(?<!每个)(?:本|这)?(?:周|星期|礼拜)([一二三四五六日天末])", lambda m, t: _next_weekday(t, _WEEKDAYS_ZH[m[1]])),
    (r"(?:本|这)(?:周|星期|礼拜)(?:内|之?前)?", lambda _, t: _next_weekday(t, 4)),
    (_N_ZH + r"个?(天|周|星期|礼拜|月)(?:之?内|以内|后|之后)", lambda m, t: _in(t, _number(m[1]), m[2])),
    (r"半年(?:之?内|后)", lambda _, t: _in(t, 6, "月")),
    (r"明天", lambda _, t: _in(t, 1, "天")),
    (r"后天", lambda _, t: _in(t, 2, "天")),
)  # fmt: skip

_EN = _compiled(
    _ISO,
    (r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?" + _MONTH_EN + r",? (\d{4})\b",
     lambda m, _: dt.date(int(m[3]), _month_number(m[2]), int(m[1]))),
    (r"\b" + _MONTH_EN + r" (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b",
     lambda m, _: dt.date(int(m[3]), _month_number(m[1]), int(m[2]))),
    (r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?" + _MONTH_EN + r"\b", lambda m, t: _coming(t, _month_number(m[2]), int(m[1]))),
    (r"\b" + _MONTH_EN + r" (\d{1,2})(?:st|nd|rd|th)?\b", lambda m, t: _coming(t, _month_number(m[1]), int(m[2]))),
    (r"\b(?:end of|by|before|until) " + _MONTH_EN + r"(?= |$|[,.;])", lambda m, t: _month(t, _month_number(m[1]))),
    (r"\b(?:the )?end of next (?:calendar )?month\b|\bnext month\b", lambda _, t: month_end(t.year, t.month + 1)),
    (r"\b(?:the )?end of next quarter\b|\bnext quarter\b", lambda _, t: _quarter(t, 1)),
    (r"\b(?:the )?end of next year\b", lambda _, t: dt.date(t.year + 1, 12, 31)),
    (r"\b(?:the )?end of (?:the|this) quarter\b|\bthis quarter\b", lambda _, t: _quarter(t)),
    (r"(?<!at )\b(?:the )?end of (?:the|this) month\b|\b(?:this month|month[- ]end)\b", lambda _, t: month_end(t.year, t.month)),
    (r"\b(?:the )?end of (?:the|this) week\b|\bthis week\b", lambda _, t: _next_weekday(t, 4)),
    (r"\b(?:the )?end of next week\b", lambda _, t: _weekday(t, 4, 1)),
    (r"\b(?:the )?end of (?:the|this) year\b|\bthis year\b|\byear[- ]end\b", lambda _, t: dt.date(t.year, 12, 31)),
    (r"\bnext (" + "|".join(_WEEKDAYS_EN) + r")\b", lambda m, t: _weekday(t, _WEEKDAYS_EN.index(m[1].casefold()), 1)),
    (r"\bnext week\b", lambda _, t: _weekday(t, 4, 1)),
    (r"(?<!every )(?<!each )\b(" + "|".join(_WEEKDAYS_EN) + r")\b", lambda m, t: _next_weekday(t, _WEEKDAYS_EN.index(m[1].casefold()))),
    (r"\b(?:within|in) (?:the next )?" + _N_EN + r" (day|week|month)s?\b", lambda m, t: _in(t, _number(m[1]), m[2].casefold())),
    (r"\btomorrow\b", lambda _, t: _in(t, 1, "day")),
)  # fmt: skip
