"""Pictures of one person's cycle as plain SVG with real text, each with its table: told apart by shape as well as colour.

Text is set by the browser in its own fonts; colours are blue, orange and grey of the Okabe-Ito palette (2008), which are
told apart with any colour vision; solid, dashed and dotted lines carry the same on a black-and-white print.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise

from app.texts import t
from cycle.numbers import shift
from cycle.plans import Progress, Skill
from cycle.rounds import SMALLEST_GROUP
from cycle.team import Figure, KeyEvent
from interview.conversation import Lang

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 210, 58, 14, 34, 28
BLUE, ORANGE, GREY, GREEN = "#0072b2", "#d55e00", "#555555", "#009e73"
MARKS = {"praise": ("▲", BLUE), "complaint": ("▼", ORANGE), "delivery": ("■", GREY)}
LATE = (
    '<defs><pattern id="late" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="7" height="7" fill="#fff"/><rect width="4" height="7" fill="{ORANGE}"/></pattern></defs>'
)
"""Stripes for what is overdue: on a grey print orange and blue are one."""
BINS = 8


def kpi_html(figures: Sequence[Figure], lang: Lang) -> str:
    """One picture and table a metric: actual, target and trend by month."""
    metrics = sorted({f.metric for f in figures})
    parts = [_kpi([f for f in figures if f.metric == metric], lang) for metric in metrics]
    return "".join(parts) or f"<p class='note'>{t('picture.no_figures', lang)}</p>"


def _kpi(figures: Sequence[Figure], lang: Lang) -> str:
    known = sorted(figures, key=lambda f: f.month)[-24:]
    metric, unit = known[-1].metric, known[-1].unit
    places = _months(known[0].month, known[-1].month)
    xs = {m: _across(n, len(places) - 1) for n, m in enumerate(places)}
    slope, start = trend([(places.index(f.month), f.actual) for f in known])
    values = [f.actual for f in known] + [f.target for f in known if f.target is not None]
    low, high = _range(values)
    down = _scale(low, high)
    parts = [_grid(low, high), _month_names(places, xs)]
    actual = [(xs[f.month], down(f.actual)) for f in known]
    target = [(xs[f.month], down(f.target)) for f in known if f.target is not None]
    parts.append(_line(target, ORANGE, "7 5") + "".join(_square(x, y, ORANGE) for x, y in target))
    parts.append(_line(actual, BLUE, "") + "".join(_dot(x, y, BLUE) for x, y in actual))
    keys: list[tuple[str, str, str, Callable[[float, float, str], str]]] = [
        ("picture.actual", BLUE, "", _dot),
        ("picture.target", ORANGE, "7 5", _square),
    ]
    if slope is not None:
        ends = [(xs[places[0]], down(start)), (xs[places[-1]], down(start + slope * (len(places) - 1)))]
        parts.append(_line(ends, GREY, "2 4"))
        keys.append(("picture.trend", GREY, "2 4", _none))
    for n, (key, colour, dash, mark) in enumerate(keys):
        x = LEFT + 190 * n
        parts.append(_line([(x, 14), (x + 28, 14)], colour, dash) + mark(x + 14, 14, colour))
        parts.append(f'<text x="{x + 34}" y="18">{escape(t(key, lang))}</text>')
    better = t("picture.higher" if known[-1].higher_is_better else "picture.lower", lang)
    change = "" if slope is None else " · " + t("picture.slope", lang, slope=f"{slope:+.3g}", unit=unit)
    heads = [t(f"picture.{k}", lang) for k in ("month", "actual", "target", "gap")]
    rows = [[f.month, _n(f.actual), _n(f.target), _n(None if f.target is None else f.actual - f.target)] for f in known]
    title = f"{metric} ({unit})" if unit else metric
    return _figure(title, f"{better}{change}", "".join(parts), HEIGHT, heads, rows, lang)


def trend(points: Sequence[tuple[int, float]]) -> tuple[float | None, float]:
    """Least squares: change a month and value at month 0; None for fewer than four months."""
    if len(points) < 4:
        return None, 0.0
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return slope, mean_y - slope * mean_x


def team_html(metric: str, unit: str, own: float, others: Sequence[float], lang: Lang) -> str:
    """Where one mean lies among colleagues' means; nothing for fewer than five colleagues. No names."""
    if len(others) < SMALLEST_GROUP:
        return f"<p class='note'>{escape(metric)}: {t('picture.few', lang, least=SMALLEST_GROUP)}</p>"
    low, high = min(*others, own), max(*others, own)
    width = (high - low) / BINS or 1.0
    counts = [0] * BINS
    for value in others:
        counts[min(BINS - 1, int((value - low) / width))] += 1
    step = (WIDTH - LEFT - RIGHT) / BINS
    tallest = max(counts)
    parts: list[str] = []
    for n, count in enumerate(counts):
        height = (HEIGHT - TOP - BOTTOM) * count / tallest
        x, y = LEFT + n * step, HEIGHT - BOTTOM - height
        parts.append(
            f'<rect x="{x + 2:.1f}" y="{y:.1f}" width="{step - 4:.1f}" height="{height:.1f}" fill="{GREY}" opacity=".45"/>'
        )
        parts.append(f'<text x="{x + step / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle">{count or ""}</text>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{_n(low + n * width)}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{_n(low + BINS * width)}</text>')
    x = LEFT + (own - low) / width * step
    parts.append(_line([(x, TOP - 12), (x, HEIGHT - BOTTOM)], BLUE, ""))
    side = "end" if x > WIDTH / 2 else "start"
    parts.append(
        f'<text x="{x:.1f}" y="{TOP - 18}" text-anchor="{side}">◆ {escape(t("picture.own", lang, value=_n(own)))}</text>'
    )
    rows = [[f"{_n(low + n * width)} – {_n(low + (n + 1) * width)}", str(c)] for n, c in enumerate(counts)]
    heads = [t("picture.range", lang), t("picture.people", lang)]
    title = f"{metric} ({unit})" if unit else metric
    note = t("picture.team_note", lang, count=len(others))
    return _figure(title, note, "".join(parts), HEIGHT, heads, rows, lang)


