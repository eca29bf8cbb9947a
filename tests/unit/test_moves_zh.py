"""Managers' spoken Chinese, good and bad, from many trades: what must be read and what must not."""

import pytest
import yaml

from interview.moves import HARMS
from interview.reading.moves import RuleMoveReader
from tests.conftest import ROOT

READER = RuleMoveReader()
NEVER = {str(kind) for kind in HARMS} | {"promise_beyond_authority", "disowns_decision", "kind_but_vague", "lets_off"}

# (what the manager says, what was said before, kinds it must hold, kinds it must not).
# Where no harmful kind is expected, none may be read at all. "kind:detail" asks for the detail too.
GOOD: list[tuple[str, str, str, str]] = [
    # 开场、寒暄、先问
    ("来，坐，外面冷吧？先喝口热水。", "", "rapport", "pries"),
    ("昨晚大夜班刚下来吧，要不要先缓十分钟再聊？", "", "closed_question", "pries"),
    ("咱们今天留了四十分钟，先听你讲，再说我看到的，最后一起定下一步。", "", "step_marker:opening", "commitment"),
    ("在我开口之前，想先听听你给自己这半年打个什么样的总结。", "", "open_question", "advice"),
    ("你自己掂量掂量，这一年哪块最拿得出手？", "", "open_question", "blame"),
    ("打开系统看到那个字母的时候，你心里第一反应是什么？", "", "open_question", "blame"),
    ("从你那边看，春节前那批货到底是怎么一回事？", "", "open_question", "blame"),
    ("要是重来一次，你会在哪一步换个做法？", "", "open_question", "advice"),
    ("你说下半年最耗人的是盘库，能不能给我讲一个具体的晚上？", "", "open_question", "interruption"),
    ("为什么第二批比第一批慢这么多，你怎么看？", "", "open_question", "blame"),
    ("讲到你觉得够了为止，我不插话。", "", "encourager", "interruption"),
    ("没事，慢慢来，想到哪儿说到哪儿。", "", "encourager", "lets_off"),
    ("嗯，后来呢？", "", "encourager", "blame"),
    ("不好意思刚才打断你了，你接着讲。", "", "encourager apology", "interruption blame"),
    ("等等，我没听明白那个流程，你能再讲一遍吗？", "", "closed_question", "interruption"),
    ("这跟你记得的对得上吗？", "", "closed_question", ""),
    ("在我往下讲之前，你有没有什么要补充的？", "", "", "interruption"),
    # 接住、共情
    ("也就是说，你周一报了故障，一直到周四才有人来修。", "机器周一就坏了，报修没人理。", "reflection", "blame"),
    ("你是说，排班表定了又改，改了也没人通知你。", "排班老变，我都是到了才知道。", "reflection", "blame"),
    ("听起来您等了三天，才等到一句准话。", "我等了三天，没有人给我一个准话。", "reflection", ""),
    ("那几个月等于你一个人干了两个人的活。", "老陈走了以后没补人，他的户也是我在跑。", "reflection", "comparison"),
    ("你在意的不是这个分，是没人提前跟你打招呼。", "我是看邮件才知道的。", "reflection", "dismissal"),
    (
        "我复述一下，看我有没有听岔：图纸没问题，是变更单没人签。",
        "图纸早就出了，变更单压在那儿没人签。",
        "reflection",
        "",
    ),
    ("所以真正拖住你的是等审批，不是写代码。", "代码两天就写完了，审批等了两周。", "reflection", "blame"),
    ("合着你前脚刚排好，后脚就被人改了。", "排期我都排好了，结果又被改。", "reflection", "blame"),
    ("我理解你不好意思拒绝，人家都求到门口了。", "他们都来找我，我也不好说不。", "empathy", "blame empathy:hollow"),
    ("临时被拉去救火，自己的活还得熬夜补，搁谁都窝火。", "", "empathy", "dismissal"),
    ("干了一年等来这么个分，换我我也睡不着。", "", "empathy", "dismissal"),
    ("当着全班组的面被点名，那种难堪我想象得到。", "", "empathy", "blame"),
    ("孩子刚上幼儿园，老人又住院，你这阵子两头跑，真是不轻松。", "", "empathy", "pries"),
    ("你没说，但我看得出来你心里憋着一口气。", "", "empathy", "label"),
    ("听到这个结果你心里肯定不是滋味。", "", "empathy", "dismissal"),
    ("连着三个双休都在现场，人是会累垮的，这我看在眼里。", "", "empathy", "threat"),
    ("我理解你的感受。", "", "empathy:hollow", "reflection"),
    ("嗯，理解，都不容易。", "", "empathy:hollow", ""),
    # 肯定、道歉
    ("十一那次停电，是你半夜赶回来把冷库保住的，这个我记着。", "", "affirmation", "blame"),
    ("新来的两个护士都说，是你手把手带出来的。", "", "affirmation", "comparison"),
    ("你交上来的那份检修记录，一条漏的都没有，做得很扎实。", "", "affirmation", "label"),
    ("要不是你盯着，那批货就发错了。", "", "affirmation", "blame"),
    ("愿意把这话当面讲出来，我挺佩服的。", "", "affirmation", "blame"),
    ("上回在群里那么说你，是我不对。", "", "apology", "blame"),
    ("这件事我没有早点跟你讲，责任在我。", "", "apology", "blame"),
    ("那句话我收回，说得太重了。", "", "apology", ""),
    ("不好意思，让你等了这么久才谈上。", "", "apology", "blame"),
    ("表格我改了口径没通知到你，这个怪我。", "", "apology", "blame"),
    # 说结果、摆事实、先认后异
    ("我直说，你这次的等级是待改进。", "", "delivers_message", "kind_but_vague"),
    ("今年评下来是C，我知道这不是你想听到的。", "", "delivers_message", "blame"),
    ("门店这一季的损耗率没压到百分之三以内。", "", "delivers_message", ""),
    ("这轮主管的名额，最后没有定你。", "", "delivers_message", "threat"),
    ("到十二月底要是还没达标，公司会按制度考虑调岗。", "", "delivers_message", "threat"),
    ("咱们从今天起进入为期两个月的绩效改进期。", "", "delivers_message", "threat"),
    ("七月到九月一共退了十一单，其中八单是备注没写。", "", "evidence", "blame"),
    ("巡检记录上，九月漏签了四次。", "", "evidence", "blame"),
    ("年初咱俩签字的目标是人均一百二十件，你实际是九十六件。", "", "evidence", "comparison"),
    ("带教这块你说得有道理，不过工时记录上这三周是空的。", "", "agree_before_differ", "blame"),
    ("需求改了五次我认，但其中两次是咱们自己没确认就开工了。", "", "agree_before_differ", "blame"),
    ("客户临时加单我知道，可约定的回复时间是四小时，平均用了九小时。", "", "agree_before_differ", "blame"),
    # 期望、原因
    ("从下个月起，交接本当班必须签完，这是底线。", "", "expectation", "threat"),
    ("我对你的要求是每单四小时内先给客户一个回话。", "", "expectation", "blame"),
    ("这个岗位要求独立值班，一个人能顶住一个夜班。", "", "expectation", "threat"),
    ("依你看，是方法没跟上，还是人手不够？", "", "diagnoses_cause", "blame"),
    ("卡在哪一环？是采购、审批，还是咱们自己？", "", "diagnoses_cause", "blame"),
    ("咱们一起捋一捋，到底是哪儿出了岔子。", "", "diagnoses_cause", "blame"),
    ("是不会用新系统，还是压根没时间用？", "", "diagnoses_cause", "label"),
    ("手上三个项目一起要人，你先顾了哪个，为什么？", "", "open_question", "blame"),
    # 计划、支持、承诺
    ("那我下周一组会上把分工说清楚，谁的活谁认。", "", "commitment", "blame"),
    ("周三下班前我去找设备科，把备件的事落实下来，当天给你回话。", "", "commitment", "disowns_decision"),
    ("你每周五发我一页进展，我周一上午给你批注。", "", "commitment plan", "blame"),
    ("这样，你出初稿，我来找财务对数，十五号咱俩碰一次。", "", "commitment", ""),
    ("咱们定个规矩：加单先找我，我点头了你再接。", "", "plan", "threat"),
    ("第一步先把老客户过一遍，第二步再谈新单。", "", "plan", ""),
    ("从下周开始，早会你只报三件事。", "", "plan", "threat"),
    ("夜班我跟护士长商量，先给你减到每周一个。", "", "support_offer", "promise_beyond_authority"),
    ("库房那边我去说，你不用再两头跑了。", "", "support_offer", "lets_off"),
    ("新系统我请信息科的小郑来带你两个下午。", "", "support_offer", "comparison"),
    (
        "预算我写申请，能批多少我不敢打包票，但我月底前给你答复。",
        "",
        "support_offer commitment",
        "promise_beyond_authority",
    ),
    ("头两次客户会我陪你一起去。", "", "support_offer", ""),
    ("那就说好了，二十号下午三点，咱们对着清单再看一遍。", "", "commitment", ""),
    # 申诉、建议、步骤、收尾
    ("你要是不认这个结果，五个工作日内可以找人力申请复核，我不拦着。", "", "offers_appeal", "threat disowns_decision"),
    ("你的不同意见原话写进面谈表，我签字。", "", "offers_appeal", "commitment"),
    ("我建议你先跟调度通个气，再动手改。", "", "advice", "label"),
    ("你下次可以试试先列个提纲。", "", "advice", "kind_but_vague"),
    ("接下来说说我这边看到的结果。", "", "step_marker:feedback", ""),
    ("咱们先把看法一致的地方划出来，再看分歧在哪儿。", "", "step_marker:differences", "dismissal"),
    ("最后再对一遍：谁做什么，什么时候交。", "", "step_marker", "blame"),
    ("今天先聊到这儿，谢谢你肯跟我讲实话。", "", "step_marker:closing", "interruption"),
    (
        "年终奖的事我今天答不了，周四之前我问清楚再告诉你。",
        "",
        "commitment",
        "promise_beyond_authority disowns_decision",
    ),
    ("这个决定是我和总监一起做的，我认。", "", "", "apology"),
    ("我没法保证明年一定升，能保证的是把标准白纸黑字写给你。", "", "", "advice"),
    ("你有没有想过往培训师那条路走？", "", "closed_question", "advice"),
    ("没有谁在怪你，我只想弄明白当时发生了什么。", "", "", "advice"),
    ("我不是说你懒，我是说这三周的单量。", "", "", "advice"),
]

