"""A verdict as JUnit XML, for whoever runs acceptance on a build server: a test case a result, or a question and a finding."""

from __future__ import annotations

import xml.etree.ElementTree as tree
from collections.abc import Iterator, Mapping
from typing import Any

from harness.paper.harmless import harmless
from harness.paper.model import Report

Case = tuple[str, str, str, str]  # class, name, "" or failure or skipped, message


def junit(report: Report) -> bytes:
    """English, whatever the report is in: names are what a build server tells runs apart by."""
    documents = report.document.get("instruments", [report.document])
    suites = tree.Element("testsuites", name=harmless(report.case))
    for document in documents:
        cases = list(_cases(document)) if "findings" in document else list(_compared(document))
        counts = {what: str(sum(one[2] == what for one in cases)) for what in ("failure", "skipped")}
        suite = tree.SubElement(
            suites, "testsuite", name=harmless(str(document.get("instrument", report.case))), tests=str(len(cases)), failures=counts["failure"],
            skipped=counts["skipped"], errors="0",
        )  # fmt: skip
        for group, name, what, message in cases:
            case = tree.SubElement(suite, "testcase", classname=harmless(group), name=harmless(name))
            if what:
                tree.SubElement(case, what, message=harmless(message))
    tree.indent(suites, " ")
    body: bytes = tree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _cases(document: Mapping[str, Any]) -> Iterator[Case]:
    for test in (document.get("protocol") or {}).get("tests", ()):
        for row in test["results"]:
            what = {"pass": "", "fail": "failure", "inconclusive": "skipped"}[row["decision"]]
            message = row["why"] or f"{row['value']} {row['unit']}, limits {row['low']} to {row['high']}"
            yield f"test.{test['id']}", ", ".join(filter(None, (row["formula"], row["at"]))), what, message
    for number, one in enumerate(document["findings"], 1):
        yield (
            f"finding.{one['link']}",
            f"{number} {one['mechanism']}",
            "failure",
            f"{one['level']}, e = {one['evidence']}",
        )
    for one in document["coverage"]:
        yield "question", one["text"], "" if one["answered"] else "skipped", one["why"] or "not answered"


def _compared(document: Mapping[str, Any]) -> Iterator[Case]:
    for row in document["results"]:
        name = ", ".join((row["formula"], row["at"]))
        yield (
            f"comparison.{row['test']}",
            name,
            "failure" if row["standing"] == "action" else "",
            "beyond what their uncertainty explains",
        )
