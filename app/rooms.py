"""Which door leads to which action: every route and every function of the page, in two tables.

What is in neither is shut. Whether an object is one's own is not asked here but by the services; a test tries every line
of both tables as every role.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.gate import JOIN
from interview.actor import Role
from people.permissions import TABLE, Action


class Who(StrEnum):
    """Doors that ask for no action."""

    ANYBODY = "anybody"
    """No session: public, or opened by a secret of its own in the address or the message."""
    SIGNED_IN = "signed in"


Rule = Action | Who
Rules = Rule | frozenset[Action] | None
"""Of several any one is enough; None: nobody."""
READ = frozenset({"GET", "HEAD"})
SECRET = "[0-9A-Za-z_-]{20,60}"


@dataclass(frozen=True, slots=True)
class Route:
    """One door. ``methods``: of HTTP, or ``WS`` for a WebSocket."""

    methods: frozenset[str]
    path: re.Pattern[str]
    rule: Rule


def _route(methods: str, path: str, rule: Rule) -> Route:
    named = frozenset(methods.split())
    return Route(named | READ if "GET" in named else named, re.compile(path), rule)


ROUTES: tuple[Route, ...] = (
    _route("GET", r"/health|/ready|/metrics|/robots\.txt|/favicon\.ico", Who.ANYBODY),
    _route("GET POST", r"/sign-in", Who.ANYBODY),
    _route("GET POST", rf"/welcome/{SECRET}", Who.ANYBODY),
    _route("GET", r"/oidc/(?:start|back)", Who.ANYBODY),
    _route("GET POST", rf"/join/[0-9A-Za-z]{{4,16}}|/(?:consent|me)/{SECRET}", Who.ANYBODY),
    _route("GET", rf"/(?:consent|me)/{SECRET}/my-data(?:\.json)?", Who.ANYBODY),
    _route("GET", r"/my-data(?:\.json)?", Who.SIGNED_IN),
    _route("GET", r"/live/(?:capture|worklet)\.js", Who.ANYBODY),
    _route("WS", r"/live/audio", Who.ANYBODY),
    _route("POST", r"/sign-out", Who.SIGNED_IN),
    _route("GET POST", r"/account", Who.SIGNED_IN),
    _route("GET", r"/account\.js", Who.SIGNED_IN),
    _route("GET POST", r"/accounts", Action.ACCOUNTS_MANAGE),
    _route("GET", r"/flow-card", Action.LIBRARY_READ),
    _route("GET POST", r"/live/recording/[0-9A-Za-z_-]{8,40}", Action.LIVE_HOLD),
    _route("POST", r"/live/recording", Action.LIVE_HOLD),
    _route("GET", r"/live/sound", Action.LIVE_HOLD),
    _route("GET", r"/|/config|/theme\.css|/manifest\.json|/(?:assets|static|svelte)/.+", Action.LIBRARY_READ),
    _route(
        "GET",
        r"/gradio_api/(?:queue/data|heartbeat/[0-9a-z]{1,64}|startup-events|app_id|theme\.css)",
        Action.LIBRARY_READ,
    ),
    _route("POST", JOIN, Action.LIBRARY_READ),  # and what the function called asks for
)

FUNCTIONS: dict[str, Rules] = {
    "app.ui.page": Action.LIBRARY_READ,
    "app.ui.following": Action.LIBRARY_READ,
    "app.ui.choose": Action.REHEARSAL_START,
    "app.ui.preparation": Action.REHEARSAL_START,
    "app.ui.brief": Action.REHEARSAL_START,
    "app.ui.talk": Action.REHEARSAL_SPEAK,
    "app.ui.rewind": Action.REHEARSAL_SPEAK,
    "app.ui.report": Action.REHEARSAL_READ,
    "app.ui.mine": Action.REHEARSAL_READ,
    "app.ui.mine:delete": Action.REHEARSAL_DELETE,
    "app.ui.mine:share": Action.REHEARSAL_SHARE,
    "app.ui.live": Action.LIVE_HOLD,
    "app.ui.live_for": Action.LIVE_HOLD,
    "app.ui.live_after": Action.LIVE_HOLD,
    "app.ui.cycle.page": Action.TEAM_LEAD,
    "app.ui.cycle.after": Action.TEAM_LEAD,
    "app.ui.cycle.after_plan": Action.TEAM_LEAD,
    "app.ui.cycle.intake": Action.TEAM_LEAD,
    "app.ui.cycle.inviting": Action.TEAM_LEAD,
    "app.ui.cycle.pack": Action.TEAM_LEAD,
    "app.ui.cycle.pack_items": Action.TEAM_LEAD,
    "app.ui.cycle.signals": frozenset({Action.TEAM_LEAD, Action.ROUND_LEAD}),
    "app.ui.cycle.pictures": Action.TEAM_LEAD,
    "app.ui.cycle.rehearse": Action.TEAM_LEAD,
    "app.ui.cycle.team": Action.TEAM_LEAD,
    "app.ui.cycle.work": Action.TEAM_LEAD,
    "app.ui.cycle.hr": Action.ROUND_LEAD,
    "app.ui.trainer.reviewing": Action.REVIEW_READ,
    "app.ui.trainer.reviewing:comment": Action.REVIEW_WRITE,
    "app.ui.trainer.reviewing:overrule": Action.REVIEW_WRITE,
    "app.ui.trainer.reviewing:confirm": Action.REVIEW_WRITE,
    "app.ui.trainer.calibrating": Action.REVIEW_READ,
    "app.ui.trainer.live_talks": Action.LIVE_REVIEW,
    "app.ui.trainer.cohorting": Action.COHORT_LEAD,
    "app.ui.trainer.teaching": Action.CLASS_LEAD,
    "app.ui.trainer.editing": Action.LIBRARY_EDIT,
}
"""By module, or module and function. A function of a module that is not here can't be called where people sign in."""


def rule_of_route(method: str, path: str) -> Rule | None:
    """What a request needs; None where no door is."""
    return next((r.rule for r in ROUTES if method in r.methods and r.path.fullmatch(path)), None)


def rule_of_function(function: Callable[..., Any] | None) -> Rules:
    """What calling a function of the page needs; None where that is nowhere said, or all of it happens in the browser."""
    if function is None:
        return None
    module, name = function.__module__, getattr(function, "__name__", "")
    return FUNCTIONS.get(f"{module}:{name}", FUNCTIONS.get(module))


def may(role: Role | None, rule: Rules) -> bool:
    """Whether somebody of this role (None: nobody is signed in) may go in here at all, to some object or other."""
    if rule is None:
        return False
    if isinstance(rule, Action):
        return role is not None and rule in TABLE[role]
    if isinstance(rule, frozenset):
        return role is not None and any(action in TABLE[role] for action in rule)
    return rule is Who.ANYBODY or role is not None
