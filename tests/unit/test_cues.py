"""The employee cue reader on sentences of our own, on its own data file, and on any text at all."""

import time
from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.conversation import LANGS, Lang
from interview.cues import CueKind
from interview.reading import patterns
from interview.reading.cues import RuleCueReader

READER = RuleCueReader()
DATA: dict[str, Any] = yaml.safe_load(files("interview").joinpath("data", "cues.yaml").read_text(encoding="utf-8"))


def strong(text: str, lang: Lang, before: str = "") -> set[str]:
    return {cue.kind.value for cue in READER.read(text, lang, before) if cue.strength >= 0.5}


def strength(text: str, lang: Lang, kind: str, before: str = "") -> float:
    return max((cue.strength for cue in READER.read(text, lang, before) if cue.kind == kind), default=0.0)


ZH = [
    ("这不公平，同样的活他拿A我拿C", "unfairness"),
    ("凭什么扣我的奖金", "unfairness"),
    ("年年都是我背C", "unfairness"),
    ("名额不够就硬塞给我一个C", "unfairness"),
    ("他干得还没我多，怎么他就拿了优秀", "unfairness"),
    ("这口锅我不背，凭什么让我替他们背锅", "unfairness"),
    ("干得多错得多，会哭的孩子有奶吃呗", "unfairness"),
    ("为什么每次都是我加班", "unfairness"),
    ("领导就是偏心，大家心里都清楚", "unfairness"),
    ("我哪点不如老周", "unfairness"),
    ("这公平吗", "unfairness"),
    ("就盯着我一个人查考勤，这不是针对我吗", "unfairness"),
    ("你们这是欺负老实人", "unfairness"),
    ("标准说变就变，年初可不是这么定的", "unfairness"),
    ("活都是我干的，汇报的时候没我名字", "unfairness"),
    ("我真的很生气，这话我憋了半年", "anger"),
    ("太过分了，当初答应我的呢", "anger"),
    ("这叫什么事啊，改来改去", "anger"),
    ("我受够了", "anger"),
    ("你们拿我当傻子是吧", "anger"),
    ("越想越气，我一肚子火", "anger"),
    ("这种考核简直莫名其妙", "anger"),
    ("什么破制度", "anger"),
    ("出尔反尔，说话不算话", "anger"),
    ("我心里挺难受的，真的", "hurt"),
    ("说实话挺寒心的", "hurt"),
    ("熬了三个通宵上线，没人看见", "hurt"),
    ("一年白干了", "hurt"),
    ("没有功劳也有苦劳吧", "hurt"),
    ("您当着全组的面说我，我脸上挂不住", "hurt"),
    ("我有点委屈", "hurt"),
    ("这个分数打击挺大的", "hurt"),
    ("我特别沮丧", "hurt"),
    ("感觉自己一文不值", "hurt"),
    ("把我这一年全盘否定了", "hurt"),
    ("我很担心明年还能不能留下", "anxiety"),
    ("我怕完不成第二季度的指标", "anxiety"),
    ("是不是要裁我了", "anxiety"),
    ("下个月的目标我心里没底", "anxiety"),
    ("这样下去我以后怎么办", "anxiety"),
    ("我最近特别焦虑，老睡不踏实", "anxiety"),
    ("我都不敢跟家里说", "anxiety"),
    ("我不接受这个结果", "resistance"),
    ("这个字我不签", "resistance"),
    ("数据本身就不对，退货那部分没算", "resistance"),
    ("这个不能怪我，排期是产品定的", "resistance"),
    ("我要去申诉", "resistance"),
    ("您得给我个说法", "resistance"),
    ("别再给我画饼了", "resistance"),
    ("事实不是这样的", "resistance"),
    ("目标本来就定得太高，根本不现实", "resistance"),
    ("恕我不能同意", "resistance"),
    ("这事跟我没关系", "resistance"),
    ("行，您定吧", "withdrawal"),
    ("我没意见", "withdrawal"),
    ("您说怎么办就怎么办吧", "withdrawal"),
    ("随便，写什么都行", "withdrawal"),
    ("反正说了也没用", "withdrawal"),
    ("我没什么可说的", "withdrawal"),
    ("算了，不说了", "withdrawal"),
    ("签哪儿，签完我可以走了吗", "withdrawal"),
    ("我也不争了，就这样吧", "withdrawal"),
    ("您是领导，您说了算", "withdrawal"),
    ("我现在就躺平，到点下班", "withdrawal"),
    ("多做多错，少说少错", "withdrawal"),
    ("都是我的错，行了吧", "withdrawal"),
    ("我完全没想到是C", "surprise"),
    ("之前从来没人跟我提过", "surprise"),
    ("这也太突然了", "surprise"),
    ("是不是搞错了", "surprise"),
    ("怎么突然要调岗", "surprise"),
    ("我整个人都懵了", "surprise"),
    ("我爸上个月刚做完手术，两头跑", "hardship"),
    ("孩子住院，我已经连着两周没睡好", "hardship"),
    ("说真的我撑不下去了", "hardship"),
    ("一个人顶三个人的活", "hardship"),
    ("压力真的太大了，喘不过气", "hardship"),
    ("天天加班到凌晨", "hardship"),
    ("家里全靠我一个人，房贷还等着交", "hardship"),
    ("那我只能辞职了", "leaving"),
    ("猎头这个月找了我三次", "leaving"),
    ("我不想在这儿待了", "leaving"),
    ("要是还这样，我就不干了", "leaving"),
    ("大不了我走", "leaving"),
    ("给我N+1我马上走", "leaving"),
    ("我手里已经有别家的offer了", "leaving"),
    ("您说得对，确实是我没跟到位", "acceptance"),
    ("这一点我认，我会改", "acceptance"),
    ("我承认上半年投入不够", "acceptance"),
    ("我同意这个评价", "acceptance"),
    ("评得挺客观的", "acceptance"),
    ("好的，我这周五之前把改进计划发给您", "acceptance"),
    ("九月那次延期是我的责任", "acceptance"),
    ("有道理，这块我确实疏忽了", "acceptance"),
]

