"""``tandao accounts``: every subcommand, as whoever holds the data folder types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.settings import Settings
from app.wiring import Services
from interview.errors import NotFoundError

GOOD = "一句我记得住的话 2026"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("HOME", tmp_path / "home"), ("LANGUAGE", "en"), ("ACCOUNTS", "on"), ("PUBLIC_URL", "https://talks.example.org/")):  # fmt: skip
        monkeypatch.setenv(f"TANDAO_{name}", str(value))
    return tmp_path / "home"


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["accounts", *arguments], input=given)


def rows() -> dict[str, dict[str, object]]:
    return {row["login"]: row for row in map(json.loads, run("list").stdout.splitlines())}


def secret(told: Result) -> str:
    assert told.exit_code == 0, told.output
    before, found = told.stdout.strip().split("https://talks.example.org/welcome/")
    assert before
    return found


def test_from_the_first_link_to_the_last_account(home: Path):
    accounts = Services(Settings(home=home)).accounts
    old, link = secret(run("first")), secret(run("first"))
    with pytest.raises(NotFoundError):
        accounts.link(old)
    accounts.use_link(link, GOOD, "root", "赵")
    assert run("first").exit_code == 1, "there is one"
    password = secret(run("add", "Li.Wen", "--name", "李雯"))
    assert rows()["li.wen"] | {"has_password": True} == {
        "login": "li.wen", "name": "李雯", "role": "manager", "locked": False, "single_sign_on": False,
        "has_password": True, "seen_at": None,
    }  # fmt: skip
    session = accounts.use_link(password, GOOD)
    assert rows()["li.wen"]["has_password"]
    assert "李雯" in run("role", "LI.WEN", "trainer").stdout and rows()["li.wen"]["role"] == "trainer"
    assert accounts.of_session(session.secret) is None, "another role ends the session"
    assert "李雯" in run("lock", "li.wen").stdout and rows()["li.wen"]["locked"]
    assert "李雯" in run("unlock", "li.wen").stdout and not rows()["li.wen"]["locked"]
    accounts.use_link(secret(run("link", "li.wen")), GOOD + "！")
    assert run("delete", "li.wen", given="n\n").exit_code == 1 and "li.wen" in rows()
    assert "李雯" in run("delete", "li.wen", given="y\n").stdout and list(rows()) == ["root"]
    for command in (("role", "root", "hr"), ("lock", "root"), ("delete", "root", "--yes")):
        refused = run(*command)
        assert refused.exit_code == 1 and "administrator" in refused.stderr, "the last one stays"
    assert rows()["root"]["role"] == "administrator"


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (("add", "root"), 1, "taken"),
        (("add", "x y"), 1, "no spaces"),
        (("link", "nobody"), 1, "no such account"),
        (("role", "nobody", "hr"), 1, "no such account"),
        (("role", "root", "king"), 2, "king"),
        (("lock", "nobody"), 1, "no such account"),
        (("unlock", ""), 1, "no such account"),
        (("delete", "nobody", "--yes"), 1, "no such account"),
    ],
)
def test_what_can_not_be_done_is_told_and_changes_nothing(home: Path, command: tuple[str, ...], code: int, told: str):
    Services(Settings(home=home)).accounts.use_link(secret(run("first")), GOOD, "root")
    before = rows()
    refused = run(*command)
    assert refused.exit_code == code and told in refused.stderr and not refused.stdout
    assert rows() == before


def test_the_account_that_takes_over_single_user_mode_is_one(home: Path):
    secret(run("add", "wang", "--role", "trainer", "--owns-local"))
    assert run("add", "zhao", "--owns-local").exit_code == 1
    assert list(rows()) == ["wang"]