def timeline_html(events: Sequence[KeyEvent], lang: Lang) -> str:
    """Key events in their order: praise above, complaints below the line, deliveries on it; numbered as in the table."""
    if not events:
        return f"<p class='note'>{t('picture.no_events', lang)}</p>"
    shown = sorted(events, key=lambda e: e.date)[-40:]
    first, last = shown[0].date, shown[-1].date
    days = max(1, (last - first).days)
    middle, height = 96, 190
    parts = [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{middle}" y2="{middle}" stroke="currentColor" opacity=".5"/>']
    ends: dict[tuple[str, int], float] = {}
    for number, event in enumerate(shown, 1):
        x = LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * (event.date - first).days / days
        mark, colour = MARKS[event.kind]
        level = next((n for n in range(4) if ends.get((event.kind, n), -99.0) < x - 22), 3)
        ends[event.kind, level] = x
        away = {"praise": -22 - 15 * level, "complaint": 26 + 15 * level, "delivery": 5}[event.kind]
        parts.append(
            f'<text x="{x:.1f}" y="{middle + away}" text-anchor="middle"><tspan fill="{colour}">{mark}</tspan>{number}</text>'
        )
    for day, anchor, x in ((first, "start", LEFT), (last, "end", WIDTH - RIGHT)):
        parts.append(f'<text x="{x}" y="{height - 4}" text-anchor="{anchor}">{day.isoformat()}</text>')
    for n, (kind, (mark, colour)) in enumerate(MARKS.items()):
        parts.append(
            f'<text x="{LEFT + 130 * n}" y="14"><tspan fill="{colour}">{mark}</tspan> '
            f"{escape(t(f'picture.{kind}', lang))}</text>"
        )
    heads = [t(f"picture.{k}", lang) for k in ("number", "day", "kind", "what", "source")]
    rows = [
        [str(n), e.date.isoformat(), f"{MARKS[e.kind][0]} {t(f'picture.{e.kind}', lang)}", e.what, e.source]
        for n, e in enumerate(shown, 1)
    ]
    return _figure(t("picture.timeline", lang), "", "".join(parts), height, heads, rows, lang)


def plan_html(progress: Sequence[Progress], lang: Lang) -> str:
    """How much of each action is done, with its state in words."""
    if not progress:
        return f"<p class='note'>{t('picture.no_plan', lang)}</p>"
    parts: list[str] = [LATE]
    room = WIDTH - LEFT - RIGHT - 110
    for n, item in enumerate(progress):
        y = 14 + 26 * n
        fill = "url(#late)" if item.state == "overdue" else BLUE
        parts.append(f'<text x="{LEFT - 10}" y="{y + 12}" text-anchor="end">{n + 1}</text>')
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="{room}" height="15" fill="none" stroke="currentColor" opacity=".4"/>'
        )
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{room * item.share:.1f}" height="15" fill="{fill}"/>')
        state = t(f"picture.state.{item.state}", lang)
        parts.append(f'<text x="{LEFT + room + 8}" y="{y + 12}">{item.share:.0%} {escape(state)}</text>')
    heads = [t(f"picture.{k}", lang) for k in ("number", "action", "until", "done", "state")]
    rows = [
        [str(n), p.action.what, p.action.by.isoformat() if p.action.by else "", f"{p.share:.0%}",
         t(f"picture.state.{p.state}", lang)]
        for n, p in enumerate(progress, 1)
    ]  # fmt: skip
    return _figure(t("picture.plan", lang), "", "".join(parts), 24 + 26 * len(progress), heads, rows, lang)


