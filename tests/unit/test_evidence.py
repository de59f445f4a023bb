# SPDX-License-Identifier: MIT
"""Evidence: one report in three forms that say the same, whatever a console holds."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import TypeAdapter

from rpikit import capture, evidence, junit, page, picture, vcd
from rpikit.capture import Capture, Said
from rpikit.errors import DescriptionError
from rpikit.results import Report
from rpikit.results_evidence import ReportedLatency, ReportedTest
from rpikit.waveform import Trace

MS = 1_000_000
HOSTILE = "</pre><script>alert(1)</script>\x1b[2J\x00 &amp; ]]>\ud83d\r\n<img src=http://x/y>"
TAKEN = Capture(
    0,
    900 * MS,
    {
        "button": Trace(False, ((100 * MS, True), (150 * MS, False))),
        "<lamp>": Trace(False, ((103 * MS, True), (153 * MS, False))),
    },
    (Said(110 * MS, HOSTILE),),
)
LATENCY: ReportedLatency = {
    "name": "button to lamp",
    "place": "virtual-pi3 by virtual",
    "claim": False,
    "claim_text": "emulated time, no claim about a real board",
    "count": 3,
    "best_ns": 2 * MS,
    "p50_ns": 3 * MS,
    "p90_ns": 4 * MS,
    "p99_ns": 4 * MS,
    "worst_ns": 4 * MS,
    "baseline": {"count": 3, "p50_ns": 2 * MS, "p99_ns": 3 * MS},
    "samples_ns": [2 * MS, 3 * MS, 4 * MS],
    "histogram": [[2 * MS, 1], [3 * MS, 1], [4 * MS, 1]],
}
VOID = {"meta", "img", "br"}


def case(name: str, outcome: Any = "passed", **more: Any) -> ReportedTest:
    test: ReportedTest = {
        "name": f"tests/test_lamp.py::{name}",
        "board": "desk",
        "outcome": outcome,
        "fault_code": 0,
        "seconds": 0.5,
        "message": "",
        "text": "",
        "console": "",
        "capture": None,
        "vcd": None,
        "latencies": [],
    }
    test.update(more)  # type: ignore[typeddict-item]
    return test


def reported(status: int, *tests: ReportedTest, fault: str = "") -> Report:
    report = evidence.empty({"name": "lamp", "version": "1.0.0"}, begun="2026-01-02T03:04:05+00:00")
    report["status"], report["outcome"] = status, evidence.outcome(status)
    report["fault"] = fault
    report["tests"] = list(tests)
    report["image"] = {"digest": "ab" * 32, "target": "hvt"}
    report["board"] = {
        "name": "desk",
        "kind": "rpi3b",
        "reached": "desk (ssh pi@lab3)",
        "claim": True,
        "claim_text": "the stamps of gpiod",
    }
    report["boards"] = [report["board"]]
    wire = {"line": 17, "direction": "in", "active": "low", "driver": "gpiod", "end": 22}
    report["wiring"] = [{"device": "button", "host": "pi@bench", **wire}]  # type: ignore[typeddict-item]
    return report


WHOLE = (
    case("test_good", capture=TAKEN.values(), vcd="waves/test_lamp.test_good.vcd"),
    case(
        "test_bad",
        "failed",
        message="lamp: expected on within 20.0 ms",
        text=f"lamp: expected on\n{HOSTILE}",
        console=HOSTILE,
        capture=TAKEN.values(),
        latencies=[LATENCY],
    ),
    case("test_not", "skipped", message="no wire leads to horn"),
)


class Page(HTMLParser):
    """A page as a browser reads it: its tags are balanced, and what it would fetch is known."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.said = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "id":
                self.ids.add(value or "")
            if tag == "a" and name == "href":
                self.links.append(value or "")
            elif name in ("src", "href", "srcset", "action"):
                self.fetched.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_is_whole_and_fetches_nothing() -> None:
    text = page.text(reported(1, *WHOLE))
    found = Page(text)
    assert found.fetched == []
    assert "script" not in found.tags
    assert "img" not in found.tags
    assert "url(" not in text
    assert all(link.startswith(("#", "data:text/plain;base64,")) for link in found.links)
    assert {link[1:] for link in found.links if link.startswith("#")} <= found.ids
    assert text.encode().isascii() or "charset" in text


def test_the_page_shows_all_that_is_known() -> None:
    found = Page(page.text(reported(1, *WHOLE)))
    for told in (
        "firmware failed",
        "1 failed, 1 passed, 1 skipped",
        "ab" * 32,
        "desk: rpi3b, desk (ssh pi@lab3)",
        "gpiod 22 on pi@bench",
        "lamp: expected on within 20.0 ms",
        "no wire leads to horn",
        "Latency, button to lamp: 3 measured",
        "emulated time, no claim about a real board",
        "stamped on arrival",
    ):
        assert told in found.said
    assert found.tags.count("svg") == 5  # two whole tests and their ends, a histogram


def test_what_a_console_says_is_shown_and_never_obeyed() -> None:
    found = Page(page.text(reported(1, *WHOLE)))
    assert "</pre><script>alert(1)</script>\\x1b[2J\\x00 &amp; ]]>" in found.said
    assert "<img src=http://x/y>" in found.said


