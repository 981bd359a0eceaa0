"""Which key, or pair of keys, makes a scale weigh otherwise: a search without harm (field_rules.md section 8).

Some modes are cleared by any key, so the load lies still and every press is followed by a reading: the keys whose own work
leaves the weight as it is are pressed in an order in which every ordered pair of them comes once (de Bruijn).  A pair with a
key that changes what is displayed by its own work is pressed before an empty pan, and the load weighed afterwards.  What moved
is shown again on fresh loads with that pair alone, from the state that power-up leaves where the plan may cut power.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from decimal import Decimal
from typing import Any

from harness.draw import allocation, of_blocks
from harness.plans.ability import Ability, ScaleAbility
from harness.plans.weighings import Steps, Weighing, hear, hear_long, press, weigh
from harness.step import Commit, Draw, Mark, Outcome, Step

Code = tuple[str, ...]
Search = Generator[Step, Outcome, list[Code]]
Count = Generator[Step, Outcome, int]
Hears = Callable[[Ability, str, Decimal], Weighing]
Once = Callable[
    [Ability, str, Decimal, Sequence[Any], list[Code]], Count
]  # presses some of what is to be tried, says how many
MOST_FALSE = 12  # times that a search goes on after what moved once and not again
MOVED_E = 2  # intervals: what an untouched load never shows by itself
TRIAL = "trial"  # mark where a trial by lot begins
LAST = 3  # presses before a move that may belong to its code: a filter lets the last one pass unseen


def every_pair(keys: Sequence[str]) -> list[str]:
    """A sequence of len(keys)^2 + 1 presses in which every ordered pair of `keys` stands next to each other once.

    De Bruijn sequence of order two by Fleury's walk: all arcs of the complete graph with loops, each once.
    """
    if not keys:
        return []
    left = {key: list(reversed(keys)) for key in keys}  # arcs that leave each key, the first key last
    path, stack = [], [keys[0]]
    while stack:  # Hierholzer
        if left[stack[-1]]:
            stack.append(left[stack[-1]].pop())
        else:
            path.append(stack.pop())
    return path[::-1]


def moves(scale: ScaleAbility, before: Decimal | None, after: Decimal | None) -> bool:
    """Whether what is shown moved by more than an untouched load does."""
    if before is None or after is None:
        return False
    e = next((e for most, e in scale.intervals if max(before, after) <= most), scale.intervals[-1][1])
    return abs(after - before) >= MOVED_E * e


def search_held(
    can: Ability, label: str, load: Decimal, presses: Sequence[str], still: Sequence[str], repeats: int
) -> Search:
    """`presses` one by one while the load lies still; what moved it and does so again on fresh loads."""
    # the last press begins the next pair
    return (yield from _search(can, label, load, presses, held, still, repeats, overlap=1))


def search_unloaded(
    can: Ability, label: str, load: Decimal, codes: Sequence[Code], still: Sequence[str], repeats: int
) -> Search:
    """`codes` over an empty pan as `unloaded` presses them; what moved a load and does so again."""
    return (yield from _search(can, label, load, codes, unloaded, still, repeats))


def _search(
    can: Ability, label: str, load: Decimal, tries: Sequence[Any], once: Once, still: Sequence[str], repeats: int,
    *, overlap: int = 0,
) -> Search:  # fmt: skip
    """What does not move the load again is dropped, and the search goes on where it was."""
    at = 0
    for number in range(1, MOST_FALSE + 1):
        here, found = f"{label}{number}", list[Code]()
        at += yield from once(can, here, load, tries[at:], found)
        if not found:
            return []
        if told := (yield from shown_again(can, f"M{here}.", found, still, repeats)):
            return told
        at -= overlap if at < len(tries) else 0
    return []


def held(can: Ability, label: str, load: Decimal, presses: Sequence[str], found: list[Code]) -> Count:
    """`presses` one by one while the load lies still, each with a reading; what moved ends the loading with the codes it may be.
    How many were pressed."""
    scale = _of(can)
    before = yield from hear_long(can, label, load)
    done: list[str] = []
    for key in presses:
        done.append(key)
        after = yield from press(can, label, (key,))
        if moves(scale, before, after):
            found += _candidates(done)
            break
        before = before if after is None else after
    return len(done)


def _candidates(done: Sequence[str]) -> list[Code]:
    """What may have done it: the last pair first, then a single key, then pairs that a slow filter showed late."""
    last = list(done[-LAST:])
    pairs: list[Code] = [tuple(last[i - 1 : i + 1]) for i in range(len(last) - 1, 0, -1)]
    return list(dict.fromkeys([*pairs[:1], (last[-1],), *pairs[1:]]))


def unloaded(
    can: Ability, label: str, load: Decimal, codes: Sequence[Code], found: list[Code], *, weighed: Hears = hear
) -> Count:
    """Each code pressed over an empty pan that shows zero, and the load weighed after it; ends with what moved it.  How many
    were pressed.  A tare pressed before the filter has come to zero would stay for all that follows.  The last key of one
    code and the first of the next may be the pair."""
    scale = _of(can)
    for number, code in enumerate(codes, 1):
        yield from hear(can, f"{label}.{number}z", Decimal(0))
        yield from press(can, f"{label}.{number}z", code)
        shown = yield from weighed(can, f"{label}.{number}", load)
        if moves(scale, load, shown):
            found += [code, *((codes[number - 2][-1], code[0]) for _ in codes[: number - 1][-1:])]
            return number
    return len(codes)


def shown_again(can: Ability, label: str, codes: Sequence[Code], still: Sequence[str], repeats: int) -> Search:
    """Each code alone on fresh loads, from an empty scale that shows zero, another key pressed before; which of them moved the
    reading; where no key leaves the weight as it is, the code over the empty pan.

    A code of keys that leave the weight as it is (`still`) is pressed while the load lies there, another key in between, which
    may clear what it did; any other over the empty pan.  One that does not show anything the first time is left.
    """
    scale, told, other = _of(can), list[Code](), another(still, codes)
    for number, code in enumerate(codes, 1):
        for again in range(1, repeats + 1):
            here, load = f"{label}{number}.{again}", scale.load(LOADS_KG[again % len(LOADS_KG)])
            yield from hear(can, f"{here}z", Decimal(0))
            if other:
                yield from press(can, f"{here}z", (other,))
            found: list[Code] = []
            if other and set(code) <= set(still) and (yield from _moved_by(can, here, load, code, other)):
                found.append(code)
            else:
                if set(code) - set(still):  # what it weighs like now, for what follows is the work of the code alone
                    yield from hear_long(can, here, load)
                yield from unloaded(can, f"{here}u", load, [code], found, weighed=hear_long)
            if not found:
                break
            told += [code] * (again == 1)
    return told


def another(still: Sequence[str], codes: Sequence[Code]) -> str:
    """A key without work on the weight that belongs to none of the codes; any such key where there is no other, "" where the
    keypad has none."""
    used = {key for code in codes for key in code}
    return next((key for key in still if key not in used), next(iter(still), ""))


def by_lot(can: Ability, label: str, code: Code, other: str, blocks: int) -> Steps:
    """Over one load that lies still `code` is pressed, or `other` again in its place, in an order drawn by lot whose seed was
    committed to; `other` begins every trial, so that a mode that it clears begins anew (statistics.md 2b).  Where the load is
    still weighed otherwise `other` clears nothing, and a lot would tell nothing."""
    load = _of(can).load(LOADS_KG[1])
    if moves(_of(can), load, (yield from hear_long(can, label, load))):
        return
    yield Commit()
    lots = of_blocks(blocks)
    drawn = (yield Draw(lots, len(lots))).get("drawn")
    for letter in allocation(drawn or lots):
        yield Mark(TRIAL)
        yield from press(can, label, (other,))
        yield from press(can, label, code if letter == "B" else (other,))


LOADS_KG = ("0.53", "1.19", "0.87", "2.38")


def _moved_by(can: Ability, label: str, load: Decimal, code: Code, other: str) -> Generator[Step, Outcome, bool]:
    """Whether `code` moves what is shown of a load that lies still, or it weighs otherwise already."""
    scale = _of(can)
    before = yield from weigh(can, label, load)
    moved = moves(scale, load, before)  # the mode is on, and the key may well switch it off
    for sequence in ((other,), code, (other,), code, (other,), code):
        after = yield from press(can, label, sequence)
        moved = moved or moves(scale, before, after)
        before = before if after is None else after
    return moved


def _of(can: Ability) -> ScaleAbility:
    assert can.scale is not None
    return can.scale
