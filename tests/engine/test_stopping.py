"""Convergence."""

from ae_widgets.engine.stopping import Stopping


def fed(losses, tol=0.1, n_iter_no_change=3):
    stopping = Stopping(tol, n_iter_no_change)
    for epoch, loss in enumerate(losses, start=1):
        stopping.update(epoch, loss)
    return stopping


def test_converges_after_enough_epochs_without_improvement():
    assert not fed([1.0, 1.0, 1.0]).converged
    assert fed([1.0, 1.0, 1.0, 1.0]).converged


def test_an_improvement_below_tol_is_none():
    stopping = fed([1.0, 0.95, 0.92, 0.91])
    assert stopping.converged
    assert (stopping.best_loss, stopping.best_epoch) == (1.0, 1)


def test_an_improvement_starts_the_count_anew():
    stopping = fed([1.0, 1.0, 1.0, 0.5, 0.5, 0.5])
    assert not stopping.converged
    assert (stopping.best_loss, stopping.best_epoch) == (0.5, 4)


def test_negative_losses_improve_downwards():
    assert fed([-1.0, -2.0]).best_loss == -2.0


def test_forgetting_makes_the_next_loss_the_best():
    stopping = fed([1.0, 1.0, 1.0, 1.0])
    stopping.forget()
    stopping.update(5, 7.0)
    assert not stopping.converged
    assert stopping.best_loss == 7.0
