"""One thread sends, at a bounded rate, and the last state always gets through."""

import threading
import time

import pytest

from ae_widgets.session.publisher import Publisher


def test_posts_about_the_same_thing_coalesce_to_the_latest():
    publisher = Publisher()
    blocked, sent = threading.Event(), []
    publisher.post(publisher, "first", blocked.wait)
    for value in range(1000):
        publisher.post(publisher, "state", lambda value=value: sent.append(value))
    blocked.set()
    assert publisher.flush()
    assert sent == [999]


def test_the_last_of_a_flood_is_sent():
    publisher = Publisher()
    state, sent = [0], []
    for value in range(1, 100_001):
        state[0] = value
        publisher.post(publisher, "state", lambda: sent.append(state[0]), interval=0.01)
    assert publisher.flush()
    assert sent[-1] == 100_000
    assert len(sent) < 1000


def test_never_more_messages_within_a_second_than_allowed():
    publisher = Publisher(messages_per_second=20)
    times = []
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        for topic in ("a", "b", "c"):
            publisher.post(
                publisher, topic, lambda: times.extend([time.monotonic()] * 2),
                messages=2, interval=0.0,
            )  # fmt: skip
        time.sleep(0.005)
    publisher.flush()
    assert len(times) > 30  # three seconds' worth, so the rate is used
    for start in times:
        # 20 ms of grace: sends are stamped a little after they were released.
        assert sum(start <= t < start + 0.98 for t in times) <= 20


def test_all_topics_get_their_turn_when_there_is_more_than_can_be_sent():
    publisher = Publisher(messages_per_second=4)
    counts = {"a": 0, "b": 0}

    def count(topic):
        counts[topic] += 1
        publisher.post(publisher, topic, lambda: count(topic), interval=0.0)

    for topic in counts:
        publisher.post(publisher, topic, lambda topic=topic: count(topic), interval=0.0)
    time.sleep(2.2)
    publisher.forget(publisher)
    assert min(counts.values()) >= 3


def test_a_post_of_many_messages_is_not_overtaken_for_ever_by_posts_of_few():
    publisher = Publisher(messages_per_second=10)
    large = threading.Event()

    def small():
        publisher.post(publisher, "small", small, interval=0.1)

    small()
    time.sleep(1.2)  # by now the small ones use up every second
    publisher.post(publisher, "large", large.set, messages=9, interval=0.0)
    assert large.wait(2.5)
    publisher.forget(publisher)


def test_what_a_send_posts_goes_on_in_its_place():
    publisher = Publisher()
    blocked, sent = threading.Event(), []

    def lines():
        sent.append("lines")
        publisher.post(publisher, "axes", lambda: sent.append("axes"), interval=0.0)

    publisher.post(publisher, "first", blocked.wait)
    publisher.post(publisher, "before", lambda: sent.append("before"))
    publisher.post(publisher, "lines", lines)
    publisher.post(publisher, "after", lambda: sent.append("after"))
    blocked.set()
    assert publisher.flush()
    assert sent == ["before", "lines", "axes", "after"]


def test_a_send_that_fails_does_not_stop_the_others(caplog):
    publisher = Publisher()
    sent = []

    def fail():
        msg = "broken view"
        raise ValueError(msg)

    publisher.post(publisher, "bad", fail)
    publisher.post(publisher, "good", lambda: sent.append(1))
    assert publisher.flush()
    assert sent == [1]
    assert "broken view" in caplog.text


def test_forgotten_owners_are_not_sent_for():
    publisher = Publisher()
    blocked, sent, owner = threading.Event(), [], object()
    publisher.post(publisher, "first", blocked.wait)
    publisher.post(owner, "state", lambda: sent.append(1))
    publisher.forget(owner)
    blocked.set()
    assert publisher.flush()
    assert sent == []


def test_flush_gives_up_after_its_timeout():
    publisher = Publisher()
    blocked = threading.Event()
    publisher.post(publisher, "first", blocked.wait)
    assert not publisher.flush(timeout=0.05)
    blocked.set()
    assert publisher.flush()


@pytest.mark.parametrize("threads", [8])
def test_posts_from_many_threads_are_all_seen(threads):
    publisher = Publisher(messages_per_second=10_000)
    sent = set()

    def post(name):
        for i in range(50):
            key = f"{name}-{i}"
            publisher.post(publisher, key, lambda key=key: sent.add(key), interval=0.0)

    workers = [threading.Thread(target=post, args=(t,)) for t in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert publisher.flush()
    assert len(sent) == threads * 50
