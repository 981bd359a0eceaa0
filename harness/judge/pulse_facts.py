"""Facts (facts.py) of what pulse taps saw."""

from __future__ import annotations

from harness.judge.contract import Segment
from harness.judge.ground import Ground
from harness.judge.quantities import counts
from harness.judge.trains import channels

TAPS = (("encoder", "board"), ("sensor", "input"))


def two_taps(segment: Segment) -> bool:
    """The line is tapped on one clock at both ends."""
    for up, down in TAPS:
        ups, downs = channels(segment, up), channels(segment, down)
        if shared := [name for name in ups if name in downs]:
            return all(ups[name].clock == downs[name].clock for name in shared)
    return False


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


def counts_more(ground: Ground) -> bool:
    """Every reading says that pulses or litres were added, none that they are missing."""
    effects = [reading.effect for reading in ground.hits]
    return bool(effects) and all(effect is not None and effect > 0 for effect in effects)
