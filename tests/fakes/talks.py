"""Managers' lines of our own for tests: a decent talk and a harmful one in each language."""

from interview.conversation import Lang
from interview.persona import Persona

DECENT: dict[Lang, list[str]] = {
    "zh": [
        "坐，喝点水。谢谢你今天抽时间过来。",
        "今天主要聊三件事：看看这一年的结果，找找原因，再定下一步，不是来算账的。",
        "在我说看法之前，我想先听听你自己怎么看这一年？",
        "听起来有些力气花了却没人看见，心里一直没放下。",
        "这一年里最让你费劲的是什么？",
        "我能理解你会觉得委屈，活是你干的，结果却不由你说了算。",
        "{month}月{metric}是{actual}，目标是{target}，这个数我们都查得到。",
        "你今年的评级是{rating}，有一块没有达到年初定的标准，奖金系数按这一档走。",
        "你说得对，那段时间确实临时加了事，但从年初我们定的目标看，这一条还是没有达到。",
        "你觉得是方法的问题，还是时间和优先级排不开？",
        "我每周四下午跟你过一次，跨部门的事我来协调。",
        "从下周起，你每两周把进度写一页发我，月底我们再回顾一次。",
        "如果对评级有异议，可以五个工作日内书面申请复核，不同意见也可以写进纪要。",
        "那我们确认一下：你每两周发一页，我周五前给你奖金系数的准数，月底再碰一次。",
        "今天先到这里，谢谢你跟我直说。",
    ],
    "en": [
        "Hi, have a seat. Thanks for making the time today.",
        "Today I'd like us to look at three things: how the year went, why, and what comes next.",
        "Before I say anything, how do you see the year yourself?",
        "It sounds like some of the effort went in where nobody could see it, and that has stayed with you.",
        "What has been the hardest part of the year?",
        "I can see why that was frustrating, doing the work and having no say in how it was judged.",
        "In {month} your {metric} was {actual} against a target of {target}; we can both look that up.",
        "Your rating this year is {rating}. One part fell short of the standard we set, and the bonus follows that rating.",
        "You're right that things were added late, but against the target we agreed that part was still missed.",
        "Was it the method, or time and competing priorities?",
        "I'll sit down with you every Thursday and I'll talk to the other teams about the deadlines.",
        "From next week you send me one page every two weeks, and we review it at the end of the month.",
        "If you disagree with the rating you can ask for a second review in writing, and your own comments go on the record.",
        "So we agreed: you send the page every two weeks, I'll get you the bonus figure by Friday, and we meet again on the 30th.",
        "Let's leave it there for today. Thank you for being so open with me.",
    ],
}

HARMFUL: dict[Lang, list[str]] = {
    "zh": [
        "你今年的评级是{rating}。", "你这个人态度有问题。", "你看看人家小李，同样的活做得比你好。", "我理解你的感受。",
        "HR定的，我也没办法。", "有什么好委屈的，别想太多。", "我理解你的感受。", "继续保持，再加把劲。",
    ],
    "en": [
        "Your rating this year is {rating}.", "Your attitude is the problem.", "Why can't you be more like Sarah?",
        "I understand how you feel.", "HR decided, not me.", "You're overreacting.", "I understand how you feel.",
        "Keep it up and try a bit harder.",
    ],
}  # fmt: skip

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def filled(lines: list[str], persona: Persona) -> list[str]:
    """The lines with figures that the persona's record bears out."""
    row = persona.numbers[-2]
    month = int(row.month[5:])
    slots = {
        "month": str(month) if persona.lang == "zh" else _MONTHS[month - 1],
        "metric": next(m.words[0] for m in persona.metrics if m.id == row.metric),
        "actual": f"{row.actual:g}", "target": f"{row.target:g}", "rating": persona.rating.given,
    }  # fmt: skip
    return [line.format(**slots) for line in lines]
