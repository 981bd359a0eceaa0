"""Why something on a scale's line does not count, in the reader's language.

What a protocol's decoder says of bytes that are no frame names bytes and fields: it stays English, said to be of the frame.
"""

from __future__ import annotations

from fixtures.language import mark, translate
from harness.report.forms import sentence

SENTENCES = (
    mark("nothing came on the line"),
    mark("one reading repeated over a change of load"),
    mark("overload or underload told of a load within the weighing range"),
    mark("answer after its time"),
    mark("second answer to one question"),
    mark("full-width digits, expected ASCII"),
    mark("other reasons"),
)
TEMPLATES = (
    mark("decimal point in another place: {count} decimals of {unit}, expected {expected}"),
    mark("{count} readings in {unit}, all others in another unit"),
    mark("{value} is no weight"),
    mark("unit {unit}, expected one of {known}"),
    mark("{value}: no scale weighs that"),
    mark("line broken off by silence"),
    mark("line incomplete at the end of the stream"),
)
NO_FRAME = mark("bytes that are no frame of the protocol ({why})")


def line_fault(why: str) -> str:
    found = sentence(why, SENTENCES + TEMPLATES)
    return translate(NO_FRAME, why=why) if found is None else translate(found[0], **found[1])
