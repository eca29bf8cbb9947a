"""Plots as SVG with real text, so that any browser sets them in its own fonts. Readable without colour."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from app.texts import t
from interview.conversation import Lang


def path_svg(path: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Tension and trust, 0–100, over turns; solid with dots and dashed with squares."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "tandao"}):
        figure = Figure(figsize=(7.2, 2.6), layout="constrained")
        axes = figure.subplots()
        turns = [p["turn"] for p in path]
        for name, style, colour in (("tension", "o-", "#b45309"), ("trust", "s--", "#0f766e")):
            axes.plot(turns, [p[name] * 100 for p in path], style, color=colour, label=name, markersize=4)
        axes.set(ylim=(0, 100), xlabel="turn", xlim=(0, max(1, turns[-1])))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.legend(loc="upper right", frameon=False, ncols=2)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    for word, key in ((">tension<", "gauge.tension"), (">trust<", "gauge.trust"), (">turn<", "report.turns")):
        svg = svg.replace(word, f">{t(key, lang)}<")
    label = t("report.path", lang)
    return svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}" id="path-plot"', 1)


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