def test_every_reported_run_can_be_written(tmp_path: Path) -> None:
    evidence.prepare(tmp_path / "report")
    evidence.write(tmp_path / "report", reported(1, *WHOLE))
    for name in (evidence.JSON, evidence.JUNIT, evidence.PAGE):
        (tmp_path / "report" / name).read_text(encoding="utf-8")
    text = (tmp_path / "report" / evidence.JSON).read_text()
    report = TypeAdapter(Report).validate_json(text, strict=True, extra="forbid")
    assert capture.parsed(json.dumps(report["tests"][0]["capture"]), "it").traces == TAKEN.traces


def test_an_earlier_report_does_not_look_like_this_one(tmp_path: Path) -> None:
    evidence.prepare(tmp_path)
    evidence.write(tmp_path, reported(0))
    (tmp_path / evidence.WAVES / "old.vcd").touch()
    (tmp_path / "mine.txt").touch()
    evidence.prepare(tmp_path)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["mine.txt", "waves"]


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DescriptionError, match="file: cannot be the folder of a report"):
        evidence.prepare(tmp_path / "file")


def test_a_run_that_wrote_nothing_is_concluded(tmp_path: Path) -> None:
    evidence.prepare(tmp_path)
    evidence.conclude(tmp_path, 2, "", evidence.empty({"name": "l", "version": "1"}, begun=""))
    report = json.loads((tmp_path / evidence.JSON).read_text())
    assert (report["status"], report["outcome"]) == (2, "wrong description")


def test_a_run_that_ended_otherwise_than_it_said_is_told_as_it_ended(tmp_path: Path) -> None:
    evidence.prepare(tmp_path)
    evidence.write(tmp_path, reported(0, case("test_good")))
    evidence.conclude(tmp_path, 130, "", reported(7))
    report = json.loads((tmp_path / evidence.JSON).read_text())
    assert (report["outcome"], len(report["tests"])) == ("interrupted", 1)


def parsed(report: Report) -> ElementTree.Element:
    suite = ElementTree.fromstring(junit.text(report).encode()).find("testsuite")
    assert suite is not None
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for kind in ("failure", "error", "skipped"):
        found = len(suite.findall(f"testcase/{kind}"))
        assert int(suite.attrib[kind if kind == "skipped" else f"{kind}s"]) == found
    return suite


def test_junit_counts_and_names_what_was_tested() -> None:
    suite = parsed(reported(1, *WHOLE))
    facts = {one.attrib["name"]: one.attrib["value"] for one in suite.findall("properties/*")}
    assert facts["outcome"] == "firmware failed"
    assert facts["image.digest"] == "ab" * 32
    assert facts["board.reached"] == "desk (ssh pi@lab3)"
    assert facts["wire.button"] == "line 17, in: gpiod 22 on pi@bench"
    bad = suite.findall("testcase")[1]
    assert bad.attrib["classname"] == "tests.test_lamp"
    figures = {one.attrib["name"]: one.attrib["value"] for one in bad.findall("properties/*")}
    assert figures["latency.button to lamp.p99_ns"] == "4000000"
    assert figures["latency.button to lamp.time"] == "emulated time, no claim about a real board"


@pytest.mark.parametrize(
    ("status", "tests", "told"),
    [
        (1, [case("test_it", "failed")], ("failure", "firmware failed")),
        (3, [case("test_it", "fault", fault_code=3)], ("error", "bench fault")),
        (4, [case("test_it", "fault", fault_code=4)], ("error", "board fault")),
        (7, [], ("error", "nothing ran")),
        (7, [case("test_it", "skipped")], ("error", "nothing ran")),
        (2, [], ("error", "wrong description")),
        (130, [case("test_it")], ("error", "interrupted")),
    ],
)
def test_firmware_bench_and_nothing_are_told_apart_in_every_form(
    status: int, tests: list[ReportedTest], told: tuple[str, str]
) -> None:
    report = reported(status, *tests)
    suite = parsed(report)
    kind, name = told
    assert [one.attrib["type"] for one in suite.findall(f"testcase/{kind}")] == [name]
    other = "error" if kind == "failure" else "failure"
    assert not suite.findall(f"testcase/{other}")
    assert report["outcome"] == name
    assert f"<h1>{name}</h1>" in page.text(report)


def test_more_edges_than_pixels_are_one_stroke_and_no_flood() -> None:
    edges = tuple((n * 1000, n % 2 == 0) for n in range(1, 200_001))
    drawn = picture.waves(Capture(0, 200_001_000, {"lamp": Trace(False, edges)}))
    assert len(drawn) < 60_000


def test_the_dump_of_the_page_is_the_waveform() -> None:
    import base64

    found = Page(page.text(reported(0, WHOLE[0])))
    (dump,) = [link for link in found.links if link.startswith("data:")]
    text = base64.b64decode(dump.partition(",")[2]).decode()
    assert vcd.parsed(text, "it").traces["button"] == TAKEN.traces["button"]
