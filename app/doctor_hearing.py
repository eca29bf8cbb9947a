"""The doctor's look at what live interviews need: the speech model, and a page the browser lets have the microphone."""

import importlib.util
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from app.doctor import Finding
from app.settings import Settings
from app.wiring import speech_folder
from interview.errors import TandaoError


def speech(settings: Settings) -> Iterator[Finding]:
    """The model is here and whole, or a package carries it; nothing is joined or fetched by looking."""
    from llms import weights

    named: dict[str, str | int | float] = {"model": settings.speech_model}
    if importlib.util.find_spec("faster_whisper") is None:
        yield Finding("speech", "warning", "none")
        return
    name, cache = settings.speech_model, settings.models
    if name in weights.registry() and not Path(name).is_dir():
        if not weights.is_there(name, cache):
            carried = weights.is_carried(name)
            yield Finding("speech", "ok" if carried else "warning", "carried" if carried else "missing", named)
        elif all(state == "ok" for state in weights.states(name, cache).values()):
            yield Finding("speech", "ok", "ok", named)
        else:
            yield Finding("speech", "broken", "damaged", named)
        return
    try:
        speech_folder(settings)
    except TandaoError as error:
        yield Finding("speech", "warning", "unknown" if error.message_key == "error.no_model" else "missing", named)
    else:
        yield Finding("speech", "ok", "ok", named)


def service(settings: Settings) -> Iterator[Finding]:
    """Whether sound leaves this machine, and how; nothing is sent by looking."""
    named: dict[str, str | int | float] = {"model": settings.speech_service}
    if not settings.speech_url:
        return
    if urlsplit(settings.speech_url).scheme == "https" or _is_this_machine(settings.speech_host):
        yield Finding("speech_service", "ok", "set", named)
    else:
        yield Finding("speech_service", "warning", "open", named)


def microphone(settings: Settings) -> Iterator[Finding]:
    """Browsers give the microphone to this machine's own page and to HTTPS."""
    if urlsplit(settings.public_url).scheme == "https" or _is_this_machine(settings.host):
        yield Finding("microphone", "ok", "ok")
    else:
        yield Finding("microphone", "warning", "insecure", {"host": settings.host})


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
