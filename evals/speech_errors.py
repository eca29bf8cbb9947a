"""Error rates of transcripts: characters for Chinese, words for English."""

import re
import unicodedata

from interview.conversation import Lang


def units(text: str, lang: Lang) -> list[str]:
    """What is counted: Chinese characters and whole English words; punctuation and case don't count.

    In Chinese a number in figures counts as the characters it is read as: 7点 is 七点.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    if lang == "zh":
        plain = re.sub(r"(?<![a-z0-9.])[0-9]{1,4}(?![a-z0-9.])", lambda found: read_out(int(found[0])), plain)
    pattern = r"[\u4e00-\u9fff]|[a-z0-9]+" if lang == "zh" else r"[a-z0-9]+"
    return re.findall(pattern, plain)


def read_out(number: int) -> str:
    """A number of 0 to 9999 as it is read in Chinese."""
    digits, places = "零一二三四五六七八九", ("", "十", "百", "千")
    parts = ""
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            parts += digits[digit] + places[place]
        elif parts and not parts.endswith("零"):
            parts += "零"
    parts = parts.rstrip("零") or "零"
    return parts.removeprefix("一") if parts.startswith("一十") else parts


def errors(said: list[str], heard: list[str]) -> int:
    """Least number of units to replace, insert or drop."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


def rate(said: str, heard: str, lang: Lang) -> float:
    """Errors per unit said; can be above 1."""
    reference = units(said, lang)
    return errors(reference, units(heard, lang)) / max(1, len(reference))
