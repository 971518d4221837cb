"""What the tests of sessions share."""

import pytest


@pytest.fixture
def keep():
    """Close what is handed to it at the end."""
    kept = []

    def take(session):
        kept.append(session)
        return session

    yield take
    for session in kept:
        session.close()
