"""Why a run ended, in the reader's language: the `end` line and the gaps of a journal hold it in English.

What stopped a run and what to do next must be understood on the spot; what a device or a driver said of itself stays
as it was said, named as such.
"""

from __future__ import annotations

from fixtures.language import language, mark, translate
from harness.report.errors import error_sentence
from harness.report.forms import sentence

SENTENCES = (
    mark("ended before its first step"),
    mark("the journal has no last line: the run was cut"),
    mark("the program was cut"),
    mark("the run was complete and was gone on with"),
)
TEMPLATES = (
    mark("internal error in step {number}: {error}"),
    mark("the clean-up was not finished: {error}"),
    mark("the bench could not be made safe: {error}"),
    mark("what had arrived could not all be recorded: {error}"),
    mark("the end could not be recorded: {error}"),
    mark("standard input ended: no operator answers any more; run in a terminal"),
    mark("confirmation {k} ends here: a delivery of it was cut, and none is made twice"),
)
UNKNOWN = mark("message of the system: {text}")
SAID_AGAIN = frozenset({"error", "lost"})  # fields that are reasons themselves


def stop_reason(why: str, unknown: str = UNKNOWN) -> str:
    """`why` with every part that is known put into the reader's language; English is left as it is.  `unknown`: what
    introduces the rest, nothing where a sentence stands before it already."""
    if language() == "en" or not why:
        return why
    told, foreign = list[str](), list[str]()
    parts = why.split("; ")
    while parts:
        first, length = _first_known(parts)
        (told if length else foreign).append(first)
        parts = parts[max(1, length) :]
    if foreign:
        text = "; ".join(foreign)
        told.append(translate(unknown, text=text) if unknown else text)
    return translate(mark("; ")).join(told)


def _first_known(parts: list[str]) -> tuple[str, int]:
    """The reason that `parts` begin with, in the reader's language, and how many of them it is; the first and 0 where
    it is not known.  An error may hold several, and of those the longest is meant."""
    lengths = range(1, len(parts) + 1)
    for known, order in ((_known, lengths), (error_sentence, reversed(lengths))):
        for length in order:
            if (said := known("; ".join(parts[:length]))) is not None:
                return said, length
    return parts[0], 0


def _known(text: str) -> str | None:
    if text in SENTENCES:
        return translate(text)
    found = sentence(text, TEMPLATES)
    if found is None:
        return None
    template, fields = found
    return translate(
        template, **{name: stop_reason(part) if name in SAID_AGAIN else part for name, part in fields.items()}
    )
