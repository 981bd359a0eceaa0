"""What families, kinds of plugins, grades of evidence and places are called, where the program writes a key."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures.language import language, mark, tell, translate

FAMILIES = {
    "dispenser": mark("fuel dispenser"),
    "gas-dispenser": mark("gas dispenser"),
    "price-scale": mark("price scale"),
    "truck-scale": mark("truck scale"),
    "scale": mark("weighing instrument"),
    "taximeter": mark("taximeter"),
}
GROUPS = {
    "protocols": mark("protocols"),
    "instruments": mark("instruments"),
    "detectors": mark("detectors"),
    "acceptance": mark("acceptance editions"),
}
EVIDENCE = {  # protocols.contract.EvidenceClass
    "standard": mark("standard document"),
    "vendor document": mark("vendor document"),
    "capture": mark("captured from a device"),
    "third-party code only": mark("third-party code only"),
    "derived": mark("derived"),
}
PLACES = {"raid": mark("raid"), "lab": mark("lab")}  # of a bench


def family(name: str) -> str:
    """A family of instruments."""
    return _called(name, FAMILIES)


def group(name: str) -> str:
    """A group of plugins."""
    return _called(name, GROUPS)


def evidence(name: str) -> str:
    """What bytes rest on."""
    return _called(name, EVIDENCE)


def grade(name: str, verified: bool) -> str:
    """What a protocol rests on, and whether somebody compared it."""
    return evidence(name) if verified else translate(mark("{evidence}, unverified"), evidence=evidence(name))


def _called(name: str, known: Mapping[str, str]) -> str:
    """In English the key itself, as files and documents have it."""
    return name if language() == "en" else tell(known.get(name, name))
