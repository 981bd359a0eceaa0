"""Facts (facts.py) of what pulse taps saw."""

from __future__ import annotations

from harness.judge.contract import Segment
from harness.judge.ground import Ground
from harness.judge.quantities import counts, number
from harness.judge.trains import channels


def two_taps(segment: Segment) -> bool:
    ups, downs = channels(segment, "encoder"), channels(segment, "board")
    shared = [name for name in ups if name in downs]
    return bool(shared) and all(ups[name].clock == downs[name].clock for name in shared)


def decoded_surplus(ground: Ground) -> bool:
    """A decoder that takes both channels counts more at the board than at the encoder, in every segment that hit.

    Noise on one channel moves such a decoder forth and back: it adds nothing.
    """
    if str(ground.profile.get("decoding", "x1")) == "x1" or not ground.segments:
        return False
    for segment in ground.segments:
        up, down = counts(segment, "encoder", ground.profile), counts(segment, "board", ground.profile)
        if isinstance(up, str) or isinstance(down, str):
            return False
        if {"A", "B"} - set(channels(segment, "board")) or abs(down.low - up.low) < 12:  # three pulses of four edges
            return False
    return True


def not_the_disc(ground: Ground) -> bool:
    """Every regular spacing is one that no place of the declared code disc makes: neither a part of a turn nor whole turns."""
    slots = number(ground.profile, "slots_per_rev")
    every = [float(r.at["every_n"]) for r in ground.hits if "every_n" in r.at and "at_one_slot" not in r.at]
    if not slots or len(every) < len(ground.hits):
        return False
    turns = [float(slots) / n for n in every if n > 0]
    return all(abs(x - round(x)) > 0.02 * x for turn in turns for x in (turn, 1 / turn) if x > 0.9)
