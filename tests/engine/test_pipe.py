"""Messages arrive as they were sent, with their arrays, and without copies of these."""

import io
import os
import tracemalloc

import numpy as np
import pytest

from ae_widgets.engine.pipe import StreamWriter, read_message

MESSAGES = [
    "words",
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.arange(6.0).reshape(2, 3).T,
    np.arange(12.0)[::2],
    np.empty((0, 2), np.float32),
    np.array(["a", None], object),
    {"weights": [np.ones(3, np.float32), np.zeros((2, 2), np.int64)], "step": 7},
]


def through_a_pipe(*messages):
    source, target = os.pipe()
    writer = StreamWriter(os.fdopen(target, "wb"))
    for message in messages:
        writer.put(message)
    writer.put(None)
    with os.fdopen(source, "rb") as stream:
        return [read_message(stream) for _ in messages]


def test_messages_arrive_in_order_as_they_were_sent():
    for sent, arrived in zip(MESSAGES, through_a_pipe(*MESSAGES), strict=True):
        np.testing.assert_equal(arrived, sent)
        assert type(arrived) is type(sent)


def test_arrays_may_be_written_to_where_they_arrive():
    (array,) = through_a_pipe(np.zeros(4))
    array += 1
    assert array.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("kept", [0, 5, 17, 40])
def test_a_stream_that_ends_within_a_message_is_an_end(kept):
    class Kept(io.BytesIO):
        def close(self):
            self.seen = self.getvalue()

    stream = Kept()
    writer = StreamWriter(stream)
    writer.put(np.zeros(4))
    writer.close(5.0)
    with pytest.raises(EOFError):
        read_message(io.BytesIO(stream.seen[:kept]))


def test_a_large_array_is_held_once_at_each_end():
    size = 8_000_000
    array = np.ones(size, np.uint8)
    tracemalloc.start()
    (arrived,) = through_a_pipe(array)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert arrived.nbytes == size
    assert peak < 1.5 * size  # it was pickled, read and unpickled: three times
