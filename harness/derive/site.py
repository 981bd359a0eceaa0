"""A journal of several instruments -> one tale each, and what was done for the site as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from captures.errors import IntegrityError
from harness.derive.parts import told
from harness.derive.recorded import Recorded
from harness.draw import commitment, drawn

# recorded when a start of the program begins, before it has turned to any instrument; without them what others sold
# in the gap would be a delivery's, and what a late link heard would be taken as on time
OF_ALL = ("gap", "timing")


@dataclass(frozen=True)
class Draw:
    """The lots of this case: hash shown beforehand, seed named afterwards, candidates, and who was drawn."""

    sha256: str
    seed: str
    candidates: tuple[str, ...]
    drawn: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """A record of its own: a complainant's receipt, or a covert purchase as it was shown and paid.

    `values` are texts as they were read or said; `place` is the line of the journal.
    """

    kind: str  # complaint | covert-purchase
    instrument: str
    place: str
    t_ns: int
    values: Mapping[str, str] = field(default_factory=dict)


def by_instrument(recorded: Recorded) -> dict[str, Recorded]:
    """What was recorded at each instrument of the site, as if it had been alone on the bench; a gap, and how late a link
    is stamped, belong to every one of them.

    Raises IntegrityError when an entry belongs to an instrument that the site does not have.
    """
    site = recorded.bench.site
    assert site is not None
    ids = [one.id for one in site.instruments]
    walks = {body["n"] for _, body in recorded.entries if _type(body) == "Instrument"}
    own: dict[str, list[tuple[str, Mapping[str, Any]]]] = {id: [] for id in ids}
    for place, body in recorded.entries:
        id = body.get("instrument")
        if id is None and body.get("kind") in OF_ALL:
            for entries in own.values():
                entries.append((place, body))
            continue
        if id is None or (body.get("kind") == "outcome" and body.get("n") in walks):
            continue  # of the site as a whole; the end of a walk stands at where it led to
        if id not in own:
            raise IntegrityError(f"{place}: expected an instrument of the site ({', '.join(ids)}), got {id!r}")
        own[id].append((place, body))
    views = {}
    for id in ids:
        bench = recorded.bench.under_test(id)
        views[id] = replace(
            recorded,
            bench=bench,
            chunks={link: chunks for link, chunks in recorded.chunks.items() if link in bench.links},
            places={link: place for link, place in recorded.places.items() if link in bench.links},
            entries=own[id],
        )
    return views


def measured(view: Recorded) -> bool:
    """Anything was delivered or watched at this instrument."""
    return any(_type(body) in ("Deliver", "Shut", "Load") for _, body in view.entries)


def raided(view: Recorded) -> bool:
    """The full plan was begun: a phase after the covert one."""
    return any(_type(body) == "Phase" and body["step"]["letter"] != "A" for _, body in view.entries)


def draw_of(recorded: Recorded) -> Draw | None:
    """The draw as recorded, computed again.  None where nothing was drawn.

    Raises IntegrityError when seed, hash, candidates and lots do not belong together.
    """
    steps = {body["n"]: body["step"] for _, body in recorded.entries if body.get("kind") == "step"}
    shown, found = "", None
    for place, body in recorded.entries:
        step = steps.get(body.get("n")) if body.get("kind") == "outcome" else None
        if step is None:
            continue
        try:
            if step["type"] == "Commit":
                shown = str(body["value"]["sha256"])
            elif step["type"] == "Draw":
                candidates, value = tuple(map(str, step["candidates"])), body["value"]
                found = Draw(shown, str(value["seed"]), candidates, tuple(map(str, value["drawn"])))
                again = drawn(found.seed, candidates, int(step["count"]))
                if commitment(found.seed) != shown or again != list(found.drawn):
                    raise ValueError("its seed gives another hash or other lots")
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"{place}: the draw does not verify: {error}") from None
    return found


def receipts(views: Mapping[str, Recorded]) -> list[Receipt]:
    """Complaints and covert purchases of all instruments, in time order."""
    found: list[Receipt] = []
    for id, view in views.items():
        tale = told(view)
        site = view.bench
        begun = {
            str(body["step"]["key"]): (place, int(body["t_ns"]))
            for place, body in view.entries
            if _type(body) == "Inquire"
        }
        if "complaint" in begun:
            place, t_ns = begun["complaint"]
            found.append(
                Receipt("complaint", site.instrument_id, place, t_ns, {"receipt": tale.stated.get("complaint", "")})
            )
        for part in tale.parts:
            if not part.step.get("covert"):
                continue
            values = {"label": part.label, "asked_l": str(part.step["volume_l"])}
            place, t_ns = "", part.begin_ns
            if "display" in part.reads:
                t_ns, place, shown = part.reads["display"]
                values |= {key: str(value) for key, value in shown.items() if value is not None}
            values["receipt"] = tale.stated.get(f"receipt {part.label}", "")
            found.append(Receipt("covert-purchase", id, place, t_ns, values))
    return sorted(found, key=lambda receipt: receipt.t_ns)


def _type(body: Mapping[str, Any]) -> str:
    return str(body["step"]["type"]) if body.get("kind") == "step" else ""


def instruments(views: Mapping[str, Recorded]) -> Sequence[str]:
    """Those that were measured, in the order of the bench file."""
    return [id for id, view in views.items() if measured(view)]
