"""What a labelled key of a price-computing scale may honestly do: the nouns of `harness/catalogue/key_effects.toml`.

A judgement finds them in the profile under `KEY_EFFECTS`, as data.  A key that no entry names is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

KEY_EFFECTS = "key_effects"  # key of the profile
CHANGES = ("weight", "unit_price", "price", "unit", "tare", "zero", "memory", "print")  # what a key may change


class WeightRule(StrEnum):
    """What becomes of the displayed weight of a load that stays where it is."""

    KEPT = "kept"  # the same weight in the same unit
    ZEROED = "zeroed"  # 0 where the reading lies within the zero-setting range, kept beyond it
    NET = "net"  # less a tare: that of the load (0), one just entered, or none any more (gross)
    CONVERTED = "converted"  # the same mass in another unit
    HELD = "held"  # stands still at a reading that was shown


@dataclass(frozen=True, slots=True)
class KeyEffect:
    """One key by its `label` in a profile; `aliases`: what else is printed on it.

    `changes`: which of CHANGES may differ after it, nothing else.  `momentary`: what it shows (a sum, the change due) goes by
    itself or with the next key.  `expected_*`: what a test of the key must see.
    """

    label: str
    aliases: tuple[str, ...]
    changes: tuple[str, ...]
    weight: WeightRule
    momentary: bool
    expected_en: str
    expected_zh: str
    source: str
    grade: str

    def may_change(self, what: str) -> bool:
        return what in self.changes


def effect_of(effects: Iterable[KeyEffect], label: str) -> KeyEffect | None:
    """The entry of a key by label or alias, whatever the case of its letters; None for a key that is not listed."""
    wanted = label.strip().casefold()
    return next((one for one in effects if wanted in (name.casefold() for name in (one.label, *one.aliases))), None)
