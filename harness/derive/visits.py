"""What was stated at each visit of a case: seals as found and as left, identity before and after.

A case that is gone on with after its end has several visits; seals found intact at the second say nothing of the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

UNREADABLE = re.compile(r"none|not shown|refused|broken|unread|missing|n/?a|无|没有|破损|断|不清|拒", re.IGNORECASE)
AGAIN = "seals_again"  # the seals as a further visit finds them
LEFT = ("seals_left", "seals_after")  # as a visit leaves them, the latest first


@dataclass
class Visit:
    """`stated`: the last answer of this visit to each question, what a visit before it said of the identity included.  `before`:
    the visit before it, None for the first."""

    stated: dict[str, str] = field(default_factory=dict)
    before: Visit | None = field(default=None, repr=False)

    def next(self) -> Visit:
        """A further visit: nobody asks again for what the nameplate says."""
        own = {key: said for key, said in self.stated.items() if not key.startswith("seals") and not _after(key)}
        return Visit(own, self)

    @property
    def seals_unchanged(self) -> bool:
        """Seals were read before and after, by their numbers, and read the same; what nobody could read proves nothing."""
        found = self.stated.get("seals_before" if self.before is None else AGAIN, "")
        return found == self.stated.get("seals_after", "") and _read(found)

    @property
    def resealed(self) -> int:
        """How often, up to this visit, the seals were found otherwise than the visit before had left them."""
        if self.before is None:
            return 0
        left, found = self.before.left, self.stated.get(AGAIN, "")
        return self.before.resealed + bool(left and found and _same(left) != _same(found))

    @property
    def left(self) -> str:
        """The seals as this visit left them, or where nobody said so, as it found them; "" where neither was said."""
        own = next((self.stated[key] for key in (*LEFT, AGAIN, "seals_before") if self.stated.get(key)), "")
        return own if own or self.before is None else self.before.left


def _after(key: str) -> bool:
    return key.endswith("_after")


def _read(said: str) -> bool:
    return any(c.isdigit() for c in said) and not UNREADABLE.search(said)


def _same(said: str) -> str:
    return " ".join(said.split()).casefold()
