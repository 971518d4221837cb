"""scikit-learn's callbacks, where the installed scikit-learn has them.

`sklearn.callback` came with version 1.9 and is imported only once a callback is
set: it takes longer to import than all of the estimator.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from ae_widgets.exceptions import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["CallbackSupport", "Watch", "watched"]


class CallbackSupport:
    """What scikit-learn's ``CallbackSupportMixin`` offers, without importing it."""

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Set the callbacks that are told how `fit` goes, in place of those before.

        They hear of the beginning and end of the task 'fit' and of each of its
        subtasks 'epoch'. One that returns True at the end of an epoch ends
        training; one that raises ends it with a `TrainingError` that names it.
        In both cases the model is that of the epochs trained, or if one raises before
        training has begun the one that there was.

        Parameters
        ----------
        *callbacks : objects that follow `sklearn.callback.FitCallback`
            Without any, those before are removed.

        Returns
        -------
        self : Autoencoder

        Raises
        ------
        ImportError
            If the installed scikit-learn has no callbacks.
        TypeError
            If one of them is not a callback.
        """
        _support().set_callbacks(self, *callbacks)
        return self

    def _init_callback_context(self, *args: Any, **kwargs: Any) -> Any:
        return _support()._init_callback_context(self, *args, **kwargs)  # noqa: SLF001  # documented hook


class Watch:
    """Nobody watches: what `watched` hands to a fit without callbacks."""

    def begin_epoch(self) -> None:
        """Tell that an epoch begins."""

    def end_epoch(self, fitted: Callable[[], Mapping[str, Any]]) -> bool:  # noqa: ARG002  # nobody looks
        """Tell that an epoch has ended; return whether to stop.

        Parameters
        ----------
        fitted : callable
            Returns the attributes of an estimator fitted until here.
        """
        return False


class _CallbackWatch(Watch):
    """Tells the estimator's callbacks."""

    def __init__(self, estimator: Any, data: dict[str, Any], epochs: int) -> None:
        self._estimator = estimator
        self._data = data
        self._epochs: int | None = None  # training has not begun
        with self._naming():
            self._fit = estimator._init_callback_context(max_subtasks=epochs)  # noqa: SLF001  # its hook
            self._fit.call_on_fit_task_begin(estimator=estimator, **data)

    def begin_epoch(self) -> None:
        self._epochs = self._epochs or 0
        with self._naming():
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def end_epoch(self, fitted: Callable[[], Mapping[str, Any]]) -> bool:
        self._epochs = (self._epochs or 0) + 1
        with self._naming():
            stop = self._epoch.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes=fitted, **self._data
            )
        return bool(stop)

    def end(self) -> None:
        """Tell that `fit` has ended."""
        with self._naming():
            self._fit.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes={}, **self._data
            )

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Say of an error whose it is."""
        try:
            yield
        except Exception as error:
            name = _culprit(error, self._estimator._skl_callbacks)  # noqa: SLF001  # its own
            if name is None:  # scikit-learn's, e.g. of a hook with unknown arguments
                raise
            came_to = (
                "Training has not begun; the estimator is as it was."
                if self._epochs is None
                else f"Training ended after {self._epochs} epochs of this fit; their model is kept."
            )
            msg = f"The callback {name} raised {type(error).__name__}: {error}. {came_to}"
            raise TrainingError(msg) from error


def watched(estimator: Any, data: dict[str, Any], epochs: int, fit: Callable[[Watch], Any]) -> Any:
    """Return ``fit(watch)``, and have the callbacks set up before and torn down after.

    Parameters
    ----------
    estimator : Autoencoder
        Whose callbacks are told.
    data : dict
        'X' and 'y' as the callbacks see them.
    epochs : int
        Largest number of epochs.
    fit : callable
        Trains, tells the `Watch` that it is given, and returns the estimator.
    """
    if not getattr(estimator, "_skl_callbacks", None):
        return fit(Watch())
    from sklearn.callback import with_callbacks

    def told(estimator: Any) -> Any:
        watch = _CallbackWatch(estimator, data, epochs)
        fitted = fit(watch)
        watch.end()
        return fitted

    return with_callbacks(told)(estimator)


def _support() -> Any:
    try:
        from sklearn.callback import CallbackSupportMixin
    except ImportError as error:
        import sklearn

        msg = (
            f"Callbacks need scikit-learn 1.9 or later, this is {sklearn.__version__}. "
            "Upgrade it, or train an epoch at a time with partial_fit."
        )
        raise ImportError(msg) from error
    return CallbackSupportMixin


def _culprit(error: Exception, callbacks: list[Any]) -> str | None:
    """Return the name of the callback that was running when `error` was raised."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        owner = frame.f_locals.get(names[0]) if names else None
        if any(owner is callback for callback in callbacks):
            return type(owner).__name__
    return None
