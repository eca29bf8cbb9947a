"""Error rates of transcripts: characters for Chinese, words for English."""

import re
import unicodedata

from interview.conversation import Lang


def units(text: str, lang: Lang) -> list[str]:
    """What is counted: Chinese characters and whole English words; punctuation and case don't count."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    pattern = r"[\u4e00-\u9fff]|[a-z0-9]+" if lang == "zh" else r"[a-z0-9]+"
    return re.findall(pattern, plain)


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
