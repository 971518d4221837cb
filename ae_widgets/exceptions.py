"""Errors that ae_widgets raises, its warning, and what errors of memory look like.

::

    AEWidgetsError
     ├── DataError            (ValueError)    what was passed in cannot be trained on
     ├── SettingsError        (ValueError)    a setting is unknown or out of its range
     ├── JournalError         (ValueError)    a journal cannot be written, read or replayed
     ├── CheckpointError      (ValueError)    a checkpoint cannot be written or read
     └── TrainingError        (RuntimeError)  a run ended with an error
          ├── NonFiniteLossError              the loss became NaN or infinite
          ├── NotEnoughMemoryError            the machine or device is short of memory
          └── TrainerDiedError                the training process ended unasked

    DataWarning               (UserWarning)   the data can be trained on, but look at it
"""

__all__ = [
    "AEWidgetsError",
    "CheckpointError",
    "DataError",
    "DataWarning",
    "JournalError",
    "NonFiniteLossError",
    "NotEnoughMemoryError",
    "SettingsError",
    "TrainerDiedError",
    "TrainingError",
    "short_of_memory",
]


class AEWidgetsError(Exception):
    """Base of every error that ae_widgets raises on purpose."""


class DataError(AEWidgetsError, ValueError):
    """The data or labels cannot be trained on; the message says what to do."""


class DataWarning(UserWarning):
    """`Autoencoder.fit` has noticed something about the data, which can be trained on."""


class SettingsError(AEWidgetsError, ValueError):
    """A setting is unknown, of the wrong type or out of its range."""


class JournalError(AEWidgetsError, ValueError):
    """A journal is damaged or of another kind, or could not be written or replayed."""


class CheckpointError(AEWidgetsError, ValueError):
    """A checkpoint is damaged or of another kind, or could not be written."""


class TrainingError(AEWidgetsError, RuntimeError):
    """A run ended with an error; the worker's traceback is in `__notes__`."""


class NonFiniteLossError(TrainingError):
    """The loss or the weights became NaN or infinite; the last finite ones were restored."""


class NotEnoughMemoryError(TrainingError, MemoryError):
    """There is not enough memory to train with these settings; the message says what to do."""


class TrainerDiedError(TrainingError):
    """The training process ended without being asked to."""


_SIGNS = (
    "can't allocate memory",  # torch's CPU allocator
    "not enough memory",  # the same on Windows
    "out of memory",  # CUDA and MPS
)


def short_of_memory(error: BaseException) -> bool:
    """Whether that is what `error` says; torch raises a mere RuntimeError on the CPU."""
    said = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)
    return said or isinstance(error, MemoryError)