BAD: list[tuple[str, str, str, str]] = [
    # 伤人的
    ("你怎么又迟到？全队就等你一个。", "", "blame", "open_question"),
    ("这单黄了全赖你。", "", "blame", ""),
    ("你还好意思提年终奖？", "", "blame", "apology closed_question"),
    ("跟你讲过八百遍了，就是记不住。", "", "blame", "encourager"),
    ("要不是你，这个客户跑不了。", "", "blame", "affirmation"),
    ("好好一个项目，生生让你给做黄了。", "", "blame", "affirmation"),
    ("你一天到晚都在忙些什么？", "", "blame", "open_question"),
    ("你看看人家小周，来了半年，单量是你两倍。", "", "comparison", "affirmation"),
    ("隔壁班组人更少，怎么人家就不出事？", "", "comparison", "open_question"),
    ("连刚来的实习生都比你利索。", "", "comparison", ""),
    ("你要有老吴一半上心，也不至于这样。", "", "comparison", ""),
    ("你这人就是太懒。", "", "label", ""),
    ("说白了，你就是没有责任心。", "", "label", "reflection"),
    ("你心眼儿也太小了。", "", "label", ""),
    ("你天生就不是干管理的料。", "", "label", ""),
    ("你这脾气，谁愿意跟你搭班？", "", "label", "open_question"),
    ("废话少说，先听我讲完。", "", "interruption", ""),
    ("行了行了，别解释了。", "", "interruption", ""),
    ("你先别吭声，我话还没讲完呢。", "", "interruption", ""),
    ("这些我不想听，直接说结果。", "", "interruption", ""),
    ("不愿意干就把工牌交了。", "", "threat", ""),
    ("下个月再这个样子，你自己收拾东西吧。", "", "threat", "plan"),
    ("我一个电话就能让你去看仓库。", "", "threat", "support_offer"),
    ("外头等着进来的人排着队呢。", "", "threat", ""),
    ("你今天不把字签了，后面的日子可不好过。", "", "threat", ""),
    ("多大点事儿，至于嘛。", "", "dismissal", ""),
    ("谁上班不受点气啊。", "", "dismissal", "empathy"),
    ("你就是想多了，没人针对你。", "", "dismissal", ""),
    ("别老拿孩子说事。", "", "dismissal", ""),
    ("年轻人加点班怎么了？", "", "dismissal", "open_question"),
    ("忍一忍就过去了，我们那会儿比这苦多了。", "", "dismissal", "empathy"),
    ("你脑子进水了吧？", "", "insult", "closed_question"),
    ("养你还不如养条狗。", "", "insult", ""),
    ("干啥啥不行，吃饭第一名。", "", "insult", ""),
    ("你今年是不是打算要二胎？", "", "pries", "closed_question"),
    ("你老公一个月挣多少，用得着你这么拼？", "", "pries", "open_question"),
    ("最近状态这么差，是不是跟媳妇闹别扭了？", "", "pries", "closed_question"),
    ("你这个岁数了，还打算干几年？", "", "pries", "open_question"),
    ("听说你在外头面试，有这回事吗？", "", "pries", "closed_question"),
    # 一样的字，有的是威胁、比较，有的不是
    ("再这样下去，到时候别怪我不客气。", "", "threat", "apology"),
    ("还有件事我想问，您别怪我多嘴。", "", "", "threat apology"),
    ("迟到还是迟到，两本账分开算，这句你别怪我。", "", "", "threat apology"),
    ("人家审核员点名表扬的就是你这条线。", "", "", "comparison"),
    ("你看人家小王怎么就能做到？", "", "comparison", ""),
    # 含糊、讨好、推责、许诺
    ("整体不错，辛苦了。", "", "affirmation:generic kind_but_vague", "empathy"),
    ("总的来说还行，再加把劲。", "", "kind_but_vague", "expectation"),
    ("态度再积极点，眼里要有活儿。", "", "kind_but_vague", ""),
    ("多沟通，多思考，慢慢就上来了。", "", "kind_but_vague", ""),
    ("你好好表现，机会多的是。", "", "kind_but_vague", "support_offer"),
    ("这个分也就是走个形式，别往心里去。", "", "lets_off", "empathy"),
    ("这回就算了，下不为例。", "", "lets_off", ""),
    ("单子的事先不提了，咱们轻松点。", "", "lets_off", ""),
    ("数字嘛，看看就行，不用当真。", "", "lets_off", "evidence"),
    ("这都是人力卡的名额，我也没辙。", "", "disowns_decision", ""),
    ("要依我的意思肯定给你B，上面不同意。", "", "disowns_decision", ""),
    ("我就是个传话的，你别冲我来。", "", "disowns_decision", ""),
    ("名额就那么几个，总得有人垫底。", "", "disowns_decision", ""),
    ("明年主管的位子，铁定是你的。", "", "promise_beyond_authority", "affirmation"),
    ("放心，奖金我一分不少给你要回来。", "", "promise_beyond_authority", "support_offer"),
    ("有我在，裁谁也裁不到你头上。", "", "promise_beyond_authority", ""),
    ("我给你打包票，下回评级肯定上去。", "", "promise_beyond_authority", ""),
    ("抱歉啊，不过你自己也有问题。", "", "", "apology"),
    ("你觉得你自己对得起这份工资吗？", "", "blame", "closed_question"),
]


