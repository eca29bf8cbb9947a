"""The nine-step card: whole, in both languages, with the company's words as words."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.flow_card import FITS, SHARES, card_html, minutes_of, mount_flow_card
from cycle.team import Person
from interview.conversation import LANGS
from interview.steps import SPOKEN_STEPS, STEPS
from interview.texts import step_text
from tests.unit.test_rounds import ANNA, HR, SOON, replace_round


@pytest.mark.parametrize("lang", LANGS)
def test_every_step_is_on_it_and_nothing_comes_from_elsewhere(lang):
    page = card_html(lang)
    for step in STEPS:
        assert f"{step.number} {step_text(step, lang).name}" in page
        assert step_text(step, lang).key_action in page.replace("&#x27;", "'").replace("&amp;", "&").replace(
            "&quot;", '"'
        )
    assert not any(word in page for word in ("http://", "https://", "src=", "@import", "url("))
    assert page.count("<tr>") == 10


@pytest.mark.parametrize("minutes", [10, 37, 60, 90, 240])
def test_the_times_add_up_to_the_talk(minutes):
    assert set(SHARES) == set(SPOKEN_STEPS)
    taken = [minutes_of(step, minutes) for step in SPOKEN_STEPS]
    assert sum(taken) == minutes and min(taken) >= 1


def test_the_company_s_words_are_shown_as_words_and_long_ones_on_a_second_sheet():
    page = card_html("zh", own="<script>alert(1)</script>")
    assert "<script>" not in page and "&lt;script&gt;" in page and "class='own'" in page
    assert "class='own long'" in card_html("zh", own="字" * (FITS + 1))


def test_the_route_shows_the_talk_s_own_length_and_round_to_its_manager_alone(services):
    app = FastAPI()
    mount_flow_card(app, services)
    client = TestClient(app)
    local = ANNA.__class__("local", ANNA.role, "zh")
    services.team.add(local, Person(name="许愿"))
    services.team.add(ANNA, Person(name="周至"))
    services.rounds.open(HR, replace_round(card="本公司：先问再说", due=SOON))
    (mine,), (other,) = services.talks.all(local), services.talks.all(ANNA)
    page = client.get("/flow-card", params={"talk": mine.id, "lang": "zh"})
    assert page.status_code == 200 and "先问再说" in page.text and "许愿" not in page.text
    assert client.get("/flow-card", params={"talk": other.id}).status_code == 404
    assert "先问再说" not in client.get("/flow-card", params={"lang": "en", "minutes": 999999}).text


def test_the_page_says_who_may_see_it_and_prints_it_not():
    shown = card_html("zh", who="单人模式")
    assert "<small>单人模式</small></nav>" in shown and "nav { display: none" in shown
