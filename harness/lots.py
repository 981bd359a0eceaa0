"""The seed of a draw between its commitment and its draw: kept through a cut, shown to nobody.

It stands in CASE/draw-seed, readable by its owner alone, from before its hash is shown until the draw that names it is
recorded.  Whoever reads it in between knows who will be drawn; whoever changes it is found out by the hash.
"""

from __future__ import annotations

import os
from pathlib import Path

from captures.durable import naming, replace_name, write_all
from captures.errors import IntegrityError
from captures.layout import SEED, SEED_ASIDE
from harness.draw import SEED_FORM, commitment

MOST_BYTES = 1024


class Lots:
    """The seed of the case at `case`; `fresh` where none is kept yet.  `promised`: its SHA-256 as a journal has it that was
    begun before, "" where none was to be shown yet."""

    def __init__(self, case: Path, fresh: str, promised: str = "") -> None:
        self._path, self._promised = case / SEED, promised
        self.seed = self._kept() or fresh

    def commit(self) -> str:
        """The hash to be recorded and then shown; the seed is on the disk when this returns.

        IntegrityError where another hash was recorded before: it may have been seen, and with it the lots stand.
        """
        if self._promised:
            self.check(self._promised)
        if self._kept() != self.seed:
            self._keep()
        return commitment(self.seed)

    def _keep(self) -> None:
        aside = self._path.with_name(SEED_ASIDE)
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with naming(aside, "the disk to take it"):
                write_all(descriptor, self.seed.encode())
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        replace_name(aside, self._path)  # never half: a hash of half a seed could not be told from a changed one

    def check(self, shown: str) -> None:
        """IntegrityError where the seed is not the one whose hash was shown."""
        if commitment(self.seed) != shown:
            raise IntegrityError(
                f"{self._path}: expected the seed whose SHA-256 {shown} was recorded to be shown to the parties, got another one or none: it "
                "was removed or changed since. Nothing can be drawn with it; end this case and begin a new one"
            )

    def drawn(self) -> None:
        """The seed stands in the journal now."""
        self._path.unlink(missing_ok=True)

    def _kept(self) -> str:
        try:
            with open(self._path, "rb") as handle:
                text = handle.read(MOST_BYTES).decode("ascii", "replace")
        except FileNotFoundError:
            return ""
        return text if SEED_FORM.match(text) else ""
