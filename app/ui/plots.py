"""Plots as SVG with real text, so that any browser sets them in its own fonts. Readable without colour."""

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.texts import t
from interview.conversation import Lang

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 250, 34, 12, 26, 34
_SERIES = (("tension", "#b45309", ""), ("trust", "#0f766e", "7 5"))


def path_svg(path: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Tension and trust, 0–100, over turns; solid with dots and dashed with squares. Plain SVG that names no address."""
    last = max(1, int(path[-1]["turn"]))

    def across(turn: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * turn / last, 1)

    def down(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(1.0, max(0.0, value))), 1)

    parts: list[str] = []
    for level in (0, 25, 50, 75, 100):
        y = down(level / 100)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" opacity=".15"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{level}</text>')
    for turn in range(0, last + 1, max(1, -(-last // 12))):
        parts.append(f'<text x="{across(turn)}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{turn}</text>')
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(t("report.turns", lang))}</text>'
    )
    for place, (name, colour, dash) in enumerate(_SERIES):
        points = [(across(p["turn"]), down(p[name])) for p in path]
        line = " ".join(f"{x},{y}" for x, y in points)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"/>'
        )
        parts += [_mark(x, y, colour, round_one=not place) for x, y in points]
        x = LEFT + 8 + 150 * place
        parts.append(_mark(x, 12, colour, round_one=not place))
        parts.append(f'<text x="{x + 9}" y="16">{escape(t(f"gauge.{name}", lang))}</text>')
    label = escape(t("report.path", lang))
    return (
        f'<svg role="img" aria-label="{label}" id="path-plot" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-size="12" fill="currentColor"><title>{label}</title>{"".join(parts)}</svg>'
    )


def _mark(x: float, y: float, colour: str, *, round_one: bool) -> str:
    if round_one:
        return f'<circle cx="{x}" cy="{y}" r="3.4" fill="{colour}"/>'
    return f'<rect x="{x - 3.2:g}" y="{y - 3.2:g}" width="6.4" height="6.4" fill="{colour}"/>'


def two_paths_svg(paths: Sequence[Sequence[Mapping[str, Any]]], lang: Lang) -> str:
    """Trust above, tension below, 0–100 over turns; the first path solid with dots, the second dashed with squares."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "tandao-two"}):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        for axes, name in zip(figure.subplots(2, 1, sharex=True), ("trust", "tension"), strict=True):
            for path, style, colour in zip(paths, ("o-", "s--"), ("#0f766e", "#7c3aed"), strict=True):
                axes.plot(range(len(path)), [p[name] * 100 for p in path], style, color=colour, markersize=4)
            axes.set(ylim=(0, 100), ylabel=name)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(alpha=0.25)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    for word, key in ((">tension<", "gauge.tension"), (">trust<", "gauge.trust")):
        svg = svg.replace(word, f">{t(key, lang)}<")
    label = t("rewind.paths", lang)
    return svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}" id="two-paths"', 1)