EN = [
    ("This just isn't fair", "unfairness"),
    ("How is that fair?", "unfairness"),
    ("I feel like I'm being punished for someone else's mistake", "unfairness"),
    ("Why am I always the one who has to stay late?", "unfairness"),
    ("There's clearly favouritism on this team", "unfairness"),
    ("We do the same work but I get paid less than him", "unfairness"),
    ("I was made the scapegoat for the outage", "unfairness"),
    ("The goalposts keep moving", "unfairness"),
    ("It's a double standard", "unfairness"),
    ("I'm so angry right now", "anger"),
    ("This whole process is a joke, it's ridiculous", "anger"),
    ("I'm fed up with these reviews", "anger"),
    ("What the hell is this rating based on", "anger"),
    ("That's insulting", "anger"),
    ("You promised me that role", "anger"),
    ("I'm tired of being treated like a child", "anger"),
    ("Honestly I'm gutted", "hurt"),
    ("I feel completely unappreciated", "hurt"),
    ("No one even said thank you", "hurt"),
    ("After everything I've done for this team", "hurt"),
    ("I'm pretty disappointed to be honest", "hurt"),
    ("It hurts to hear that from you", "hurt"),
    ("You made me feel like nothing in that meeting", "hurt"),
    ("I'm nervous about what comes next", "anxiety"),
    ("Is my job at risk?", "anxiety"),
    ("I'm terrified of losing my job", "anxiety"),
    ("I don't know how I'm going to tell my wife", "anxiety"),
    ("I'm not sure I can make the new target", "anxiety"),
    ("I disagree with that assessment", "resistance"),
    ("No, I won't accept that", "resistance"),
    ("That's simply not true", "resistance"),
    ("Those numbers are wrong", "resistance"),
    ("It wasn't my job to chase legal", "resistance"),
    ("I'll be taking this to HR, I'm filing a grievance", "resistance"),
    ("I see it differently", "resistance"),
    ("Based on what?", "resistance"),
    ("Whatever you say, you're the boss", "withdrawal"),
    ("It's your call", "withdrawal"),
    ("Where do I sign?", "withdrawal"),
    ("There's no point, you've already decided", "withdrawal"),
    ("I've stopped trying to be honest", "withdrawal"),
    ("Can I go now?", "withdrawal"),
    ("Nothing I say will change anything", "withdrawal"),
    ("It is what it is", "withdrawal"),
    ("I had no idea, this came out of nowhere", "surprise"),
    ("Wait, what? I thought I was doing fine", "surprise"),
    ("I never expected that", "surprise"),
    ("Why am I only hearing this now?", "surprise"),
    ("My dad is in hospital and I'm driving there every night", "hardship"),
    ("I'm burned out", "hardship"),
    ("I'm doing the work of three people", "hardship"),
    ("I haven't slept properly in weeks", "hardship"),
    ("I can't keep up any more", "hardship"),
    ("Maybe I should start looking for another job", "leaving"),
    ("I'm handing in my notice", "leaving"),
    ("I don't see a future here", "leaving"),
    ("I've got two interviews next week", "leaving"),
    ("Fair point, that one is on me", "acceptance"),
    ("You're right, I should have flagged it earlier", "acceptance"),
    ("I can see why you rated it that way", "acceptance"),
    ("That makes sense, I'll fix the handover", "acceptance"),
    ("I agree with most of that", "acceptance"),
]

