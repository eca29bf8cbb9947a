"""What a manager's turn asks the employee about, so that the answer is to that question and to no other."""

import re
from enum import StrEnum

from interview.reading.patterns import sentences


class Asked(StrEnum):
    """The questions a person answers from what they think of themselves, not from a metric or an incident."""

    SMALL_TALK = "small_talk"
    EXPECTED = "expected"
    PROUD = "proud"
    IMPROVE = "improve"
    WANT = "want"
    PLAN = "plan"
    FLOOR = "floor"
    RECAP = "recap"


_ASKED = {
    Asked.RECAP: (
        r"\b(?:sum up|recap|summari[sz]e|run (?:me )?(?:back )?through) (?:for me )?(?:what|where|how|the (?:plan|agreement|next steps))"
        r"|\b(?:tell|say|play) (?:me |it |that )?back\b|\bin your own words\b|\bwhat (?:have|did) (?:we|you and i) (?:just )?agree"
        r"|(?:总结|复述|归纳|小结|重复|概括|捋)(?:一下|一遍|下)?.{0,8}(?:今天|咱们?|我们|说定|约定|商定|定下|定了|谈的)"
        r"|(?:咱们?|我们)(?:今天|刚才)?(?:说|商|约|谈)?定(?:好|下来|下|了)*(?:的)?(?:事|内容|是)?.{0,3}(?:什么|哪些|哪几)"
    ),
    Asked.SMALL_TALK: (
        r"\bhow(?:'s| is| are| was| have|'ve)? (?:you|things|it going|your (?:day|weekend|week|holiday|journey|morning)"
        r"|the (?:weekend|holiday|journey|drive|trip|family))\b(?! (?:see|feel|rate|think|find|sum|at the|on the|with))"
        r"|\bgood weekend|最近(?:怎么样|忙不忙|还好)|周末|路上(?:堵|顺)|吃(?:了吗|过了)"
    ),
    Asked.EXPECTED: (
        r"\b(?:were|are|had) you (?:expecting|expected|hoping for)|\bdid you (?:expect|think you'd get)"
        r"|\bexpecting (?:to (?:see|get)|when)|(?:预期|以为|期望|期待)(?:的|会|能)?.{0,6}(?:什么|多少|几|哪)"
        r"|(?:自己)(?:能|该|应该|会)(?:评|拿)"
    ),
    Asked.PROUD: (
        r"\bproud|\b(?:went|gone|going) (?:really |very )?well|\bhappiest|\bmost pleased|\bpleased with|\bbest (?:bit|part|thing)"
        r"|\benjoyed? most|自豪|最?满意的|得意|做得(?:比较|最|挺)?好的|亮点|成就感"
    ),
    Asked.IMPROVE: (
        r"\bhardest|\btoughest|\b(?:was|been|is) (?:hard|tough|difficult)|\bdo (?:over|differently)|\bleast (?:happy|proud)"
        r"|\b(?:not|n't) (?:go|gone) (?:so |as |that )?well|\bworst (?:bit|part)|\bimprove\b|最难|吃力|费劲|不够好|不足|遗憾|重新?来|不满意"
    ),
    Asked.WANT: (
        r"\bwhat(?:'d| would| could| might)(?: \w+)? help|\bhelp (?:you )?most|\byou need (?:from|to)|\bwhat (?:do|would) you (?:need|want)"
        r"|\bcan i do\b|\bwould make (?:it|this|that|your)|\bwhat support|(?:需要|希望|想要).{0,6}(?:我|公司|什么|哪)|怎么帮|什么支持"
    ),
    Asked.PLAN: (
        r"\bwho(?:'s| does| is| will)? (?:doing |do )?what\b|\bwhat (?:will|could|can|would) you (?:do|try|start|change)"
        r"|\byour first step|\bwhat would you suggest|(?:打算|准备)(?:怎么|从|先)|第一步|从哪里?儿?开始|谁来?做什么"
    ),
    Asked.FLOOR: (
        r"\bany (?:other |more )?(?:questions|thoughts|comments)|\b(?:anything|something)(?: else)? (?:you|from you|from your|to add|on your)"
        r"|还有什么(?:想|要|问题|补充)|有什么(?:想问|问题|想说|要补充)|要补充"
    ),
}  # fmt: skip
_QUESTIONS = {kind: re.compile(expression) for kind, expression in _ASKED.items()}
_WORK = re.compile(
    r"\b(?:year|half|quarter|work\w*|job|role|rating|result\w*|team|target\w*|goal\w*|number\w*|perform\w*|area\w*|project\w*"
    r"|review|client\w*|customer\w*|promotion|plan|meeting|talk|today|you|your|we|this|excuse\w*|decision)\b"
    r"|年|月|工作|项目|评级|结果|团队|目标|数据|业绩|绩效|客户|今天|你|您|咱|我们|方面|这"
)


def asked_about(folded: str) -> Asked | None:
    """What the last question of a turn is about; None where it is none of these. ``folded``: see `patterns.fold`."""
    found: Asked | None = None
    for _, sentence in sentences(folded):
        if not sentence.rstrip().endswith(("?", "？")) and "tell me" not in sentence and "说说" not in sentence:
            if _QUESTIONS[Asked.RECAP].search(sentence):
                found = Asked.RECAP
            continue
        found = next((kind for kind, regex in _QUESTIONS.items() if regex.search(sentence)), None)
    return found


def about_work(folded: str) -> bool:
    """Whether a turn nobody could read further is at least about the two of them and the work."""
    return _WORK.search(folded) is not None
