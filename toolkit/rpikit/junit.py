# SPDX-License-Identifier: MIT
"""A report as JUnit XML, in the form that Jenkins, GitLab and GitHub's actions read.

A failed test is a `failure`; a fault of the bench or the board is an `error` whose type says
which; a run in which nothing ran has a test case of its own with an error, for tools that take an
empty suite for a pass.
"""

from xml.etree import ElementTree

from rpikit.results_evidence import Report, ReportedTest

_OURS = "rpikit"
_FAULTS = {
    2: "wrong description",
    3: "bench fault",
    4: "board fault",
    5: "tool missing",
    6: "verification failed",
}


def text(report: Report) -> str:
    """Return the whole document."""
    cases = [_case(report, test) for test in report["tests"]]
    told = {code for test in report["tests"] if (code := test["fault_code"])}
    if report["status"] not in (0, 1) and report["status"] not in told:
        case = ElementTree.Element("testcase", classname=_OURS, name=report["outcome"], time="0")
        said = _clean(report["fault"] or report["outcome"])
        ElementTree.SubElement(case, "error", type=report["outcome"], message=said).text = said
        cases.append(case)
    suite = ElementTree.Element(
        "testsuite",
        name=_clean(report["app"]["name"]),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{report['seconds']:.3f}",
        timestamp=report["begun"],
    )
    _properties(suite, _facts(report))
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    document = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}\n'


def _facts(report: Report) -> dict[str, str]:
    facts = {
        "outcome": report["outcome"],
        "exit_status": str(report["status"]),
        "rpikit": report["rpikit"],
        "app": f"{report['app']['name']} {report['app']['version']}",
    }
    if report["fault"]:
        facts["fault"] = report["fault"]
    if (image := report["image"]) is not None:
        facts |= {"image.digest": image["digest"], "image.target": image["target"]}
    if (board := report["board"]) is not None:
        facts |= {f"board.{key}": board[key] for key in ("name", "kind", "reached")}
        facts["board.time"] = board["claim_text"]
    if len(report["boards"]) > 1:
        facts["boards"] = ", ".join(one["name"] for one in report["boards"])
    for peer in report["peers"]:
        facts |= {f"peer.{peer['role']}.{key}": peer[key] for key in ("name", "app", "digest")}
    facts |= {f"set_aside.{name}": why for name, why in report["set_aside"].items()}
    for wire in report["wiring"]:
        end = f"{wire['driver']} {wire['end']}" if wire["driver"] else "no wire"
        at = f" on {wire['host']}" if wire["host"] else ""
        facts[f"wire.{wire['device']}"] = f"line {wire['line']}, {wire['direction']}: {end}{at}"
    return facts


def _case(report: Report, test: ReportedTest) -> ElementTree.Element:
    file, _, name = test["name"].rpartition("::")
    classname = file.removesuffix(".py").replace("/", ".").replace("::", ".")
    case = ElementTree.Element(
        "testcase", classname=classname or _OURS, name=_clean(name), time=f"{test['seconds']:.3f}"
    )
    facts = {"board": test["board"]} if test["board"] else {}
    for one in test["latencies"]:
        for figure in ("count", "best_ns", "p50_ns", "p90_ns", "p99_ns", "worst_ns"):
            facts[f"latency.{one['name']}.{figure}"] = str(one[figure])
        facts[f"latency.{one['name']}.time"] = one["claim_text"]
    if test["vcd"] is not None:
        facts["waveform"] = test["vcd"]
    if facts:
        _properties(case, facts)
    message, said = _clean(test["message"]), _clean(test["text"])
    if test["outcome"] == "fault":
        kind = _FAULTS.get(test["fault_code"], report["outcome"])
        ElementTree.SubElement(case, "error", type=kind, message=message).text = said
    elif test["outcome"] == "failed":
        ElementTree.SubElement(case, "failure", type="firmware failed", message=message).text = said
    elif test["outcome"] in ("skipped", "xfailed"):
        ElementTree.SubElement(case, "skipped", type=test["outcome"], message=message)
    if test["console"]:
        ElementTree.SubElement(case, "system-out").text = _clean(test["console"])
    return case


def _properties(parent: ElementTree.Element, facts: dict[str, str]) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", name=_clean(name), value=_clean(value))


def _clean(text: str) -> str:
    """Return text with a sign for what XML 1.0 (section 2.2) cannot carry."""
    return "".join(char if _is_char(ord(char)) else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_char(code: int) -> bool:
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