# Ordinary talk, and words of a cue in another sense or in somebody else's mouth.
QUIET_ZH = [
    "上半年我跟了十二个客户，签下来七个", "这个季度的目标是三百万，我做到了二百六", "我先说一下背景", "您看这份表格第三行",
    "我算了一下，差不多要两周", "他们公司也在做公平性评估", "客户很生气，我第二天就过去了", "我没生气，您接着讲",
    "供应商说价格不公平，我们重新谈了", "天气有点闷，我把窗户打开", "我下午还有个会", "需求是产品提的，开发估了三天",
    "我们组六个人，现在分两条线", "上次您让我补的材料我带来了", "我主要负责华东的渠道", "项目是三月启动的", "我想学一下数据分析",
    "这个月人气最高的是新品", "火车站那个店七月开业", "我跟采购对过一遍价格", "我担任组长之后带了两个新人",
    "评审会上大家提了三条意见", "您可以再说一遍吗", "怕您等，我先到了", "后面的排期我发群里了", "小王上个月辞职了，活是我接的",
    "去年拿的是B", "我随便举个例子", "不着急，我慢慢说", "这件事不复杂", "压力测试我们周三做", "他那边意外地顺利",
    "您放心", "我去面试了两个候选人", "我不觉得不公平", "我没觉得委屈，标准是清楚的", "这不是偏心，是分工不同",
    "如果团队里有人觉得不公平，我们怎么回应", "我没想过辞职", "您别担心",
]  # fmt: skip
QUIET_EN = [
    "In the first half I closed seven of twelve accounts", "The target was three million and I reached two point six",
    "Let me give you some background first", "If you look at the third row", "We moved the date to the fourth of May",
    "The client was upset so I drove over the next day", "I'm not angry, please go on", "That's not unfair at all",
    "The supplier called the price unfair and we renegotiated", "I have another meeting at three",
    "Six people work on it, in two streams", "I brought the document you asked for", "I mostly look after the north",
    "The project started in March", "I'd like to learn some data analysis", "We hold a job fair every autumn",
    "I checked the price with purchasing", "Could you say that again, please?", "Last year I got a B",
    "Let me pick any example", "It's not complicated", "The stress test runs on Wednesday", "I interviewed two candidates",
    "Sam resigned last month and I took over his accounts", "The fire alarm went off during the demo",
    "I was worried at first but it's fine now", "If anyone felt it was unfair, how would we answer them?",
    "I've never thought about quitting", "Don't worry about the slides", "The hospital project went live in June",
    "We leave for the airport at nine", "I don't feel hurt by that", "I handle whatever comes in by mail",
    "The tool is easy to use", "I take the train on Fridays", "They accepted the proposal", "I wrote the summary on Sunday",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), ZH)
