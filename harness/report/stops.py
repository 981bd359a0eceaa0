"""Why a run ended, in the reader's language: the `end` line and the gaps of a journal hold it in English.

What stopped a run and what to do next must be understood on the spot; what a device or a driver said of itself stays
as it was said, named as such.
"""

from __future__ import annotations

from fixtures.language import language, mark, translate
from harness.report.wording import sentence

SENTENCES = (
    mark("stopped by the operator"),
    mark("ended before its first step"),
    mark("the journal has no last line: the run was cut"),
    mark("the program was cut"),
    mark("the run was complete and was gone on with"),
)
TEMPLATES = (
    mark("interrupted by {signal}"),
    mark("internal error in step {number}: {error}"),
    mark("the clean-up was not finished: {error}"),
    mark("the bench could not be made safe: {error}"),
    mark("what had arrived could not all be recorded: {error}"),
    mark("the end could not be recorded: {error}"),
    mark("operator: {question} was not done: {reason}"),
    mark("operator on {link}: {verb} was not done: {reason}"),
    mark(
        "link {link} ({url}) was lost at {at} s: {lost}. Everything before is recorded and verifies; check cable and adapter, "
        "then go on with `run --resume`"
    ),
    mark(
        "link {link} ({url}): expected {expected} within {seconds} s, but it did not come; check that this device is at this "
        "port and switched on"
    ),
    mark(
        "expected a computer that stays awake, it slept for {slept} s before {at} s of this run: what the lines carried "
        "meanwhile is not recorded. Everything before is; switch sleep off, then resume the run: the step that was cut is "
        "treated as it declares"
    ),
    mark("console: the prompt could not be shown ({error}); run in a terminal"),
    mark("standard input ended: no operator answers any more; run in a terminal"),
    mark("{where}: no answer to {key}; add a line `{line}` after line {number} ({last})"),
    mark("{where}: no answer to {key}; add a line `{line}`"),
    mark("{where}: line {number}: expected {key}, got {got}; add a line `{line}` before it"),
    mark("{where}: line {number}: expected {key}, got {got}; the next answer to it stands in line {later}"),
    mark("{where}: line {number}: {key}: expected `done`, or `no` and why, got nothing"),
    mark("confirmation {k} ends here: a delivery of it was cut, and none is made twice"),
    mark("another instrument than this run began with:\n{differences}"),
)
UNKNOWN = mark("message of the system: {text}")
SAID_AGAIN = frozenset({"error", "lost"})  # fields that are reasons themselves


def stop_reason(why: str, unknown: str = UNKNOWN) -> str:
    """`why` with every part that is known put into the reader's language; English is left as it is.  `unknown`: what
    introduces the rest, nothing where a sentence stands before it already."""
    if language() == "en" or not why:
        return why
    told, foreign, parts = [], [], why.split("; ")
    while parts:
        length = next((n for n in range(1, len(parts) + 1) if _known("; ".join(parts[:n])) is not None), 0)
        if length:
            told.append(_known("; ".join(parts[:length])) or "")
        else:
            foreign.append(parts[0])
        parts = parts[max(1, length) :]
    if foreign:
        text = "; ".join(foreign)
        told.append(translate(unknown, text=text) if unknown else text)
    return translate(mark("; ")).join(told)


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
