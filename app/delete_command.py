"""``tandao delete``: one rehearsal for good, after asking."""

import click

from app.texts import t
from app.wiring import build_services


def delete_rehearsal(rehearsal_id: str, yes: bool) -> int:
    """Delete after a confirmation; returns the exit code, 1 when the person said no."""
    services = build_services()
    lang = services.settings.language
    actor = services.acting(lang)
    record = services.rehearsals.get(actor, rehearsal_id)
    when = record.updated_at.astimezone().strftime("%Y-%m-%d %H:%M")
    question = t("cli.delete_sure", lang, who=record.persona_id, when=when, count=record.turn_count)
    if not yes and not click.confirm(question, default=False, err=True):
        click.echo(t("cli.kept", lang), err=True)
        return 1
    services.rehearsals.delete(actor, rehearsal_id)
    click.echo(t("mine.deleted", lang), err=True)
    return 0
