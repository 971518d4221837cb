"""The kinds of network: what they add to an encoder and a decoder."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from ae_widgets.model.heads import Heads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Generator

    from ae_widgets.model.guard import Guard

__all__ = [
    "NETWORKS",
    "AutoencoderNetwork",
    "ContractiveNetwork",
    "GatedNetwork",
    "Pass",
    "VariationalNetwork",
    "squared_jacobian_norms",
]


HEADS = "heads."
"""What the names of the heads' weights begin with."""


class Pass(NamedTuple):
    """What a network makes of a batch while it trains.

    Attributes
    ----------
    code : Tensor of shape (n, code_dim)
        The items' codes, as they are shown.
    output : Tensor of shape (n, n_features)
        The reconstructions; of a noisy code where the kind has one.
    penalised : Tensor of shape (n, …)
        What the complexity is measured on, one row an item.
    """

    code: Tensor
    output: Tensor
    penalised: Tensor


class AutoencoderNetwork(nn.Module):
    """An encoder and a decoder.

    Parameters
    ----------
    encoder, decoder : torch.nn.Module
        ``(n, n_features) -> (n, code_dim)`` and back.

    Attributes
    ----------
    heads : Heads
        What is trained on the code beside the decoder; nothing to begin with.
    guard : Guard or None
        What stands between the network and modules of the user's.
    penalises_codes : bool
        Whether the complexity of items is measured on their codes as they are.
    """

    guard: Guard | None = None
    penalises_codes = True

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.heads = Heads()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled or copied: each parameter with memory of its own.

        A parameter may be a view of a vector, which pickle would write for each anew.
        """
        names = "_modules", "_parameters", "_buffers"
        return {**self.__dict__, **copy.deepcopy({name: self.__dict__[name] for name in names})}

    def fit_heads(self, state: Mapping[str, Tensor]) -> None:
        """Have the heads whose weights stand in a state dict, and no others."""
        own = {n.removeprefix(HEADS): t for n, t in state.items() if n.startswith(HEADS)}
        self.heads.fit_to(own)

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes of `x`, shape (n, code_dim)."""
        return self.encoded(x)

    def encoded(self, x: Tensor) -> Tensor:
        """Return what the encoder gives of `x`, of which a kind makes the codes."""
        if self.guard is not None:
            return self.guard.encode(self.encoder, x)
        values: Tensor = self.encoder(x)
        return values

    def decode(self, code: Tensor) -> Tensor:
        """Return the reconstructions of `code`, shape (n, n_features)."""
        if self.guard is not None:
            return self.guard.decode(self.decoder, code)
        output: Tensor = self.decoder(code)
        return output

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes and the reconstructions of `x`, without noise."""
        code = self.encode(x)
        return code, self.decode(code)

    def train_on(self, x: Tensor, generator: Generator) -> Pass:  # noqa: ARG002  # other kinds draw
        """Pass `x` through as training does, with noise from `generator` if the kind has any."""
        code, output = self(x)
        return Pass(code, output, code)

    def penalised(self, x: Tensor, code: Tensor) -> Tensor:  # noqa: ARG002  # of other kinds
        """Return what the complexity of the items is measured on, here their codes."""
        return code

    def active_dimensions(self) -> int | None:
        """Return how many dimensions of the code are in use; None if the kind always uses all."""
        return None


class ContractiveNetwork(AutoencoderNetwork):
    """An autoencoder whose code should not move when the item does.

    The complexity is measured on the squared Frobenius norm of the encoder's
    Jacobian, exact for every encoder that treats each item by itself.

    References
    ----------
    S. Rifai et al., "Contractive auto-encoders: explicit invariance during feature
    extraction", ICML 2011, equations 1 and 2.
    """

    penalises_codes = False

    def train_on(self, x: Tensor, generator: Generator) -> Pass:  # noqa: ARG002  # nothing to draw
        """Pass `x` through, with the Jacobian's norms of shape (n,)."""
        x = x.detach().requires_grad_()
        code, output = self(x)
        return Pass(code, output, squared_jacobian_norms(code, x))

    def penalised(self, x: Tensor, code: Tensor) -> Tensor:  # noqa: ARG002  # it has no graph
        """Return the Jacobian's squared norms, shape (n,)."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return squared_jacobian_norms(self.encode(x), x).detach()


def squared_jacobian_norms(code: Tensor, x: Tensor) -> Tensor:
    r"""Return :math:`\sum_{jk} (\partial z_j / \partial x_k)^2` of each item, shape (n,).

    Parameters
    ----------
    code : Tensor of shape (n, code_dim)
        Computed from `x`, each row from its own row alone.
    x : Tensor of shape (n, n_features)
        Items that require a gradient.
    """
    norms = x.new_zeros(len(x))
    for dimension in code.unbind(dim=1):
        # The items do not depend on each other, so that one pass gives all their rows.
        (row,) = torch.autograd.grad(dimension.sum(), x, create_graph=True)  # (n, n_features)
        norms = norms + row.square().sum(dim=1)
    return norms


class VariationalNetwork(AutoencoderNetwork):
    r"""An autoencoder whose code is a Gaussian, decoded from a draw while it trains.

    The encoder gives ``(n, 2 * code_dim)`` values, the means :math:`\mu` and then
    the logarithms of the variances :math:`\sigma^2`; what is decoded is
    :math:`\mu + \sigma \epsilon` with :math:`\epsilon \sim N(0, 1)`. The code that
    is shown and evaluated is the mean.

    References
    ----------
    D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014,
    section 2.4 (reparametrisation) and appendix B.
    """

    penalises_codes = False

    def encode(self, x: Tensor) -> Tensor:
        """Return the means, shape (n, code_dim)."""
        return torch.chunk(self.encoded(x), 2, dim=1)[0]

    def train_on(self, x: Tensor, generator: Generator) -> Pass:
        """Pass `x` through with one draw of the code an item."""
        moments = self.encoded(x)  # (n, 2 * code_dim)
        mean, log_variance = torch.chunk(moments, 2, dim=1)
        noise = torch.empty_like(mean).normal_(generator=generator)
        code = mean + noise * (log_variance / 2).exp()
        return Pass(mean, self.decode(code), moments)

    def penalised(self, x: Tensor, code: Tensor) -> Tensor:  # noqa: ARG002  # the mean alone
        """Return means and logarithms of variances, shape (n, 2 * code_dim)."""
        return self.encoded(x)


TEMPERATURE, LOW, HIGH = 2 / 3, -0.1, 1.1
"""Beta, gamma and zeta of the hard-concrete distribution, as in Louizos et al., section 4."""

GATE_RATE = 20.0
"""How many times faster than other parameters the gates' logits move under Adam."""

