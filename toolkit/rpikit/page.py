# SPDX-License-Identifier: MIT
"""A report as one HTML page: it opens without a server, and fetches nothing.

Consoles are hostile text; the template escapes all that is not a picture of ours.
"""

import base64
from typing import Any

from rpikit import capture, paths, picture, vcd
from rpikit.results_evidence import Report, ReportedTest
from rpikit.waveform import milliseconds

_MARKS = {
    "passed": "good",
    "xfailed": "good",
    "skipped": "pale",
    "failed": "bad",
    "xpassed": "bad",
    "fault": "fault",
}


def text(report: Report) -> str:
    """Return the whole page."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.data_root() / "templates" / "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    tests = [_shown(number, test) for number, test in enumerate(report["tests"], 1)]
    mark = {0: "good", 1: "bad"}.get(report["status"], "fault")
    outcomes = [test["outcome"] for test in report["tests"]]
    counts = ", ".join(f"{outcomes.count(name)} {name}" for name in dict.fromkeys(sorted(outcomes)))
    return made.get_template("report.html.j2").render(
        report=report, tests=tests, mark=mark, counts=counts or "no test", stamped=capture.ARRIVAL
    )


def _shown(number: int, test: ReportedTest) -> dict[str, Any]:
    from markupsafe import Markup

    taken = None if test["capture"] is None else capture.of(test["capture"])
    pictures = []
    dump = ""
    if taken is not None and taken.traces:
        dump = base64.b64encode(vcd.written(taken).encode()).decode()
        last = picture.end_of(taken)
        if last is not None:
            pictures.append(("The last edges", Markup(last)))
        pictures.append(("The whole test", Markup(picture.waves(taken))))
    latencies = [(one, Markup(picture.histogram(one))) for one in test["latencies"]]
    return {
        **test,
        "id": f"test-{number}",
        "mark": _MARKS[test["outcome"]],
        "console": _readable(test["console"]),
        "text": _readable(test["text"]),
        "message": _readable(test["message"]),
        "pictures": pictures,
        "latencies": latencies,
        "said": [
            (milliseconds(one.at_ns), _readable(one.text))
            for one in (taken.said if taken is not None else ())
        ],
        "dump": dump,
    }


def _readable(text: str) -> str:
    """Return text without what browsers do not show, so that nothing of it is invisible."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}"
        for char in text.replace("\r\n", "\n")
    )
