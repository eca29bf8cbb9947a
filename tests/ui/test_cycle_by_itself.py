"""What a running server sends without anybody pressing anything: to the employee, to the manager and to the group."""

import datetime as dt
import time
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, single_user
from cycle.plans import ActionItem
from cycle.talks import Stage, Talk
from cycle.team import Person
from tests.fakes.mailbox import Mailbox, mailbox
from tests.fakes.robot import receiver
from tests.ui.conftest import Server

pytestmark = pytest.mark.real
ME = single_user("zh")
BOSS = "boss@example.com"


def planned(services: Services, name: str, at: dt.datetime, stage: Stage) -> str:
    """A talk at that moment with somebody new, both with an address."""
    (person,) = services.team.add(ME, Person(name=name, email=f"{name}@example.com"))
    about = Talk(at=at, zone="Asia/Shanghai", place="三楼", host_email=BOSS, sequence=0)
    record = services.talks.plan(ME, person.id, at.date(), about)
    return services.talks.change(ME, record, about, stage).id


def filled(home: Path) -> None:
    """One talk tomorrow, one held and followed up by a plan that runs."""
    services, now = Services(Settings(home=home)), dt.datetime.now(dt.UTC)
    planned(services, "soon", now + dt.timedelta(hours=20), Stage.INVITED)
    followed = planned(services, "running", now - dt.timedelta(days=1), Stage.CONFIRMED)
    today = dt.datetime.now().astimezone().date()
    action = ActionItem(id="", what="每周复盘一次对账", since=today, by=today + dt.timedelta(days=30))
    services.plans.put_action(ME, followed, action)
    services.plans.share(ME, followed)


def subjects(box: Mailbox) -> set[tuple[str, str]]:
    return {(str(m["To"]), str(m["Subject"])) for m in box.taken}


def test_reminders_progress_and_the_group_s_counts_go_out_by_themselves(tmp_path: Path):
    filled(tmp_path / "home")
    with mailbox() as box, receiver((200, '{"errcode": 0}')) as group:
        server = Server(
            tmp_path / "home", TANDAO_SMTP_HOST="127.0.0.1", TANDAO_SMTP_PORT=str(box.port),
            TANDAO_SMTP_SECURITY="none", TANDAO_SMTP_FROM="t@example.com", TANDAO_WEBHOOK_URL=group.url,
            TANDAO_PUBLIC_URL="https://tandao.example",
        ).start()  # fmt: skip
        try:
            for _ in range(180):
                if len(box.taken) >= 5 and group.taken:
                    break
                time.sleep(0.5)
        finally:
            server.kill()
    to = [address for address, _ in sorted(subjects(box))]
    assert to == [BOSS, BOSS, "running@example.com", "soon@example.com", "soon@example.com"], subjects(box)
    links = {str(m["To"]) for m in box.taken if "https://tandao.example/me/" in m.get_body().get_content()}
    assert links == {"running@example.com", "soon@example.com"}, "the private link is the employee's alone"
    (counts,) = group.taken
    assert "soon" not in str(counts) and "running" not in str(counts)
