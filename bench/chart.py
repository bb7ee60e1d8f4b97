"""A bar chart as SVG: how many times its floor each is."""

from collections.abc import Mapping
from html import escape

_WIDTH, _LINE, _LEFT, _RIGHT = 760, 22, 290, 60
_COLOURS = {"empty": "#9aa0a6", "bare": "#9aa0a6", "sample": "#c5221f"}


def chart(bars: Mapping[str, float], title: str) -> str:
    """Return the picture; a line stands at 1, bars beyond five times the floor are cut and say so."""
    longest = min(5.0, max(bars.values()))
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    height = _LINE * (len(bars) + 2)
    lines = [_bar(number, name, value, scale, longest) for number, (name, value) in enumerate(bars.items(), 1)]
    mark = f'<line x1="{_LEFT + scale:.0f}" x2="{_LEFT + scale:.0f}" y1="{_LINE}" y2="{height - 8}" stroke="#5f6368"/>'
    style = "text{font:13px sans-serif;fill:#202124}"
    head = f'<text x="8" y="16" font-weight="bold">{escape(title)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img">\n'
        f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>\n{head}\n'
        + "\n".join(lines)
        + f"\n{mark}\n</svg>\n"
    )


def _bar(number: int, name: str, value: float, scale: float, longest: float) -> str:
    y = _LINE * (number + 1)
    width = min(value, longest) * scale
    colour = _COLOURS.get(name.rsplit(" ", 1)[-1].partition("_")[0], "#1a73e8")
    return (
        f'<text x="{_LEFT - 8}" y="{y}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{_LEFT}" y="{y - 12}" width="{width:.0f}" height="15" fill="{colour}"/>'
        f'<text x="{_LEFT + width + 6:.0f}" y="{y}">{value:.2f}×</text>'
    )