def test_chinese_cue_is_found(text: str, kind: str) -> None:
    assert kind in strong(text, "zh"), READER.read(text, "zh")


@pytest.mark.parametrize(("text", "kind"), EN)
def test_english_cue_is_found(text: str, kind: str) -> None:
    assert kind in strong(text, "en"), READER.read(text, "en")


@pytest.mark.parametrize("text", QUIET_ZH)
def test_ordinary_chinese_triggers_nothing(text: str) -> None:
    assert strong(text, "zh") <= {"acceptance"}, READER.read(text, "zh")


@pytest.mark.parametrize("text", QUIET_EN)
def test_ordinary_english_triggers_nothing(text: str) -> None:
    assert strong(text, "en") <= {"acceptance"}, READER.read(text, "en")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", list(CueKind))
def test_the_data_file_holds(kind: CueKind, lang: Lang) -> None:
    entry = DATA["kinds"][kind.value][lang]
    assert len(entry["examples"]) >= 5
    assert len(entry["counter_examples"]) >= 4
    for text in entry["examples"]:
        assert kind.value in strong(text, lang), text
    for text in entry["counter_examples"]:
        assert kind.value not in strong(text, lang), text


def test_the_data_file_names_exactly_the_ten_kinds() -> None:
    assert set(DATA["kinds"]) == set(CueKind)


@pytest.mark.parametrize("lang", LANGS)
def test_homes_of_shared_words(lang: Lang) -> None:
    for home in DATA["homes"][lang]:
        for word in home["words"]:
            found = strong(word, lang)
            assert set(home["cues"]) <= found, word
            assert not found & set(home.get("never", [])), word


# text, language, kind, lowest and highest strength
GUARDS: list[tuple[str, Lang, str, float, float]] = [
    ("这不是不公平", "zh", "unfairness", 0.0, 0.0),
    ("没有什么不公平的", "zh", "unfairness", 0.0, 0.0),
    ("我没生气", "zh", "anger", 0.0, 0.0),
    ("It's not unfair", "en", "unfairness", 0.0, 0.0),
    ("I'm not angry at all", "en", "anger", 0.0, 0.0),
    ("我不是说不公平，就是想问问标准", "zh", "unfairness", 0.5, 0.75),
    ("我也不是生气，就是觉得该说一声", "zh", "anger", 0.5, 0.75),
    ("我不是不认可，只是数据没算全", "zh", "resistance", 0.5, 0.75),
    ("I'm not saying it's unfair, but look at the numbers", "en", "unfairness", 0.5, 0.75),
    ("大家都说不公平", "zh", "unfairness", 0.5, 0.8),
    ("Everyone on the team says it's unfair", "en", "unfairness", 0.5, 0.8),
    ("客户说不公平", "zh", "unfairness", 0.05, 0.49),
    ("有人说这样不公平", "zh", "unfairness", 0.05, 0.49),
    ("Some people say it's unfair", "en", "unfairness", 0.05, 0.49),
    ("是不是不公平？", "zh", "unfairness", 0.05, 0.49),
    ("Is it unfair?", "en", "unfairness", 0.05, 0.49),
    ("如果不公平我会说的", "zh", "unfairness", 0.05, 0.49),
    ("万一我被辞退了，我会很难过", "zh", "hurt", 0.05, 0.49),
    ("If it were unfair I'd tell you", "en", "unfairness", 0.05, 0.49),
    ("以前觉得不公平，现在想通了", "zh", "unfairness", 0.05, 0.49),
    ("I was upset at the time but I'm over it now", "en", "hurt", 0.05, 0.49),
    ('群里那句"不公平"我看到了', "zh", "unfairness", 0.05, 0.49),
    ('You wrote "unfair" in the form', "en", "unfairness", 0.05, 0.49),
    ("这不是欺负人吗", "zh", "unfairness", 0.7, 1.0),
    ("我能不生气吗", "zh", "anger", 0.7, 1.0),
    ("我不得不辞职", "zh", "leaving", 0.5, 1.0),
    ("No, I'm angry about it", "en", "anger", 0.7, 1.0),
    ("他很委屈", "zh", "hurt", 0.05, 0.49),
    ("She was disappointed", "en", "hurt", 0.0, 0.49),
    ("这事非针对我不可", "zh", "unfairness", 0.0, 0.49),
    ("评审会上就是针对我", "zh", "unfairness", 0.6, 1.0),
    ("你赶快去你妈那吧", "zh", "anger", 0.0, 0.49),
    ("我刚才说的有点过分了", "zh", "anger", 0.0, 0.49),
    ("你这次太过分了", "zh", "anger", 0.6, 1.0),
    ("吃得我涮得慌", "zh", "anxiety", 0.0, 0.49),
    ("你一定会遇到一些让自己伤心难过的事情", "zh", "hurt", 0.0, 0.49),
]


