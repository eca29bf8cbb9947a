"""The report in a real browser: as a file, on a phone, on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.talks import DECENT, HARMFUL, filled
from tests.ui.test_rehearsal_page import choose, say
from tests.unit.test_engine import LIBRARY

pytestmark = pytest.mark.real


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_download_phone_and_paper(page: Page, tmp_path: Path, lang: str):
    if lang == "en":
        page.locator("#language").get_by_text("English").click()
        page.wait_for_timeout(2_000)
    choose(page, "expert-open")
    persona = LIBRARY.persona("expert-open", "en" if lang == "en" else "zh")
    lines = filled([*DECENT[persona.lang][:6], HARMFUL[persona.lang][1]], persona)
    for turn, line in enumerate(lines, 1):
        say(page, line, turn)
    page.click("#finish")
    expect(page.locator("#report .report")).to_be_visible()
    assert page.locator("#report .finding[data-turn]").count() >= 1
    page.wait_for_timeout(500)
    with page.expect_download() as arriving:
        page.click("#download-report")
    assert arriving.value.suggested_filename.endswith(f"-{lang}.html")
    path = tmp_path / "report.html"
    arriving.value.save_as(path)

    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#report details.whole summary").click()
    expect(page.locator("#report tr.manager[data-turn='1']")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator(".score")).to_be_visible()
    for line in lines:
        expect(page.locator(".transcript")).to_contain_text(line)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    expect(page.locator("#path-plot")).to_be_visible()
    assert len(page.pdf(prefer_css_page_size=True)) > 10_000
    assert asked == [path.as_uri()]
