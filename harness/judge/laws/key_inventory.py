"""Key inventory: does every labelled key do what its label says?

Firmware that takes over the code of a key leaves its label without function (scales.md 1A row S27).  A key that does nothing is
worn, dirty, locked or of another model too: at most a suspicion, and a hint which key to try.

Null: a key pressed once while the weight is at rest has one of the effects that its label names (catalogue/key_effects.toml), or
it did not make contact: now and then a press does nothing (`q` a press), and now and then a key is worn (no oftener; pressed
again it tells nothing new).  Only what must be seen counts:
  a digit 1 to 9 while the unit price stands at nought, where digits enter it; clear while a unit price stands there;
  tare while a load lies there; unit.
What an officer saw of a key tried by hand (context `key_tests`: key -> "yes" | "no") counts as one press each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from scipy import stats

from captures.model import Register
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import calibrate
from harness.judge.key_effects import KEY_EFFECTS, effect_of
from harness.judge.loads import loadings, presses
from harness.judge.priced import units_at

NAME = "key-inventory"
LINK = Link("display", "price")
DIGITS = frozenset("123456789")
FIELDS = {"weight": "display", "unit_price": "unit_price", "price": "price"}


def _before(register: Register | None, t_ns: int) -> tuple[int, Decimal] | None:
    """The last value read before an instant."""
    taken = zip(register.times_ns.tolist(), register.values, strict=True) if register is not None else ()
    return max(((t, value) for t, value in taken if t < t_ns), default=None)


def _after(register: Register | None, t_ns: int, until_ns: int) -> tuple[int, Decimal] | None:
    """The first value read after an instant, before the next press."""
    taken = zip(register.times_ns.tolist(), register.values, strict=True) if register is not None else ()
    return min(((t, value) for t, value in taken if t_ns <= t < until_ns), default=None)


def _must_change(label: str, before: Mapping[str, Decimal], view: View) -> tuple[str, ...]:
    """Of which of the fields one must change at a press; () where nothing must."""
    if label in DIGITS and view.profile.get("unit_price_keys") is True and before.get("unit_price") == 0:
        return ("unit_price",)
    if label == "clear" and before.get("unit_price", Decimal(0)) > 0:
        return ("unit_price", "weight")
    if label == "tare" and before.get("weight", Decimal(0)) > 0:
        return ("weight",)
    return ("weight", "unit_price", "unit") if label == "unit" else ()


def pressed_alone(segment: Segment, view: View) -> list[tuple[str, bool]]:
    """Every press that had to do something, and whether it did: (label, it did)."""
    effects = tuple(view.profile.get(KEY_EFFECTS, ()))
    own, found = presses(segment), list[tuple[str, bool]]()
    for i, (begin, end, key) in enumerate(own):
        known = effect_of(effects, key)
        until = own[i + 1][0] if i + 1 < len(own) else segment.window_ns[1]
        if known is None or (i and _before(segment.registers.get("display"), begin) is None):
            continue
        if i and (_before(segment.registers["display"], begin) or (0,))[0] < own[i - 1][1]:
            continue  # several keys between two readings: which of them did what is not told
        before = {f: seen for f, name in FIELDS.items() if (seen := _before(segment.registers.get(name), begin))}
        after = {f: seen for f, name in FIELDS.items() if (seen := _after(segment.registers.get(name), end, until))}
        wanted = [field for field in _must_change(known.label, {f: v for f, (_, v) in before.items()}, view)]
        readable = [field for field in wanted if field in before and field in after]
        if len(readable) < len([field for field in wanted if field != "unit"]) or not wanted:
            continue
        changed = any(before[field][1] != after[field][1] for field in readable)
        if "unit" in wanted:
            if "unit_of" not in segment.context:
                continue
            changed |= units_at(segment, before["weight"][0]) != units_at(segment, after["weight"][0])
        found.append((known.label, changed))
    return found


def tested(segment: Segment) -> list[tuple[str, bool]]:
    """What an officer saw of keys tried by hand."""
    tests: Mapping[str, Any] = segment.context.get("key_tests", {})
    return [(str(key), said == "yes") for key, said in tests.items() if said in ("yes", "no")]


def _reading(label: str, own: Sequence[tuple[Segment, bool]], view: View) -> Reading:
    names = "|".join(dict.fromkeys(segment.id for segment, _ in own))
    dead = sum(not did for _, did in own)
    alive = len(own) > dead  # it works: what it did not do was a press without contact
    q = view.parameters["q"]
    # a key is worn or it is not: pressed again it says the same
    p = max(float(stats.binom.sf(dead - 1, len(own), q)), q) if dead and not alive else 1.0
    return Reading(
        NAME,
        names,
        LINK,
        calibrate(p, view.validation),
        p=p,
        hits=dead if not alive and dead >= view.parameters["presses"] else 0,
        shape=Shape.CONSTANT if not alive and dead >= view.parameters["presses"] else None,
        at={"pressed_key": label, "presses": len(own), "without_effect": dead},
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    found: dict[str, list[tuple[Segment, bool]]] = {}
    for segment in loadings(segments):
        for label, did in (*pressed_alone(segment, view), *tested(segment)):
            found.setdefault(label, []).append((segment, did))
    return [_reading(label, own, view) for label, own in found.items()]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="intervention",
    null="a labelled key that is pressed has an effect that its label names, or did not make contact now and then",
    needs="keys pressed one by one with the display read before and after, or tried by an officer",
    parameters={"q": 0.05, "presses": 2.0},
    judge=judge,
    weight=0.5,
    mechanism="a labelled key has none of its functions",
    telling=95,
    shows=Kind.UNDETERMINED,
)