def read(text: str, before: str) -> set[str]:
    """Kinds that count, also as ``kind:detail``."""
    found = [m for m in READER.read(text, "zh", before).moves if m.strength >= 0.5]
    return {str(m.kind) for m in found} | {f"{m.kind}:{m.detail}" for m in found if m.detail}


@pytest.mark.parametrize(("text", "before", "must", "must_not"), GOOD + BAD)
def test_what_is_read(text: str, before: str, must: str, must_not: str) -> None:
    found = read(text, before)
    assert set(must.split()) <= found, f"missing in {sorted(found)}"
    assert not set(must_not.split()) & found, sorted(found)


@pytest.mark.parametrize(("text", "before"), [(text, before) for text, before, _, _ in GOOD])
def test_decent_sentences_hold_no_harm(text: str, before: str) -> None:
    assert not read(text, before) & NEVER


@pytest.mark.parametrize(
    "text", ["刚才我话说重了，对不起，不该拿你和小李比。", "你觉得不公平，是觉得同样的延期别人没被算进去，对吗？"]
)
def test_taking_a_comparison_back_or_taking_one_up_is_none(text: str) -> None:
    assert "comparison" not in read(text, "")


def test_no_chinese_wording_of_the_library_hurts() -> None:
    library = yaml.safe_load((ROOT / "phrasing" / "lines" / "zh.yaml").read_text(encoding="utf-8"))
    texts = [w["text"] for part in ("moves", "steps", "cues") for ws in library[part].values() for w in ws]
    assert len(texts) > 300
    assert [t for t in texts if read(t, "") & {str(kind) for kind in HARMS}] == []
