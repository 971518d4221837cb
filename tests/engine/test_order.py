"""In which order items are trained on."""

import numpy as np
import pytest

from ae_widgets.engine.order import Order

KNOWN = np.arange(5, 105, dtype=np.int32)


def test_every_item_comes_once_in_another_order_each_epoch():
    order = Order(KNOWN, None, random_state=0)
    first = order.rows
    order.begin(None)
    assert not order.weighted
    for rows in (first, order.rows):
        assert rows.dtype == np.int32
        assert sorted(rows) == KNOWN.tolist()
    assert not np.array_equal(first, order.rows)


def test_items_come_in_proportion_to_their_weights():
    weight = np.zeros(200)
    weight[[7, 9]] = 1.0, 3.0
    order = Order(KNOWN, weight, random_state=0)
    assert order.weighted
    assert set(order.rows) == {7, 9}
    assert 60 < (order.rows == 9).sum() < 90
    order.begin(None)
    assert not order.weighted


def test_batches_end_with_what_is_left():
    order = Order(KNOWN, None, random_state=0)
    assert order.next(60).tolist() == order.rows[:60].tolist()
    order.cursor += 60
    assert not order.completed
    assert order.next(60).tolist() == order.rows[60:].tolist()
    order.cursor += 40
    assert order.completed
    assert not len(order.next(60))


@pytest.mark.parametrize("weight", [None, np.linspace(0, 1, 200)])
def test_it_goes_on_where_it_was(weight):
    one, other = Order(KNOWN, weight, random_state=0), Order(KNOWN, weight, random_state=1)
    one.cursor = 30
    state = one.state()
    other.check(state)
    other.load_state(state)
    assert other.cursor == 30
    for _ in range(2):
        np.testing.assert_array_equal(one.rows, other.rows)
        one.begin(weight)
        other.begin(weight)
    assert one.cursor == other.cursor == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"order": KNOWN[:-1]},
        {"order": KNOWN + 1},
        {"cursor": 101},
        {"cursor": -1},
    ],
)
def test_the_order_of_other_items_is_refused(changes):
    order = Order(KNOWN, None, random_state=0)
    with pytest.raises(ValueError, match="not one of the 100 items to train on"):
        order.check({**order.state(), **changes})
