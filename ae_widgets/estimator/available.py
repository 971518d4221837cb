"""What is there only if a parameter asks for it, and says so where it is not."""

from __future__ import annotations

from functools import update_wrapper, wraps
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["absent", "available_unless", "lacking"]


class _Conditional:
    """What scikit-learn's `available_if` makes, whose error leaves the reason to its cause."""

    def __init__(self, function: Callable[..., Any], reason: Callable[[Any], str]) -> None:
        self._function = function
        self._reason = reason
        update_wrapper(cast("Any", self), function)

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self._of_class()
        if reason := self._reason(model):
            raise AttributeError(lacking(model, self._function.__name__, reason))
        return MethodType(self._function, model)

    def _of_class(self) -> Callable[..., Any]:
        @wraps(self._function)
        def method(model: Any, *args: Any, **kwargs: Any) -> Any:
            return self.__get__(model)(*args, **kwargs)

        return method


class _Absent:
    """An attribute that `fit` may set; where it has not, an error says why."""

    def __init__(self, error: Callable[[Any, str], AttributeError]) -> None:
        self._error = error

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self
        raise self._error(model, self._name)


def absent(error: Callable[[Any, str], AttributeError]) -> Any:
    """Return what stands in a class for an attribute that an instance may not have.

    Parameters
    ----------
    error : callable
        Takes the estimator and the attribute's name, and returns the error that says why
        there is none and what to do.
    """
    return _Absent(error)


def lacking(model: Any, name: str, reason: str) -> str:
    """Return what is said where an estimator has no attribute of this name."""
    return f"This {type(model).__name__!r} has no attribute {name!r}. {reason}"


def available_unless(reason: Callable[[Any], str]) -> Callable[[F], F]:
    """Return a decorator of a method that is not there where there is a reason.

    Parameters
    ----------
    reason : callable
        Takes the estimator and returns why it has no such method and what to do, '' if it
        has. `hasattr` is False where it has not.
    """

    def decorate(function: F) -> F:
        return cast("F", _Conditional(function, reason))

    return decorate