@pytest.mark.parametrize(("text", "lang", "kind", "low", "high"), GUARDS)
def test_guards(text: str, lang: Lang, kind: str, low: float, high: float) -> None:
    assert low <= strength(text, lang, kind) <= high, READER.read(text, lang)


@pytest.mark.parametrize(
    ("less", "more", "lang", "kind"),
    [
        ("有点不公平", "太不公平了", "zh", "unfairness"),
        ("我有点生气", "我特别生气", "zh", "anger"),
        ("it's a bit unfair", "it's so unfair", "en", "unfairness"),
        ("I'm kind of worried", "I'm really worried", "en", "anxiety"),
    ],
)
def test_intensity(less: str, more: str, lang: Lang, kind: str) -> None:
    assert 0.5 <= strength(less, lang, kind) < strength(more, lang, kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("这对我不共平", "unfairness"),
        ("我挺委曲的", "hurt"),
        ("我真的很举丧", "hurt"),
        ("我要词职", "leaving"),
        ("我抗不住了", "hardship"),
        ("我每想到会是这个结果", "surprise"),
        ("这个结果我不接售", "resistance"),
        ("我不同益，數據不對", "resistance"),
        ("強制分佈對我們不公平", "unfairness"),
        ("随便吧，我没意渐", "withdrawal"),
        ("这對我不公平，憑什麼讓我背鍋", "unfairness"),
        ("我覺得很委屈，沒人看見我的付出", "hurt"),
        ("我要辭職", "leaving"),
        ("壓力太大了，撐不住", "hardship"),
        ("隨便吧，您說了算", "withdrawal"),
        ("這個結果我不接受", "resistance"),
        ("您說得對，確實是我的問題", "acceptance"),
        ("不公平啊同样的活他拿优秀我拿合格还说我态度不好我真的很委屈", "unfairness"),
        ("不公平啊同样的活他拿优秀我拿合格还说我态度不好我真的很委屈", "hurt"),
        ("这个 rating 我不 accept", "resistance"),
        ("I feel 委屈", "hurt"),
        ("这个结果 not fair", "unfairness"),
        ("我觉得 so disappointed", "hurt"),
        ("老板 I quit，不伺候了", "leaving"),
    ],
)
def test_speech_as_it_arrives(text: str, kind: str) -> None:
    assert kind in strong(text, "zh"), READER.read(text, "zh")


@pytest.mark.parametrize(
    "text",
    [
        "委曲求全不是办法",
        "供应商接手之后顺了",
        "我火车上看的材料",
        "你说的词职责不清",
        "没一件事是急的",
        "我不和你说这个",
        "不相干的人先出去",
        "评什么优要看材料",
    ],
)
def test_misheard_spellings_leave_real_words_alone(text: str) -> None:
    assert not strong(text, "zh") & {"hurt", "unfairness", "anger", "leaving", "withdrawal", "resistance"}, text


def test_spellings_keep_their_length() -> None:
    for lang in LANGS:
        for word, group in patterns.read_data(f"cues_{lang}")["heard_as"].items():
            assert all(len(spelling.partition("(?")[0]) == len(word) for spelling in group), word


