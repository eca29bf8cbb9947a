"""What is told apart by colour is told apart on a grey print as well."""

import datetime as dt
import re

from app import pictures
from cycle.numbers import shift
from cycle.plans import ActionItem, progress
from cycle.team import Figure, KeyEvent

KINDS = ("praise", "complaint", "delivery")


def test_an_overdue_bar_is_striped_and_the_others_are_plain():
    late, running = (
        progress(
            ActionItem(id=f"a{n}", what="复盘", by=dt.date(2026, month, 28), since=dt.date(2026, 1, 1)),
            dt.date(2026, 5, 1),
        )
        for n, month in enumerate((3, 9))
    )
    fills = [
        re.findall(r'height="15" fill="([^"]+)"/>', pictures.plan_html([one], "zh"))[-1] for one in (late, running)
    ]
    assert fills == ["url(#late)", pictures.BLUE]
    assert 'id="late"' in pictures.plan_html([late], "zh")


def test_lines_differ_by_dash_and_mark_not_by_colour_alone():
    figures = [
        Figure(metric="回款", month=shift("2026-10", -k), actual=float(80 + k), target=85, unit="万元")
        for k in range(6)
    ]
    drawn = pictures.kpi_html(figures, "zh")
    colours = (pictures.BLUE, pictures.ORANGE, pictures.GREY)
    dashes = [re.findall(rf'<line [^>]*stroke="{colour}" [^>]*stroke-dasharray="([^"]*)"', drawn) for colour in colours]
    assert [len(set(found)) for found in dashes] == [1, 1, 1]
    assert len({found[0] for found in dashes}) == 3
    events = [KeyEvent(date=dt.date(2026, n + 1, 3), kind=kind, what="事") for n, kind in enumerate(KINDS)]
    marks = re.findall(r"<tspan fill=\"[^\"]+\">(.)</tspan>\d", pictures.timeline_html(events, "zh"))
    assert sorted(marks) == sorted({"▲", "▼", "■"})
