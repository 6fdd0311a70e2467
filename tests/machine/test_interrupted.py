"""Ctrl+C as a wish to stop: the first one is a wish, the second one interrupts."""

import signal
import threading

import pytest

from conus_widgets.machine.interrupted import Interrupted


@pytest.fixture(autouse=True)
def as_python_starts():
    """Tests in the background of a shell inherit that Ctrl+C is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_is_a_wish_and_the_second_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with Interrupted() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_changes():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with Interrupted() as stop:
            seen.append((stop.is_set(), signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, True)]


def test_a_handler_that_cannot_be_put_back_is_left(monkeypatch):
    """Python says None for a handler that was set from C."""
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        patched.setattr(signal, "getsignal", lambda number: None)
        with Interrupted():
            patched.undo()
            assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGINT) is before
