"""Pictures: all that is drawn stands in a table too, groups are never small, what is written in them stays text."""

import datetime as dt
import re
from xml.etree import ElementTree

import pytest

from app import pictures
from cycle.plans import ActionItem, Skill, progress
from cycle.team import Figure, KeyEvent

MONTHS = [f"2026-{m:02d}" for m in range(1, 7)]
FIGURES = [Figure(metric="回款<b>", unit="万元", month=m, actual=80 + n, target=90) for n, m in enumerate(MONTHS)]
EVENTS = [
    KeyEvent(date=dt.date(2026, 3, 1), kind="praise", what="<script>x</script>"),
    KeyEvent(date=dt.date(2026, 3, 2), kind="complaint", what="晚到", source="客户"),
]


def svgs(html):
    found = re.findall(r"<svg.*?</svg>", html, re.S)
    return [ElementTree.fromstring(svg) for svg in found]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_metric_is_drawn_whole_and_stands_in_its_table(lang):
    html = pictures.kpi_html(FIGURES, lang)
    (svg,) = svgs(html)
    assert len(svg.findall("circle")) == 7 and len(svg.findall("rect")) == 7  # six months and the key
    assert "回款<b>" not in html and all(f"<td>{m}</td>" in html for m in MONTHS) and "<td>-10</td>" in html


def test_a_trend_is_a_least_squares_line_and_needs_four_months():
    assert pictures.trend([(n, 80 + n) for n in range(6)]) == (pytest.approx(1.0), pytest.approx(80.0))
    assert pictures.trend([(0, 1), (1, 2), (2, 3)])[0] is None


def test_a_gap_of_months_is_kept_as_a_gap():
    html = pictures.kpi_html([FIGURES[0], FIGURES[5]], "zh")
    xs = sorted(float(c.get("cx")) for c in svgs(html)[0].findall("circle"))
    assert xs[-1] - xs[0] > 500


def test_the_same_value_every_month_and_a_single_month_are_drawn():
    for figures in ([f.model_copy(update={"actual": 0.0, "target": None}) for f in FIGURES], FIGURES[:1]):
        assert "nan" not in pictures.kpi_html(figures, "zh")


def test_no_spread_of_fewer_than_five_and_no_names():
    assert "<svg" not in pictures.team_html("回款", "万元", 3, [1, 2, 3, 4], "zh")
    html = pictures.team_html("回款", "万元", 3, [1, 2, 3, 4, 5, 5], "zh")
    counts = [int(x) for x in re.findall(r"<td>(\d+)</td></tr>", html)]
    assert sum(counts) == 6
    assert "<svg" in pictures.team_html("回款", "", 2, [2] * 5, "zh")


def test_a_timeline_names_kind_by_shape_and_escapes_words():
    html = pictures.timeline_html(EVENTS, "zh")
    assert "▲" in html and "▼" in html and "<script>" not in html and "&lt;script&gt;" in html
    svgs(html)


def test_plan_and_skills():
    action = ActionItem(id="a", what="每周复盘", by=dt.date(2026, 1, 31), since=dt.date(2026, 1, 1))
    html = pictures.plan_html([progress(action, dt.date(2026, 3, 1))], "zh")
    assert "0%" in html and "已逾期" in html
    cycles = [(dt.date(2026, 1, 1), [Skill(name="谈判", now=2, goal=4)]), (None, [Skill(name="谈判", now=3)])]
    html = pictures.skills_html(cycles, "zh")
    assert len(svgs(html)) == 1 and "<td>3</td>" in html


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_known_is_said_in_words(lang):
    for html in (pictures.kpi_html([], lang), pictures.timeline_html([], lang), pictures.plan_html([], lang),
                 pictures.skills_html([], lang)):  # fmt: skip
        assert "<svg" not in html and "note" in html


def test_the_shared_view_asks_for_nothing_from_outside():
    html = pictures.shared_page("林舟", FIGURES, EVENTS, "zh")
    assert not re.search(r"(?:src|href)\s*=|https?:|url\(", html)
