"""Answers that name persons: in CASE/data/parties.json, never in the journal, which keeps a salted digest of each.

With value and salt anybody checks a digest: ``printf %s%s SALT VALUE | sha256sum``.  Without the file the digest tells
nothing about a card number of a few digits, and the case can be shown without the names.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from captures.bag import read_small
from captures.case import Case, put_file
from captures.errors import IntegrityError
from captures.journal import read_lines
from captures.layout import MAX_PARTIES_BYTES, PARTIES
from captures.verify_parties import salted

SALT_BYTES = 16
OWNER_ALONE = 0o600  # names and card numbers are for whoever has the case, not for every user of its computer


def simulated_salt(key: str) -> str:
    """No secret, where no person is: the same simulation writes the same journal."""
    return hashlib.sha256(f"simulated {key}".encode()).hexdigest()[: 2 * SALT_BYTES]


class Parties:
    """The private answers of the case that `journal` belongs to.  `salt` of a key: fresh from the system, unless all is
    simulated."""

    def __init__(self, journal: Path, salt: Callable[[str], str] = lambda key: secrets.token_hex(SALT_BYTES)) -> None:
        self._journal, self._case, self._salt = journal, journal.parent.parent, salt

    def keep(self, key: str, value: str) -> str:
        """Store `value` and return its digest.  Earlier answers to the same key stay beside it.

        The file is written whole, to the disk, before this returns: what the journal names exists.
        """
        kept = self.read()
        salt = self._salt(key)
        kept.append({"key": key, "sha256": salted(salt, value), "salt": salt, "value": value})
        body = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
        put_file(Case(self._case), self._case / PARTIES, body.encode(), OWNER_ALONE)
        return str(kept[-1]["sha256"])

    def read(self) -> list[dict[str, Any]]:
        """Every answer that was kept, oldest first.  IntegrityError where the file is not what `keep` wrote."""
        path = self._case / PARTIES
        try:
            found = json.loads(read_small(path, MAX_PARTIES_BYTES).decode("utf-8"))
        except FileNotFoundError:
            return []
        except (ValueError, RecursionError) as error:
            raise IntegrityError(f"{path}: expected the private answers of the case as JSON: {error}") from None
        if not isinstance(found, list) or not all(_sound(one) for one in found):
            raise IntegrityError(
                f"{path}: expected a list of answers with key, sha256, salt and value that fit together"
            )
        return found

    def latest(self) -> dict[str, str]:
        """What holds now, by key: the answers that the journal names last.

        One that it does not name was written when the program was cut, before its line: it was never answered on
        record.  IntegrityError where the journal does not verify.
        """
        named = [
            (str(body["key"]), str(body["sha256"]))
            for line in read_lines(self._journal)
            if (body := line.body).get("kind") == "private"
        ]
        values = {(str(one["key"]), str(one["sha256"])): str(one["value"]) for one in self.read()}
        return {of: values[of, sha256] for of, sha256 in dict(named).items() if (of, sha256) in values}


def _sound(one: Any) -> bool:
    if not isinstance(one, dict) or set(one) != {"key", "sha256", "salt", "value"}:
        return False
    return all(isinstance(part, str) for part in one.values()) and salted(one["salt"], one["value"]) == one["sha256"]
