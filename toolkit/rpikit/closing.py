# SPDX-License-Identifier: MIT
"""What holds something open, for the length of a `with`."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Closes itself at the end of a `with`, however that ends."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is held; once closed, closing again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
