"""Where the machine code of the compiled loops is kept.

It differs from numba's own cache in three ways. By the first two, one run on one
machine is like the next, to the bit:

- a loop that is not there yet is compiled by a process of its own, and loaded like
  any other time. Where it is compiled, the functions that it calls keep a machine
  code of their own, in which sums are added in another order;
- code is old as soon as any module with compiled functions is another one: numba
  looks at the file of the loop only, not at those of the functions that it calls;
- where nothing can be kept, loops are compiled each time.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

from ae_widgets import child

__all__ = ["EntryCache", "PackageCache", "keep"]

HOME = Path(__file__).parent


@cache
def _state_of_sources() -> str:
    """Return a hash of every module that has compiled functions."""
    texts = [path.read_bytes() for path in sorted(HOME.rglob("*.py"))]
    return sha256(b"\0".join(text for text in texts if b"ae_widgets.jit" in text)).hexdigest()


class PackageCache(FunctionCache):  # type: ignore[misc]  # numba is not read for types
    """Machine code that is as old as the newest module with compiled functions."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(
            self._cache_path, self._impl.filename_base, _state_of_sources()
        )

    def save_overload(self, signature: Any, code: Any) -> None:
        """Keep machine code, where there is room for it."""
        with suppress(OSError):
            super().save_overload(signature, code)


class EntryCache(PackageCache):
    """The same for a function that Python calls, which another process compiles.

    Attributes
    ----------
    elsewhere : bool, class attribute
        False in the process that compiles.
    """

    elsewhere = True

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the machine code for arguments of these types, None if it must be compiled."""
        code = super().load_overload(signature, target)
        if code is None and self.elsewhere:
            function = self._py_func.__module__, self._py_func.__qualname__
            # Whatever goes wrong there: then it is compiled here.
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(  # noqa: S603  # our own interpreter, our own module
                    child.command("ae_widgets.jit_cache"),
                    input=pickle.dumps((*function, signature)),
                    env=child.environment(),
                    stdout=subprocess.DEVNULL,  # a trainer's own is for its events
                    stderr=subprocess.DEVNULL,
                    check=True,
                )
                code = super().load_overload(signature, target)
        return code


def keep(dispatcher: Any, kind: type[PackageCache]) -> Any:
    """Return a compiled function whose machine code is kept, if there is a place for it."""
    with suppress(RuntimeError):  # numba found no folder to write to
        dispatcher._cache = kind(dispatcher.py_func)  # noqa: SLF001  # numba makes it itself
    return dispatcher


def main() -> None:
    """Compile the function whose module, name and argument types come by standard input."""
    from ae_widgets import jit_cache  # noqa: PLW0406  # it runs under another name

    jit_cache.EntryCache.elsewhere = False
    module, name, signature = pickle.load(sys.stdin.buffer)  # noqa: S301  # our own parent's
    getattr(import_module(module), name).compile(signature)


if __name__ == "__main__":
    main()
