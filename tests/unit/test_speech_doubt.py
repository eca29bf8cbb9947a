"""What is believed of a transcript: phantoms, loops, silence; and what people really say stays."""

import pytest

from interview.errors import DataFileError
from speech.doubt import Figures, Verdict, looping, phantoms, unlooped, verdict

SURE = Figures(no_speech=0.03, log_prob=-0.25, voiced_s=3.0, length_s=3.5)


def figures(no_speech: float = 0.03, log_prob: float = -0.25, voiced_s: float = 3.0, length_s: float = 3.5) -> Figures:
    return Figures(no_speech, log_prob, voiced_s, length_s)


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "Thanks for watching!",
        "Subtitles by the community",
    ],
)
def test_known_phantoms_are_never_taken_for_words(text):
    assert verdict(text, SURE) is Verdict.DOUBTFUL
    assert verdict(text, figures(no_speech=0.7)) is Verdict.NOTHING
    assert verdict(text, figures(voiced_s=0.5, length_s=4)) is Verdict.NOTHING


@pytest.mark.parametrize("text", ["谢谢大家", "Thank you.", "Thank you. Thank you.", "再见"])
def test_thanks_and_goodbyes_count_when_they_were_said(text):
    assert verdict(text, SURE) is Verdict.GOOD
    assert verdict(text, figures(no_speech=0.3)) is Verdict.DOUBTFUL
    assert verdict(text, figures(no_speech=0.6)) is Verdict.NOTHING


@pytest.mark.parametrize(
    "text",
    ["我觉得这个考核不公平，我做的那部分没有人看到。", "嗯。", "对对对对", "不是，不是，不是。", "I honestly don't think this is fair to me.",
     "no no no", "好好好好好", "我想想，我想想。", "谢谢你跟我说这些。", "Thank you for telling me that."],
)  # fmt: skip
def test_ordinary_talk_stays(text):
    assert verdict(text, SURE) is Verdict.GOOD


@pytest.mark.parametrize(
    "text",
    ["我觉得不太公平我觉得不太公平我觉得不太公平我觉得不太公平", "and then I said and then I said and then I said and then I said",
     "好的好的好的好的好的好的好的", "啊啊啊啊啊啊啊啊啊啊啊啊"],
)  # fmt: skip
def test_loops_are_doubtful(text):
    assert looping(text)
    assert verdict(text, SURE) is Verdict.DOUBTFUL


def test_a_loop_is_said_once_while_tentative():
    assert unlooped("我觉得不太公平，我觉得不太公平，我觉得不太公平，我觉") == "我觉得不太公平"
    assert unlooped("我觉得不太公平，真的不公平") == "我觉得不太公平，真的不公平"


def test_silence_noise_and_too_many_words_are_not_believed():
    assert verdict("他说了很多", figures(no_speech=0.95, log_prob=-1.3)) is Verdict.NOTHING
    assert verdict("他说了很多", figures(voiced_s=0.05)) is Verdict.NOTHING
    assert verdict("他说了很多", figures(log_prob=-1.4)) is Verdict.DOUBTFUL
    assert verdict("半秒钟里不可能说得出这么长的一句话来吧", figures(voiced_s=0.5, length_s=1)) is Verdict.DOUBTFUL
    assert verdict(" . , ", SURE) is Verdict.NOTHING


def test_a_broken_list_names_its_file(tmp_path):
    path = tmp_path / "phantoms.yaml"
    path.write_text("whole: {zh: 3}")
    with pytest.raises(DataFileError, match=r"phantoms\.yaml"):
        phantoms(path)
