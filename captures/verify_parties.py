"""data/parties.json against the journal: the journal keeps a salted digest of each private answer.

The digest is the SHA-256 of salt and value, one after the other, as UTF-8; value and salt stand in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence, Set
from pathlib import Path

from captures.bag import Difference, Tree, read_small, unread
from captures.case import PrivateAnswer
from captures.errors import IntegrityError
from captures.layout import MAX_PARTIES_BYTES, PARTIES


def check_parties(path: Path, listing: Tree, journalled: Sequence[PrivateAnswer]) -> tuple[list[Difference], list[str]]:
    """Differences and notes: whether every private answer that the journal names stands in the file, unchanged.

    An answer that the journal does not name is noted and no difference: a program killed between file and line leaves
    one, and so does who adds one to a case that is not sealed.
    """
    if PARTIES not in listing.files:
        text = f"{PARTIES}: not in this copy; the journal names {len(journalled)} private answers by their digests"
        return [], [text] if journalled else []
    try:
        kept = json.loads(read_small(path / PARTIES, MAX_PARTIES_BYTES).decode("utf-8"))
        found = {(str(one["key"]), salted(one["salt"], one["value"])) for one in kept}
    except PermissionError as problem:
        return [unread(PARTIES, "the private answers of the case", problem)], []
    except (IntegrityError, OSError, ValueError, RecursionError, TypeError, KeyError) as problem:
        return [Difference(PARTIES, "cannot be read", "the private answers of the case", f"{problem!s:.120}")], []
    return [
        Difference(
            PARTIES, f"the answer to {one.key} is not the one recorded ({one.where})", one.sha256, "another or none"
        )
        for one in journalled
        if (one.key, one.sha256) not in found
    ], _unnamed(found - {(one.key, one.sha256) for one in journalled})


def _unnamed(answers: Set[tuple[str, str]]) -> list[str]:
    keys = ", ".join(sorted(key for key, _ in answers))
    return [f"{PARTIES}: holds {len(answers)} answers that the journal does not name ({keys:.200})"] if answers else []


def salted(salt: str, value: str) -> str:
    """SHA-256 of salt and value, one after the other, as UTF-8."""
    return hashlib.sha256((salt + value).encode("utf-8")).hexdigest()
