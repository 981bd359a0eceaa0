"""What a search covered, in words: a statement about its runs under a model, never one about the instrument (field_rules.md section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fixtures.language import Bilingual, listed, mark, tell, translate
from harness.search.coverage import beyond

CLASSES = {
    "all": mark("all"),
    "evading": mark("that evade inspections"),
    "1": mark("of one condition"),
    "2": mark("of two conditions at once"),
    "3": mark("of three conditions at once"),
    "4": mark("of four conditions at once"),
}
HEAD = mark("What the search tried ({runs} runs), by the trigger model {model}:")
ASSUMED = mark(
    "  the model is an assumption and not data: its shares say what these runs would have shown, and nothing of how likely this instrument has a function"
)
PAIRS = mark("  of two settings together {tried} of {there}, of three together {tried_three} of {there_three}")
SHARES = mark("  of the model's functions these runs would have shown: {shares}")
SHARE = mark("{name} {share} of {of}")
REFUSED = mark("  not tried, because nobody could give it: {what}")
REACH = mark("  no search of this kind reaches {what}; what speaks to it: {instead}")


def searched_lines(document: Mapping[str, Any]) -> list[str]:
    """Nothing for a case in which nothing was searched."""
    lines: list[str] = []
    for one in (document.get("history") or {}).get("searched", ()):
        if lines:
            lines.append("")
        lines += _lines(one)
    return lines


def _lines(one: Mapping[str, Any]) -> list[str]:
    (tried, there), (tried_three, there_three) = one["pairs"], one["triples"]
    lines = [translate(HEAD, runs=one["runs"], model=one["model"])]
    if not one["verified"]:
        lines.append(translate(ASSUMED))
    lines.append(translate(PAIRS, tried=tried, there=there, tried_three=tried_three, there_three=there_three))
    lines.append(translate(SHARES, shares=listed(map(_share, one["shown"]))))
    if one["refused"]:
        lines.append(translate(REFUSED, what=listed(tell(Bilingual(*names)) for names in one["refused"])))
    instead = beyond(str(one.get("family", "")))
    lines += [translate(REACH, what=translate(what), instead=translate(how)) for what, how in instead]
    return lines


def _share(row: Sequence[Any]) -> str:
    *_, share, of = row
    return translate(SHARE, name=class_name(row), share=f"{100 * float(share):.0f} %", of=of)


def class_name(row: Sequence[Any]) -> str:
    """Of which of the model's functions a row tells."""
    name, english, chinese, *_ = row
    return translate(CLASSES[name]) if name in CLASSES else tell(Bilingual(english, chinese))