LOWEST_LOGIT, HIGHEST_LOGIT = -4.6, 2.0
"""The logits are kept within this: gates are open with a probability from 0.05 to 0.97.

Nearer to 0 or 1 neither part of the loss would move them: the highest lets beta
close dimensions that have long been in use, the lowest lets them open again.
"""


class GatedNetwork(AutoencoderNetwork):
    r"""An autoencoder that learns which dimensions of its code to use.

    Each dimension is multiplied by a gate in [0, 1] that follows a hard-concrete
    distribution while it trains, drawn anew for each item (equations 10 and 11),
    and is :math:`\min(1, \max(0, \sigma(\log\alpha)(\zeta - \gamma) + \gamma))`
    otherwise (equation 13). A dimension whose gate is 0 then is closed: its code
    is 0 for every item.

    The logits are `GATE_RATE` times a parameter, which makes their steps under
    Adam as many times larger than those of the weights: a gate has to travel a
    distance of about 5 where a weight travels 0.1. They begin at `HIGHEST_LOGIT`.

    References
    ----------
    C. Louizos, M. Welling and D. P. Kingma, "Learning sparse neural networks
    through L0 regularization", ICLR 2018, section 2.3.
    """

    penalises_codes = False

    def __init__(self, encoder: nn.Module, decoder: nn.Module, code_dim: int) -> None:
        super().__init__(encoder, decoder)
        self.scaled_logits = nn.Parameter(torch.full((code_dim,), HIGHEST_LOGIT / GATE_RATE))

    @property
    def logits(self) -> Tensor:
        """The log alpha of each gate, shape (code_dim,)."""
        return GATE_RATE * self.scaled_logits

    def gates(self) -> Tensor:
        """Return the gates without noise, shape (code_dim,)."""
        return _stretched(torch.sigmoid(self.logits))

    def active_dimensions(self) -> int:
        """Return how many gates are open."""
        return int((self.gates() > 0).sum())

    def encode(self, x: Tensor) -> Tensor:
        """Return the gated codes, shape (n, code_dim)."""
        code: Tensor = self.encoded(x) * self.gates()
        return code

    def train_on(self, x: Tensor, generator: Generator) -> Pass:
        """Pass `x` through with one draw of the gates an item."""
        with torch.no_grad():
            self.scaled_logits.clamp_(LOWEST_LOGIT / GATE_RATE, HIGHEST_LOGIT / GATE_RATE)
        free = self.encoded(x)  # (n, code_dim)
        uniform = torch.empty_like(free).uniform_(generator=generator)
        concrete = torch.sigmoid((torch.logit(uniform, eps=1e-6) + self.logits) / TEMPERATURE)
        output = self.decode(free * _stretched(concrete))
        # As it is shown, and with its graph: clusters and classes train encoder and gates by it.
        code = free * self.gates()
        return Pass(code, output, self.logits.expand(len(x), -1))

    def penalised(self, x: Tensor, code: Tensor) -> Tensor:  # noqa: ARG002  # the same for all
        """Return the gates' logits for each item, shape (n, code_dim)."""
        return self.logits.expand(len(x), -1)


def _stretched(concrete: Tensor) -> Tensor:
    return (concrete * (HIGH - LOW) + LOW).clamp(0, 1)


def open_probability(logits: Tensor) -> Tensor:
    r"""Return the probability that a gate is not 0 (equation 12).

    :math:`\sigma(\log\alpha - \beta \log(-\gamma / \zeta))`
    """
    return torch.sigmoid(logits - TEMPERATURE * math.log(-LOW / HIGH))


NETWORKS: dict[str, type[AutoencoderNetwork]] = {
    "plain": AutoencoderNetwork,
    "denoising": AutoencoderNetwork,
    "sparse": AutoencoderNetwork,
    "contractive": ContractiveNetwork,
    "variational": VariationalNetwork,
    "gated": GatedNetwork,
}
"""Kind -> network."""
