# SPDX-License-Identifier: MIT
"""What several boards of a bench are flashed with: one bundle for each kind of board among them.

It is built once from an application, or was made before, as a release is.
"""

import hashlib
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from rpikit import build, bundle, completion, connect, flash, proving, wiring
from rpikit import target as targets
from rpikit.app import App
from rpikit.board import Board
from rpikit.bundle import Bundle
from rpikit.errors import BoardError
from rpikit.flash import Flashed
from rpikit.grants import Grants
from rpikit.journal import Journal
from rpikit.report import Reporter


@dataclass
class Bundles(ABC):
    """The bundles of one roll-out, and how a board gets its own."""

    bench: wiring.Bench
    journal: Journal

    def prepare(self) -> None:
        """See that there is a bundle for every board of the plan, before any is touched.

        A new roll-out that cannot even begin leaves no journal.
        """
        try:
            for name in self.journal.plan.boards:
                kind = connect.board_of(self.bench.target(name))
                self.bundle(name, targets.expected(kind, self.journal.wish.target))
        except BaseException:
            if not self.journal.is_resumed:
                self.journal.discard()
            raise

    @abstractmethod
    def bundle(self, name: str, kind: Board) -> Bundle:
        """Return the bundle for a board that is of this kind; others of its kind share it."""

    def flash(self, name: str, reporter: Reporter) -> Flashed:
        """Flash one board over a connection of its own."""
        wish = self.journal.wish
        with connect.connect(self.bench.target(name), report=reporter.step, keep=True) as there:
            made = self.bundle(name, self._kind(there, reporter))
            flashed = flash.flash(
                made, there.transport, reporter=reporter, beside=wish.beside, trial=wish.trial
            )
        completion.add(name, wish.name)
        return self._proved(name, flashed, reporter) if wish.by_tests else flashed

    @abstractmethod
    def _proved(self, name: str, flashed: Flashed, reporter: Reporter) -> Flashed:
        """Keep what is on trial on a board if its tests pass there, else raise why not."""

    def _kind(self, there: connect.Connection, reporter: Reporter) -> Board:
        return targets.chosen(there.board, self.journal.wish.target, there.transport, reporter.step)


@dataclass
class Made(Bundles):
    """One bundle that was made before, for boards of its kind and no others."""

    made: Bundle

    def bundle(self, name: str, kind: Board) -> Bundle:
        """Return it; BoardError for a board of another kind."""
        wanted = self.made.manifest.board
        if kind.name != wanted:
            raise BoardError(
                f"{self.made.path}: is for {wanted}, and {name} is a {kind.name}",
                hint=f"flash boards that are a {wanted}, or name the application's folder",
            )
        self.journal.bundle(wanted, self.made.digest)
        return self.made

    def _kind(self, there: connect.Connection, reporter: Reporter) -> Board:
        return there.board  # what it is for was decided when it was made

    def _proved(self, name: str, flashed: Flashed, reporter: Reporter) -> Flashed:
        raise AssertionError("a bundle has no tests with it")


@dataclass
class Built(Bundles):
    """Bundles that are built from an application, once for each kind of board."""

    app: App
    reporter: Reporter
    _made: dict[str, Bundle] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def bundle(self, name: str, kind: Board) -> Bundle:
        """Return the bundle for a board that is of this kind; others of its kind share it."""
        self.bench.check(self.app, name)
        granted = self.bench.target(name).guests.get(self.app.name, Grants())
        own = "" if granted == Grants() else hashlib.sha256(repr(granted).encode()).hexdigest()[:8]
        key = " ".join(filter(None, (kind.name, kind.platform, own)))
        with self._lock:
            if key not in self._made:
                self.reporter.step(f"build {self.app.name} {self.app.version} for {key}")
                app = self.bench.granted(self.app, name)
                built = build.build(app, board=kind, sanitize=self.journal.wish.sanitize)
                made = bundle.make(app, kind, built.unikernel, built.tender, built.folder)
                self.journal.bundle(key, made.digest)
                self._made[key] = made
            return self._made[key]

    def _proved(self, name: str, flashed: Flashed, reporter: Reporter) -> Flashed:
        """Run the tests of the application there, beside those of other boards."""
        wish = self.journal.wish
        return proving.prove(
            flashed,
            self.bench.granted(self.app, name),
            self.bench.target(name),
            asked=wish.target,
            bench=self.bench.source,
            reporter=reporter,
            quiet=True,
            log=self.journal.log(name),
        )
