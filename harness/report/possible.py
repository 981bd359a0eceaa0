"""The catalogue functions that fit a finding, for people: a few by name, many as counts by where they act.

A display and eyes leave nearly every function possible; dozens of numbers tell an officer nothing.  The document
holds all ids.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from fixtures.language import language, mark, translate
from harness.catalogue import load_catalogue
from harness.judge.catalogue import CheatEntry
from harness.judge.chain import base_links
from harness.judge.contract import Link
from harness.report import wording_taxi

FEW = 5
WIDE = 5  # base links; who breaks so many acts by conduct or supply, not at one place
ANYWHERE = mark("by conduct or supply, anywhere in the chain")
OTHER = mark("not in this catalogue")
PLACES = {  # by base link: where it mainly acts
    "reference>encoder": mark("meter, encoder or hydraulics"),
    "encoder>board": mark("pulser line"),
    "board>register": mark("main board and its program"),
    "register>display": mark("display and its board"),
    "display>amount": mark("price and amount"),
    "register>totaliser": mark("totaliser or tax memory"),
    "encoder>monitor": mark("monitoring unit"),
    "sealed>parameters": mark("parameter menu"),
    "load>counts": mark("load receptor, load cells or their cables"),
    "counts>weight": mark("indicator and its program"),
    "weight>display": mark("between indicator and display"),
    "display>price": mark("price computing"),
    "price>ticket": mark("printer or ticket"),
    "ticket>record": mark("computer and its records"),
    **wording_taxi.PLACES,
}


def possible(ids: Sequence[str], link: str) -> str:
    """One line, in the operator's language; `link` is that of the finding, "reference>display"."""
    if not ids:
        return translate(mark("no known function fits"))
    known = {entry.id: entry for entry in load_catalogue()}
    if len(ids) <= FEW:
        return translate(mark("; ")).join(f"{id} {title(known[id])}" if id in known else id for id in ids)
    spanned = base_links(Link(*link.split(">", 1)))
    counts: dict[str, int] = {}
    for id in ids:
        place = _place(known[id], spanned) if id in known else OTHER
        counts[place] = counts.get(place, 0) + 1
    groups = translate(mark("; ")).join(
        translate(mark("{place} {count}"), place=translate(place), count=counts[place])
        for place in (*PLACES.values(), ANYWHERE, OTHER)
        if place in counts
    )
    text = mark(
        "{count} known functions, by where they mainly act: {groups} (ids: verdict.json; titles: shortmeasure cheats)"
    )
    return translate(text, count=len(ids), groups=groups)


def _place(entry: CheatEntry, spanned: Container[str]) -> str:
    """The first of what `entry` breaks that the finding's link spans."""
    if len(entry.breaks) >= WIDE:
        return ANYWHERE
    return PLACES.get(next((base for base in entry.breaks if base in spanned), entry.breaks[0]), OTHER)


def title(entry: CheatEntry) -> str:
    """What `entry` is called in the operator's language."""
    return entry.title_zh if language() == "zh_CN" else entry.title_en
