"""Torch's optimisers by name, with settings that may change between two steps."""

from __future__ import annotations

from inspect import unwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray
    from torch.nn import Parameter

    from ae_widgets.losses.objective import ObjectiveSettings

__all__ = ["Optimizer", "drop_what_has_decayed", "joined"]

# Fused: one call for all parameters, a quarter of a step's time less on digits. That of SGD
# fails where parameters join in later, such as those of a classifier.
_OPTIMIZERS: dict[str, Callable[[list[Parameter]], torch.optim.Optimizer]] = {
    "adam": lambda parameters: torch.optim.Adam(parameters, fused=_fused(parameters)),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, fused=_fused(parameters)),
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}
"""By name: takes the parameters."""

LEAST = 1e-35
"""What has decayed to less is 0: processors are ten times slower with numbers below 1.2e-38,
to which the memory of a parameter whose gradient stays 0 comes after 800 steps of Adam."""

SOME_STEPS = 50
"""Steps between two looks for that; a decay of 0.9 does not get from the one to the other."""


class Optimizer:
    """Moves parameters by their gradients.

    Parameters
    ----------
    parameters : iterable of Parameter, or of pairs of name and Parameter
        What is moved. By their names, its memory can be taken over by an optimiser that
        moves more, or fewer.
    settings : ObjectiveSettings
        Replace the attribute to change momentum, weight decay and clipping between
        two steps; another `optimizer` begins with `forget`.

    References
    ----------
    'adam': D. P. Kingma and J. Ba, ICLR 2015, algorithm 1. 'adamw': I. Loshchilov
    and F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    'sgd': I. Sutskever et al., "On the importance of initialization and momentum
    in deep learning", ICML 2013, in torch's form. 'rmsprop': G. Hinton, "Neural
    networks for machine learning", lecture 6e, 2012. Clipping: R. Pascanu et al.,
    "On the difficulty of training recurrent neural networks", ICML 2013, algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter] | Iterable[tuple[str, Parameter]],
        settings: ObjectiveSettings,
    ) -> None:
        self.settings = settings
        named = [
            pair if isinstance(pair, tuple) else (str(number), pair)
            for number, pair in enumerate(parameters)
        ]
        self._names = [name for name, _ in named]
        self._parameters = [parameter for _, parameter in named]
        self.forget()

    def forget(self) -> None:
        """Drop what is remembered of past gradients."""
        self._name = self.settings.optimizer
        self._n_steps = 0
        self._torch = _OPTIMIZERS[self._name](self._parameters)
        # Without what is around it for profilers and hooks, nearly half of its time.
        self._step = unwrap(type(self._torch).step)

    def clear(self) -> None:
        """Drop the gradients."""
        for parameter in self._parameters:  # what torch's own does, in a tenth of its time
            parameter.grad = None

    def step(self, learning_rate: float) -> None:
        """Move the parameters that have a gradient."""
        group = self._torch.param_groups[0]
        group["lr"] = learning_rate
        group["weight_decay"] = self.settings.weight_decay
        if self._name == "sgd":
            group["momentum"] = self.settings.momentum
        if self.settings.gradient_clip is not None:
            clip_grad_norm_(self._parameters, self.settings.gradient_clip)
        with torch.no_grad():
            self._step(self._torch)
            self._n_steps += 1
            sums = (
                value
                for remembered in self._torch.state.values()
                for name, value in remembered.items()
                if name != "step"
            )
            drop_what_has_decayed(sums, self._n_steps)

    def memory(self, *, copy: bool = True) -> Any:
        """Return what is remembered, as numpy arrays, for `load_memory`."""
        state = {
            self._names[index]: {key: _to_numpy(value, copy=copy) for key, value in values.items()}
            for index, values in self._torch.state_dict()["state"].items()
        }
        return {"optimizer": self._name, "n_steps": self._n_steps, "state": state}

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of the same optimiser, or of a compiled step if this is Adam.

        That of another optimiser means nothing here: then this one begins afresh.
        """
        if isinstance(memory, tuple):
            if self._name != "adam":
                return
            memory = {"optimizer": "adam", "n_steps": memory[2], "state": self._unfold(*memory)}
        if memory["optimizer"] == self._name:
            groups = self._torch.state_dict()["param_groups"]
            remembered = memory["state"]
            state = {
                index: {key: _to_torch(value) for key, value in remembered[name].items()}
                for index, (name, parameter) in enumerate(
                    zip(self._names, self._parameters, strict=True)
                )
                if name in remembered and _fits(remembered[name], parameter)
            }
            self._torch.load_state_dict({"state": state, "param_groups": groups})
            self._n_steps = memory.get("n_steps", 0)  # not kept by 0.1

    def _unfold(self, first: Any, second: Any, step: int) -> dict[str, dict[str, torch.Tensor]]:
        """Return a compiled step's memory in torch's form: its sums are not yet means."""
        if not step:
            return {}
        betas = self._torch.param_groups[0]["betas"]
        ends = np.cumsum([parameter.numel() for parameter in self._parameters])
        # It knew the encoder and the decoder, which come first.
        known = self._parameters[: int(np.searchsorted(ends, len(joined(first)))) + 1]
        sizes = [parameter.numel() for parameter in known]
        means = (
            torch.split(torch.from_numpy(joined(sums) * (1 - decay)), sizes)
            for sums, decay in zip((first, second), betas, strict=True)
        )
        return {
            name: {
                "step": torch.tensor(float(step)),
                "exp_avg": by_mean.view_as(parameter).clone(),
                "exp_avg_sq": by_square.view_as(parameter).clone(),
            }
            for name, parameter, by_mean, by_square in zip(self._names, known, *means, strict=False)
        }


def _fused(parameters: list[Parameter]) -> bool:
    return parameters[0].device.type in {"cpu", "cuda"}


def _fits(remembered: dict[str, Any], parameter: Parameter) -> bool:
    """Whether what is remembered is of a parameter of this shape."""
    return all(np.shape(value) in {(), tuple(parameter.shape)} for value in remembered.values())


def drop_what_has_decayed(sums: Iterable[torch.Tensor | None], n_steps: int) -> None:
    """Put 0 for what is smaller than `LEAST`, in place, if this is one of the steps to do so."""
    if n_steps % SOME_STEPS == 0:
        for values in sums:
            if values is not None and values.is_cpu:
                values.masked_fill_(values.abs() < LEAST, 0)


def joined(sums: Any) -> NDArray[np.float32]:
    """Return a compiled step's sums, a vector or an array for each parameter, as a vector."""
    return sums if isinstance(sums, np.ndarray) else np.concatenate([part.ravel() for part in sums])


def _to_numpy(value: Any, *, copy: bool) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    array = value.numpy(force=True)
    return array.copy() if copy else array


def _to_torch(value: Any) -> Any:
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value
