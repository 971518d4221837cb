"""Codes and errors as the training pass left them."""

import numpy as np

from ae_widgets.engine.order import Order
from ae_widgets.engine.seen import Seen

ITEMS = np.arange(6, dtype=np.int32)


def begun(cursor=0):
    order = Order(ITEMS, None, random_state=0)
    order.cursor = cursor
    codes = np.zeros((6, 2), np.float32)
    return Seen(codes, codes[:, 0].copy(), order), order


def train(seen, order, n_items, value):
    """Leave `value` as code and error of the next items."""
    codes, errors = seen.of_next(order, n_items)
    codes[:] = errors[:] = value
    order.cursor += len(errors)


def test_values_come_to_the_items_that_they_are_of():
    seen, order = begun(cursor=2)
    train(seen, order, 3, value=7)
    assert not seen.errors.any()  # until they are asked for
    seen.scatter(order)
    expected = np.where(np.isin(ITEMS, order.rows[2:5]), 7, 0)
    np.testing.assert_array_equal(seen.errors, expected)
    np.testing.assert_array_equal(seen.codes, np.stack([expected] * 2, axis=1))


def test_items_passed_over_keep_their_values():
    seen, order = begun()
    seen.put(slice(None), np.full((6, 2), 5, np.float32), np.full(6, 5, np.float32))
    seen.keep(order, 2)
    order.cursor += 2
    train(seen, order, 4, value=7)
    seen.scatter(order)
    np.testing.assert_array_equal(seen.errors, np.where(np.isin(ITEMS, order.rows[:2]), 5, 7))


def test_another_epoch_replaces_the_values_of_the_last():
    seen, order = begun()
    train(seen, order, 6, value=1)
    seen.scatter(order)
    order.begin(None)
    seen.begin()
    train(seen, order, 1, value=2)
    seen.scatter(order)
    np.testing.assert_array_equal(seen.errors, np.where(order.rows[0] == ITEMS, 2, 1))
