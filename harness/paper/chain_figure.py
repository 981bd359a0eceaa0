"""The chain of an instrument as a picture: every station in order, and the links that a finding breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from fixtures.language import listed, mark, translate
from harness.judge.chain import DISPENSER, SCALE, TAXI
from harness.paper.model import Figure
from harness.report.columns import cells
from harness.report.wording import said

HIGH, GAP, PAD, CELL, TOP = 34, 44, 12, 7.2, 14
RESTARTED = (
    "restart-law"  # says of the board what is read beside it before and after power was cut: nothing is tapped there
)
RANK = {station: rank for rank, station in enumerate(dict.fromkeys((*DISPENSER, *SCALE, *TAXI)))}
FONT = "Noto Sans SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif"


def chain_figure(document: Mapping[str, Any]) -> Figure | None:
    """None where no link was ever looked at."""
    links = list(dict.fromkeys(str(one["link"]) for one in document["readings"] if one["detector"] != RESTARTED))
    broken = {str(one["link"]): str(one["level"]) for one in document["findings"]}
    stations = _in_order([link.split(">", 1) for link in [*links, *broken]])
    if not stations:
        return None
    return Figure(
        "chain",
        _svg(stations, broken),
        translate(mark("The measuring chain as far as it was observed; a link that a finding breaks is struck out")),
        _alt(stations, broken),
    )


def _in_order(links: Sequence[Sequence[str]]) -> list[str]:
    """Stations so that every link points onwards, among these as they follow in an instrument; of a circle, which no chain has, the
    rest as they come."""
    left = list(dict.fromkeys(station for link in links for station in link))
    found: list[str] = []
    while left:
        free = [one for one in left if not any(up in left and down == one and up != one for up, down in links)]
        found.append(min(free or left, key=lambda one: RANK.get(one, len(RANK))))
        left.remove(found[-1])
    return found


def _alt(stations: Sequence[str], broken: Mapping[str, str]) -> str:
    told = " → ".join(said(station) for station in stations)
    if not broken:
        return translate(mark("chain: {chain}; no link broken"), chain=told)
    ends = listed(" → ".join(said(end) for end in link.split(">", 1)) for link in broken)
    return translate(mark("chain: {chain}; broken: {links}"), chain=told, links=ends)


def _svg(stations: Sequence[str], broken: Mapping[str, str]) -> str:
    names = [said(station) for station in stations]
    widths = [round(cells(name) * CELL + 2 * PAD) for name in names]
    left = [sum(widths[:k]) + k * GAP for k in range(len(names))]
    middle = {station: left[k] + widths[k] / 2 for k, station in enumerate(stations)}
    whole, depth = left[-1] + widths[-1], TOP + HIGH + 26 * len(broken) + 8
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {depth}" role="img">']
    y = TOP + HIGH / 2
    for k, (name, x, width) in enumerate(zip(names, left, widths, strict=True)):
        if k:
            out.append(f'<path d="M{x - GAP} {y}H{x - 6}" stroke="#000" stroke-width="1.4"/>')
            out.append(f'<path d="M{x - 7} {y - 4}L{x} {y}L{x - 7} {y + 4}z"/>')
        out.append(f'<rect x="{x}" y="{TOP}" width="{width}" height="{HIGH}" rx="4" fill="#fff" stroke="#000"/>')
        out.append(
            f'<text x="{x + width / 2}" y="{y + 5}" font-size="13" text-anchor="middle" font-family="{FONT}">{escape(name)}</text>'
        )
    for row, (link, level) in enumerate(broken.items(), 1):
        up, down = (middle[end] for end in link.split(">", 1))
        at, dash = TOP + HIGH + 26 * row - 12, "" if level == "proven" else ' stroke-dasharray="6 4"'
        out.append(
            f'<path d="M{up} {TOP + HIGH}V{at}H{down}V{TOP + HIGH}" fill="none" stroke="#b00000" stroke-width="2.2"{dash}/>'
        )
        cross = (up + down) / 2
        out.append(f'<path d="M{cross - 6} {at - 6}l12 12m-12 0l12 -12" stroke="#b00000" stroke-width="2.6"/>')
    return "".join([*out, "</svg>"])