@pytest.mark.parametrize(
    ("text", "before", "kind"),
    [
        ("行", "经理：今年你的评级是C，年终奖按七成发。", "withdrawal"),
        ("好的。", "你没达标，这个已经定了", "withdrawal"),
        ("fine", "Manager: Your rating is below expectations this year.", "withdrawal"),
        ("好的", "经理：那周五前把方案发我可以吗？", "acceptance"),
        ("sure", "Manager: Could you send me the plan by Friday?", "acceptance"),
    ],
)
def test_bare_answers_take_their_sense_from_what_came_before(text: str, before: str, kind: str) -> None:
    cues = READER.read(text, "zh" if text[0] > "z" else "en", before)
    assert [cue.kind for cue in cues] == [kind]
    assert 0 < cues[0].strength < 0.5


def test_giving_up_after_a_hard_message_counts() -> None:
    assert strength("算了", "zh", "withdrawal") < 0.5
    assert strength("算了", "zh", "withdrawal", "经理：评级是C，已经定了。") >= 0.5


def test_several_cues_in_order_of_place() -> None:
    cues = READER.read("我不接受，凭什么扣我的钱，大不了我辞职", "zh")
    kinds = [cue.kind for cue in cues if cue.strength >= 0.5]
    assert kinds[0] == "resistance"
    assert {"resistance", "unfairness", "leaving"} <= set(kinds)
    assert [cue.start for cue in cues] == sorted(cue.start for cue in cues)


def test_quotes_are_the_words_as_written() -> None:
    text = "ＡＢ，這對我不公平！ I’m so DISAPPOINTED"
    assert {"不公平", "I’m so DISAPPOINTED"} <= {cue.quote for cue in READER.read(text, "zh")}


PIECES = st.sampled_from(
    ["我", "不公平", "委屈", "不是", "，", "。", "如果", "大家都说", "İ", "ß", "😀", "“", "”", "\n", " ", "unfair", "I'm not ",
     "if ", "行", "您定吧", "if", "n't", "\x00", "﷽", "Ⅷ", "不", "没", "\u200b"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join)),
    st.sampled_from(LANGS),
    st.text(max_size=9),
)
def test_any_text_gives_quotes_in_place(text: str, lang: Lang, before: str) -> None:
    for cue in READER.read(text, lang, before):
        assert text[cue.start : cue.end] == cue.quote != ""
        assert 0 < cue.strength <= 1


@pytest.mark.parametrize(
    "piece", ["不公平", "我", "没", "a", "I feel ", "如果我不", "。滚", "不是", '"', " ", "!", "n't not "]
)
def test_time_grows_with_length_only(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    start = time.perf_counter()
    READER.read(text, "zh")
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize("name", ["cues_zh", "cues_en", "moves_zh", "moves_en"])
def test_the_pattern_files_read_the_same_without_the_fast_yaml_reader(name: str) -> None:
    text = files("interview").joinpath("reading", "patterns", f"{name}.yaml").read_text(encoding="utf-8")
    assert yaml.load(text, Loader=yaml.SafeLoader) == patterns.read_data(name)


@pytest.mark.parametrize(
    "line",
    [
        "Right now I don't think you are being fair.", "That's not going to be a fair comparison for my team.",
        "I'm not being treated fairly here.", "Nobody on nights was rated fairly last year.",
        "The way you split it was not even close to fair.", "This doesn't seem totally fair to me. How about we look at it again?",
        "We planned three weeks for it and took two days. You are not being fair. If you want I send you the list and the dates.",
    ],
)  # fmt: skip
def test_a_charge_of_unfairness_is_read_however_it_is_negated_and_whatever_is_said_around_it(line: str):
    assert any(c.kind == "unfairness" and c.strength >= 0.5 for c in RuleCueReader().read(line, "en"))


@pytest.mark.parametrize(
    "line",
    [
        "He is rich already, so the unfairness doesn't really matter.", "Nobody's *discriminating against* anyone because of age.",
        "You may be even more infuriated to know that the lift is still broken.", "What a film, I cried lol.",
    ],
)  # fmt: skip
def test_what_is_waved_off_laughed_at_or_somebody_elses_is_no_strong_cue(line: str):
    assert not [c for c in RuleCueReader().read(line, "en") if c.strength >= 0.5]
