"""Readiness and figures: what a load balancer and Prometheus are told, and who is told; what a stopping server does."""

import contextlib
import re
import threading
import time
from pathlib import Path
from typing import get_args

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.health import mount_health
from app.metrics import place_of
from app.settings import Settings
from app.stopping import StoppingError, Work
from app.wiring import Services
from interview.errors import ConflictError, InputError

SECRET = "只有我知道的一句话"


@pytest.fixture
def services(tmp_path):
    return Services(Settings(home=tmp_path / "home", pace_s=0, metrics_token="a-token"))


@pytest.fixture
def client(services):
    app = FastAPI()
    mount_health(app, services, services.metrics, services.running)
    with contextlib.ExitStack() as open_clients:
        yield lambda address="127.0.0.1": open_clients.enter_context(TestClient(app, client=(address, 50_000)))


def test_figures_count_turns_and_errors_and_hold_no_word(services, actor, client):
    record = services.rehearsals.start(actor, "expert-open", lang="zh", seed=7)
    list(services.rehearsals.say(actor, record.id, SECRET))
    with pytest.raises(ConflictError):
        list(services.rehearsals.say(actor, record.id, SECRET, expected_turn=7))
    got = client().get("/metrics")
    assert got.status_code == 200
    assert "tandao_turns_total 1.0" in got.text
    assert 'tandao_errors_total{key="error.other_tab",where="turn"} 1.0' in got.text or (
        'tandao_errors_total{key="error.conflict",where="turn"} 1.0' in got.text
    )
    for stage in ("read", "stored", "first_sentence", "reply"):
        assert f'tandao_stage_seconds_count{{stage="{stage}"}} 1.0' in got.text
    for word in (SECRET, record.id, actor.id + '"', record.persona_id):
        assert word not in got.text


def test_every_stage_is_observed_and_the_list_of_names_is_the_documented_one(services, actor, client):
    from app.metrics import Stage
    from app.reports import build_report
    from tests.unit.test_live import WHERE, HintState, begin

    record = services.rehearsals.start(actor, "expert-open", lang="zh", seed=7)
    list(services.rehearsals.say(actor, record.id, SECRET))
    build_report(services, actor, record.id)
    _, _, grant = begin(services)
    said = services.live.hear(grant, "employee", f"不公平，{SECRET}", start_s=1, end_s=2)
    services.live.hint_after(grant, HintState(), said, "zh", **WHERE)
    with pytest.raises(InputError):
        services.live.hear(grant, "employee", " ")
    services.metrics.heard(0.5, 0.2, True)
    got = client().get("/metrics").text
    for stage in get_args(Stage):
        assert f'tandao_stage_seconds_count{{stage="{stage}"}}' in got, stage
    assert 'tandao_errors_total{key="error.empty_line",where="line"} 1.0' in got
    assert 'tandao_errors_total{key="lost",where="speech"} 1.0' in got
    assert SECRET not in got
    documented = Path("docs/deploy.md").read_text(encoding="utf-8")
    names = set(re.findall(r"^# TYPE (tandao_\w+) ", got, re.MULTILINE))
    assert {name for name in names if not name.endswith("_created")} <= set(re.findall(r"`(tandao_\w+)`", documented))


def test_figures_are_for_this_machine_or_the_token(client):
    assert client().get("/metrics", headers={"x-forwarded-for": "10.0.0.9"}).status_code == 404
    away = client("10.0.0.9")
    assert away.get("/metrics").status_code == 404
    assert away.get("/metrics", headers={"authorization": "Bearer another"}).status_code == 404
    assert away.get("/metrics", headers={"authorization": "Bearer a-token"}).status_code == 200


def test_ready_until_the_database_is_away_or_the_server_stops(services, client):
    asked = client()
    assert asked.get("/ready").json()["ready"] is True
    services.running.stop()
    stopped = asked.get("/ready")
    assert stopped.status_code == 503 and stopped.json()["server"] == "stopping"
    assert asked.get("/health").status_code == 200, "alive all the same"


def test_another_releases_tables_are_not_ready(services, client):
    with services.engine.begin() as db:
        db.exec_driver_sql("update alembic_version set version_num = '9999'")
    assert client().get("/ready").json() == {
        "ready": False, "database": "other_version", "server": "running", "language_model": "none",
    } | {"speech": client().get("/ready").json()["speech"]}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "place"),
    [("/", "page"), ("/me/abcdefghij", "employee"), ("/gradio_api/queue/join", "call"), ("/ready", "health")],
)
def test_a_path_is_counted_as_a_place_without_what_it_names(path, place):
    assert place_of(path) == place


def test_a_stopping_server_finishes_a_turn_and_begins_none(services, actor):
    record = services.rehearsals.start(actor, "expert-open", lang="zh", seed=7)
    events = services.rehearsals.say(actor, record.id, "坐，喝点水。")
    next(events)
    services.running.stop()
    assert not services.running.finish(0.05)
    threading.Timer(0.2, lambda: list(events)).start()
    assert services.running.finish(20)
    assert services.rehearsals.turns(actor, record.id)[0].reply_done
    with pytest.raises(StoppingError):
        list(services.rehearsals.say(actor, record.id, "还有一句。"))
    assert services.rehearsals.get(actor, record.id).turn_count == 1


def test_other_work_is_waited_for_too():
    work, began = Work(), time.monotonic()
    assert work.finish(20, lambda: time.monotonic() - began < 0.2)
    assert time.monotonic() - began >= 0.2
