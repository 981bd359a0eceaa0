"""One verb of a driver, tried: a value, an InstrumentError that says what it has to, or the contract is broken."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from fixtures.errors import InstrumentError
from harness.testing.stands import Stand
from harness.testing.wanted import Broken, want
from harness.testing.watchdog import TooLong, place_of, returning

T = TypeVar("T")


def attempt(stand: Stand, verb: Callable[[], T], where: str) -> T | InstrumentError:
    """What `verb` gives, or the InstrumentError it raised; Broken for any other exception, or none in the time it has."""
    stand.limited()
    try:
        with returning(where, stand.clock.progress):
            return verb()
    except InstrumentError as error:
        _check_says(stand, error, where)
        return error
    except TooLong as late:
        seconds = stand.trial.within_ns / 1e9
        raise Broken(
            f"{where}: expected a value or InstrumentError within {seconds:g} s of the bench's clock; got {late}{place_of(late)}"
        ) from None
    except (Broken, KeyboardInterrupt):
        raise
    except Exception as error:
        raise Broken(
            f"{where}: expected a value or InstrumentError; got {type(error).__name__}: {error}{place_of(error)}"
        ) from error
    finally:
        stand.unlimited()


def _check_says(stand: Stand, error: InstrumentError, where: str) -> None:
    """It names the link, what was expected, and goes on to what came instead and what to do next."""
    text = str(error)
    links = list(stand.heard)
    want(any(link in text for link in links), f"{where}: InstrumentError expected to name the link ({links[0]})", text)
    want("expected" in text or "was lost" in text, f"{where}: InstrumentError expected to say what was expected", text)
    clauses = [clause for clause in re.split(r"[;:.,]\s", text) if clause.strip()]
    want(
        len(clauses) > 1,
        f"{where}: InstrumentError expected to say what came instead and what to do next, in a clause of its own",
        text,
    )
