"""What is at the far end of a bench's lines and who answers there: an instrument and people, a model, a recording, a file.

The header of a journal says it of the first start, a `world` entry of every later one.  A verdict is told with the worst
of them: one sale on a model makes the whole run one on a model.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from fixtures.benchfile import BenchFile
from harness.answering import NO_INPUT

WORLDS = ("real", "answered", "replayed", "simulated")  # the later, the less it says of an instrument
PEOPLE: Mapping[str, str] = {"console": "person", "answers": "file", "sim": "model", "replay": "recording"}  # by scheme
NOBODY = f"answers:{NO_INPUT}"


def world_of(bench: BenchFile) -> str:
    """What is at the far end of the lines: "simulated" (in process, or the built-in bench on pseudo-terminals), "replayed",
    "answered" (a file in the place of people who do everything) or "real" (anything else on a port)."""
    found = schemes(bench)
    served = bool(bench.simulation) and len(pseudo_terminals(bench)) == len(bench.links)  # `bench sim`, `demo`
    if "sim" in found or served:
        return "simulated"
    return "replayed" if "replay" in found else "answered" if found == {"answers"} else "real"


def people_of(bench: BenchFile) -> list[str]:
    """Who answers what people are asked: "person" (at a terminal), "file", "nobody", "model", "recording", or "line" (whoever
    is at a port)."""
    asked = {link for one in bench.instruments.values() if one.driver == "operator" for link in one.links.values()}
    urls = {bench.links[name].url for name in asked}
    return sorted({"nobody" if url == NOBODY else PEOPLE.get(url.partition(":")[0], "line") for url in urls})


def schemes(bench: BenchFile) -> set[str]:
    return {link.url.partition(":")[0] for link in bench.links.values()}


def pseudo_terminals(bench: BenchFile) -> list[str]:
    """Links whose port is a program on this computer and no device: what comes from them was made here."""
    if sys.platform == "win32":
        return []
    from fixtures.posix import is_pty

    return sorted(
        name for name, link in bench.links.items()
        if link.url.startswith("serial:") and is_pty(link.url.removeprefix("serial:"))
    )  # fmt: skip


def worst_world(told: Iterable[Mapping[str, Any]]) -> str:
    """Of `told`, the header and the `world` entries of a journal, the world that says least of an instrument; "" where none
    of them names a known one."""
    found = {str(body.get("world", "")) for body in told}
    return next((world for world in reversed(WORLDS) if world in found), "")


def all_people(told: Iterable[Mapping[str, Any]]) -> set[str]:
    """Everybody who answered in any start of the run."""
    return {str(one) for body in told if isinstance(people := body.get("people"), list | tuple) for one in people}
