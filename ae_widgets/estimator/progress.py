"""The bar that a verbose `fit` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ae_widgets.engine.protocol import LossRecord

__all__ = ["ProgressBar"]


class ProgressBar:
    """A progress bar with the loss parts, or nothing at all.

    Parameters
    ----------
    epochs : int
        Where the bar ends.
    shown : bool
        Whether there is one.
    """

    def __init__(self, epochs: int, *, shown: bool) -> None:
        self._bar: Any = None
        if shown:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=epochs, unit="epoch")

    def __enter__(self) -> Callable[[LossRecord], None]:
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _tell(self, record: LossRecord) -> None:
        if self._bar is not None:
            losses = record.validation or record.train
            parts = {name: f"{value:.4g}" for name, value in losses.values.items()}
            self._bar.set_postfix({"loss": f"{losses.total:.4g}", **parts}, refresh=False)
            self._bar.update()
