"""What can exclude the honest causes of a parameter that is not as sealed: the certificate, and the indication itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from harness.judge.contract import Reading, Segment
from harness.judge.errors_of_indication import error_of_indication
from harness.judge.stated_switch import switched

CERTIFICATE = {  # what the officer copies from the certificate; the words are asked for, in either language
    "meter_factor": re.compile(r"(?:meter factor|流量计系数)[ :=]*([0-9]{1,3}(?:\.[0-9]{1,8})?)(?![0-9.])"),
    "density_kg_m3": re.compile(r"(?:density|密度)[ :=]*([0-9]{1,4}(?:\.[0-9]{1,6})?)(?![0-9.])"),
}
HONEST_ERROR = 0.01  # of a gas dispenser, relative: what it may be off for reasons of its own [D]


def certificate_confirms(hits: Sequence[Reading], segments: Sequence[Segment]) -> bool:
    """For every parameter that differs, the certificate read in this case states the sealed value, not the one found."""
    said = {str(segment.context.get("stated_certificate", "")) for segment in segments}
    if len(said) != 1 or not hits:
        return False
    [text] = said
    return all(_states(text, name, sealed) for name, sealed in _sealed(hits).items())


def indication_follows(hits: Sequence[Reading], segments: Sequence[Segment], profile: Mapping[str, Any]) -> bool:
    """The measured error of indication is what the parameters found would make: every delivery that hit stands nearer to
    that than to zero and within an honest error of it, and what they would make is more than honest errors are."""
    by_id = {segment.id: segment for segment in segments}
    seen = 0
    for hit in hits:
        error = error_of_indication(by_id[hit.segment], profile) if hit.segment in by_id else None
        if hit.effect is None or error is None:
            continue
        if abs(hit.effect) < 2 * HONEST_ERROR or abs(error - hit.effect) > HONEST_ERROR:
            return False
        seen += 1
    return seen >= 3


def _sealed(hits: Sequence[Reading]) -> dict[str, str]:
    return {str(name): str(pair[0]) for hit in hits for name, pair in dict(hit.at.get("parameters", {})).items()}


def _states(text: str, name: str, sealed: str) -> bool:
    """`text`, in full width or not, states this value and no other."""
    plain = unicodedata.normalize("NFKC", text).lower()
    if name == "compensation":
        return sealed != "" and switched(plain) == sealed.lower()
    found = CERTIFICATE[name].findall(plain) if name in CERTIFICATE else []
    return {Decimal(said) for said in found} == {Decimal(sealed)}