def skills_html(cycles: Sequence[tuple[dt.date | None, Sequence[Skill]]], lang: Lang) -> str:
    """Levels 1-5 of focus skills from talk to talk."""
    named = [(n, day, s) for n, (day, skills) in enumerate(cycles) for s in skills if s.now is not None]
    if not named:
        return f"<p class='note'>{t('picture.no_skills', lang)}</p>"
    names = list(dict.fromkeys(s.name for _, _, s in named))[:4]
    down, last = _scale(1, 5), len(cycles) - 1
    parts = [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(v)}" y2="{down(v)}" stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 8}" y="{down(v) + 4}" text-anchor="end">{v}</text>'
        for v in range(1, 6)
    ]
    styles = ((BLUE, "", "●"), (ORANGE, "7 5", "■"), (GREEN, "2 4", "▲"), (GREY, "9 3 2 3", "◆"))
    for k, (name, (colour, dash, mark)) in enumerate(zip(names, styles, strict=False)):
        points = [(_across(n, last), down(float(s.now or 1))) for n, _, s in named if s.name == name]
        parts.append(_line(points, colour, dash))
        parts += [f'<text x="{x}" y="{y + 4}" text-anchor="middle" fill="{colour}">{mark}</text>' for x, y in points]
        parts.append(
            f'<text x="{LEFT + 165 * k}" y="16"><tspan fill="{colour}">{mark}</tspan> {escape(name[:12])}</text>'
        )
    for n, (day, _) in enumerate(cycles):
        parts.append(
            f'<text x="{_across(n, last)}" y="{HEIGHT - 8}" text-anchor="middle">{day.isoformat()[:7] if day else n + 1}</text>'
        )
    heads = [t(f"picture.{k}", lang) for k in ("day", "skill", "now", "goal")]
    rows = [[d.isoformat() if d else str(n + 1), s.name, str(s.now), str(s.goal or "")] for n, d, s in named]
    return _figure(t("picture.skills", lang), t("picture.levels", lang), "".join(parts), HEIGHT, heads, rows, lang)


