"""Plain-text transcripts with speaker prefixes, and which of our languages a text is in."""

import re

from interview.conversation import Lang, Speaker

_MANAGER = r"经理|主管|上级|领导|面谈人|manager|mgr|boss|supervisor|m|a"
_EMPLOYEE = r"员工|下属|下级|被面谈人|employee|emp|report|e|b"
_PREFIX = re.compile(
    rf"^\s*[\[【(（]?\s*(?:(?P<manager>{_MANAGER})|(?P<employee>{_EMPLOYEE}))\s*[\]】)）]?\s*[:：]\s*", re.I
)


def guess_lang(text: str, default: Lang = "zh") -> Lang:
    """The language of most of the words; ``default`` where there are none."""
    han = len(re.findall(r"[\u4e00-\u9fff]", text))
    latin = len(re.findall(r"[A-Za-z]+", text))
    if han == latin == 0:
        return default
    return "zh" if han >= latin else "en"


def parse_plain_text(text: str) -> list[tuple[Speaker, str]]:
    """``(speaker, text)`` pairs; a line without a prefix goes on with the turn before it, and before any is skipped."""
    turns: list[tuple[Speaker, str]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        found = _PREFIX.match(line)
        if found:
            speaker = Speaker.MANAGER if found["manager"] else Speaker.EMPLOYEE
            turns.append((speaker, line[found.end() :].strip()))
        elif turns:
            speaker, said = turns[-1]
            turns[-1] = (speaker, f"{said} {line.strip()}".strip())
    return turns
