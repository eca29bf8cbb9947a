"""Practice in a real browser: preparing, drills, what can be done besides speaking, another way on a branch, both paths."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_rehearsal_page import choose, replies, say

pytestmark = pytest.mark.real
LINES = (
    "坐吧。今天想和你谈谈这半年的绩效，先听听你自己怎么看？",
    "你就是态度有问题，大家都看在眼里。",
    "这半年最让你费劲的是哪一块？",
)


def pick(page: Page, field: str, number: int) -> None:
    """Take an entry of a dropdown."""
    page.click(f"#{field} input")
    page.locator("ul[role=listbox] li").nth(number).click()


def acted(page: Page, button: str, turns: int) -> None:
    page.click(f"#{button}")
    expect(page.locator("#chat .user-row")).to_have_count(turns, timeout=20_000)
    expect(page.locator("#chat .bot-row").last).not_to_have_text(re.compile(r"\s…\s*$"), timeout=20_000)
    page.wait_for_timeout(700)


def test_what_is_prepared_is_judged_and_felt(page: Page):
    tension = []
    for invitation in ("full", "alarming"):
        page.get_by_role("tab", name="选择").click()
        page.click("#prepare")
        page.wait_for_selector("#brief .brief", state="visible")
        if invitation == "full":
            page.locator("#preparation button").first.click()
        page.click(f"#prepare-invitation label:has(input[value='{invitation}'])")
        page.click("#prepare-look")
        expect(page.locator("#prepare-verdict")).to_contain_text("✓" if invitation == "full" else "✗")
        page.click("#begin")
        page.wait_for_selector("#chat .message", state="visible")
        page.wait_for_timeout(800)
        tension.append(int(page.locator("#gauge .gauge").first.get_attribute("aria-valuenow") or 0))
    assert tension[0] < tension[1]


def test_pause_record_and_break(page: Page):
    choose(page, "stuck-defensive", "pip-opening")
    say(page, LINES[0], 1)
    acted(page, "pause", 2)
    page.click("#show")
    expect(page.locator(".toast-body").last).to_contain_text("先选一条")
    pick(page, "record", 1)
    page.fill("#line textarea", "我们一起看看这个数。")
    acted(page, "show", 3)
    assert "出示记录" in page.locator("#chat .user-row").last.inner_text()
    page.fill("#line textarea", "先停一下，周四下午三点接着谈。")
    acted(page, "adjourn", 4)
    assert "休会之后" in replies(page)[-1]
    expect(page.locator("#line textarea")).to_be_enabled()


def test_a_drill_begins_at_its_step(page: Page):
    page.click("#persona label:has(input[value='expert-open'])")
    page.wait_for_timeout(600)
    pick(page, "drill", 5)
    page.click("#prepare")
    page.wait_for_selector("#brief .brief", state="visible")
    page.click("#begin")
    page.wait_for_selector("#chat .message", state="visible")
    expect(page.locator("#talk-head")).to_contain_text("小练习")
    expect(page.locator("#step-bar .now")).to_contain_text("计划")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_say_it_another_way_and_see_both_paths(page: Page, lang):
    if lang == "en":
        page.click("#language label:has(input[value='en'])")
        page.wait_for_timeout(1_000)
    lines = LINES if lang == "zh" else (
        "Thanks for coming. How do you see the half-year yourself?", "Your attitude is the problem.",
        "What has been hardest?",
    )  # fmt: skip
    choose(page, "challenger-defensive", "mid-year-check")
    for turn, line in enumerate(lines, 1):
        say(page, line, turn)
    before = replies(page)
    page.locator("#moment input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#chat .user-row")).to_have_count(2)
    page.click("#again")
    expect(page.locator("#chat .user-row")).to_have_count(1)
    expect(page.locator("#line textarea")).to_have_value(lines[1])
    page.wait_for_timeout(600)
    say(page, lines[2], 2)
    assert replies(page)[:2] == before[:2]
    page.get_by_role("tab", name="我的演练" if lang == "zh" else "My rehearsals").click()
    expect(page.locator("#mine label")).to_have_count(2)
    page.click("#compare")
    expect(page.locator("#two-paths")).to_be_visible()
    expect(page.locator("#both .compare")).to_contain_text(lines[1])
    expect(page.locator("#both .compare")).to_contain_text(lines[2])


def test_redo_a_moment_from_the_report(page: Page):
    choose(page, "challenger-defensive", "mid-year-check")
    for turn, line in enumerate(LINES, 1):
        say(page, line, turn)
    page.click("#finish")
    expect(page.locator("#report .report")).to_be_visible()
    button = page.locator("#report button.redo").first
    turn = int(button.get_attribute("data-turn") or 0)
    page.wait_for_timeout(500)
    button.click()
    expect(page.locator("#chat .user-row")).to_have_count(turn - 1)
    expect(page.locator("#line textarea")).to_have_value(LINES[turn - 1])
    expect(page.locator("#line textarea")).to_be_enabled()


def test_feedback_fades_to_the_end_of_a_step(page: Page):
    words = [
        "请坐，谢谢你过来。",
        "先听听你自己怎么看这半年？",
        "嗯，你接着说。",
        "哪一件事最费力？",
        "还有呢？",
        "我明白了，谢谢你告诉我。",
    ]
    for _ in range(2):
        choose(page, "expert-open")
        for turn, line in enumerate(words, 1):
            say(page, line, turn)
        page.get_by_role("tab", name="选择").click()
    choose(page, "expert-open")
    say(page, words[0], 1)
    expect(page.locator("#feedback .feedback")).to_have_count(0)
    page.click("#every input")
    expect(page.locator("#feedback .feedback")).to_have_count(1)