def shared_view(name: str, figures: Sequence[Figure], events: Sequence[KeyEvent], lang: Lang) -> str:
    """The same picture for both: numbers and timeline, nothing the manager wrote; a piece of HTML."""
    return (
        f"<div class='shared-view' lang='{lang}'><h2>{escape(t('picture.shared', lang, name=name))}</h2>"
        f"{kpi_html(figures, lang)}{timeline_html(events, lang)}</div>"
    )


def shared_page(name: str, figures: Sequence[Figure], events: Sequence[KeyEvent], lang: Lang) -> str:
    """``shared_view`` as a whole page for a screen or a printer, asking for nothing from outside."""
    return (
        f"<!doctype html><html lang='{lang}'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(t('picture.shared', lang, name=name))}</title><style>{STYLE}</style>"
        f"{shared_view(name, figures, events, lang)}</html>"
    )


STYLE = (
    "body{font:16px/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:860px;"
    "margin:1rem auto;padding:0 12px;color:#111;background:#fff}figure{margin:0 0 1.4rem;break-inside:avoid}svg{max-width:100%;"
    "height:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{border-bottom:1px solid #bbb;"
    "padding:.2rem .4rem;text-align:left}.note{color:#444;font-size:.9rem}.scroll{overflow-x:auto}"
    "@media screen and (max-width:640px){.scroll>svg{min-width:600px}}"
    "@media print{body{font-size:9pt;line-height:1.25;margin:0;padding:0;max-width:none}h2{font-size:13pt;margin:0 0 2mm}"
    "figure{margin:0 0 3mm}svg{max-height:48mm}table{font-size:7.5pt}td,th{padding:.1mm 1.5mm}}@page{size:A4;margin:12mm}"
)


def _figure(
    title: str, note: str, inside: str, height: int, heads: Sequence[str], rows: Sequence[Sequence[str]], lang: Lang
) -> str:
    label = escape(title)
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return (
        f"<figure class='picture'><h3>{label}</h3><p class='note'>{escape(note)}</p>"
        f'<div class="scroll"><svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-size="12" fill="currentColor"><title>{label}</title>{inside}</svg></div>'
        f"<details open><summary>{t('picture.table', lang)}</summary><div class='scroll'><table><tr>{head}</tr>{body}"
        f"</table></div></details></figure>"
    )


def _months(first: str, last: str) -> list[str]:
    found = [first]
    while found[-1] < last and len(found) < 120:
        found.append(shift(found[-1], 1))
    return found


def _month_names(places: Sequence[str], xs: Mapping[str, float]) -> str:
    every = max(1, -(-len(places) // 10))
    return "".join(f'<text x="{xs[m]}" y="{HEIGHT - 8}" text-anchor="middle">{m[2:]}</text>' for m in places[::every])


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low < high / 3 else low - room), high + room


def _scale(low: float, high: float) -> Callable[[float], float]:
    def down(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low)), 1)

    return down


def _grid(low: float, high: float) -> str:
    down = _scale(low, high)
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(v)}" y2="{down(v)}" stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 6}" y="{down(v) + 4}" text-anchor="end">{_n(v)}</text>'
        for v in (low + (high - low) * n / 4 for n in range(5))
    )


def _across(place: int, last: int) -> float:
    return round(LEFT + 14 + (WIDTH - LEFT - RIGHT - 28) * (place / last if last else 0.5), 1)


def _line(points: Sequence[tuple[float, float]], colour: str, dash: str) -> str:
    return "".join(
        f'<line x1="{a[0]}" y1="{a[1]}" x2="{b[0]}" y2="{b[1]}" stroke="{colour}" stroke-width="2.2" '
        f'stroke-dasharray="{dash}"/>'
        for a, b in pairwise(points)
    )


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>'


def _square(x: float, y: float, colour: str) -> str:
    return f'<rect x="{x - 3.5}" y="{y - 3.5}" width="7" height="7" fill="#fff" stroke="{colour}" stroke-width="2"/>'


def _none(_x: float, _y: float, _colour: str) -> str:
    return ""


def _n(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
