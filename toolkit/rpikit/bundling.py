# SPDX-License-Identifier: MIT
"""What several boards of a bench are flashed with: built once for each kind of board among them."""

import hashlib
import threading
from dataclasses import dataclass, field

from rpikit import build, bundle, completion, connect, flash, wiring
from rpikit import target as targets
from rpikit.app import App
from rpikit.board import Board
from rpikit.bundle import Bundle
from rpikit.flash import Flashed
from rpikit.grants import Grants
from rpikit.journal import Journal
from rpikit.report import Reporter


@dataclass
class Bundling:
    """The bundles of one roll-out, and how a board gets its own."""

    app: App
    bench: wiring.Bench
    journal: Journal
    reporter: Reporter
    _made: dict[str, Bundle] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self) -> None:
        """Build for every kind of board of the plan, so that what is wrong is told before any.

        A new roll-out that cannot even begin leaves no journal.
        """
        try:
            self._prepare()
        except BaseException:
            if not self.journal.is_resumed:
                self.journal.discard()
            raise

    def _prepare(self) -> None:
        for name in self.journal.plan.boards:
            self.bench.check(self.app, name)
            kind = connect.board_of(self.bench.target(name))
            self.bundle(name, targets.expected(kind, self.journal.wish.target))

    def bundle(self, name: str, kind: Board) -> Bundle:
        """Return the bundle for a board that is of this kind; others of its kind share it."""
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

    def flash(self, name: str, reporter: Reporter) -> Flashed:
        """Flash one board over a connection of its own."""
        wish = self.journal.wish
        with connect.connect(self.bench.target(name), report=reporter.step, keep=True) as there:
            kind = targets.chosen(there.board, wish.target, there.transport, reporter.step)
            made = self.bundle(name, kind)
            flashed = flash.flash(made, there.transport, reporter=reporter, beside=wish.beside)
        completion.add(name, self.app.name)
        return flashed
