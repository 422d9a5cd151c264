"""Being asked to stop: Ctrl-C, a signal of the system, or the deadline of a run.

Asked once, a run ends the step that it is in; asked twice, it stops where it is. Either way
``KeyboardInterrupt`` is what the code sees.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class TimeIsUp(KeyboardInterrupt):
    """The run reached its deadline; it stops as if a person had asked."""


class Listener:
    """The handler of every signal that asks to stop.

    ``tell`` is called at the first, with True where it was the deadline; it must not raise.
    """

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell = tell
        self._steps = 0
        self._asked: type[KeyboardInterrupt] | None = None
        self._alarm: threading.Timer | None = None
        self._late = False

    def __call__(self, _number: int, _frame: object) -> None:
        again = self._asked is not None
        if not again:
            self._asked = TimeIsUp if self._late else KeyboardInterrupt
            self._tell(self._late)
        if again or not self._steps:
            raise self._asked or KeyboardInterrupt

    @contextmanager
    def step(self) -> Iterator[None]:
        before = self._asked
        self._steps += 1
        try:
            yield
        finally:
            self._steps -= 1
        if self._asked is not before and self._asked is not None:
            raise self._asked

    def end_after(self, seconds: float) -> None:
        """Ask to stop in so many seconds; of several wishes the first counts."""
        if self._alarm is None:
            self._alarm = threading.Timer(seconds, self._ring)
            self._alarm.daemon = True
            self._alarm.start()

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        for number in _ASKING:
            if signal.getsignal(number) is self:
                # The work has ended: one more Ctrl-C must not spoil what is said about it.
                signal.signal(number, signal.SIG_IGN)

    def _ring(self) -> None:
        self._late = True
        # A real signal, because only that ends a wait of the main thread.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def listen(tell: Callable[[bool], None]) -> Listener:
    """Hear the signals that ask to stop, from now on. Called from the main thread.

    One that whoever started us has switched off (``nohup``, a job in the background) stays so.
    """
    listener = Listener(tell)
    for number in _ASKING:
        if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, listener)
    return listener


def end_after(seconds: float) -> None:
    """Ask this run to stop in so many seconds, unless that was asked before."""
    listener = _listener()
    if listener is not None:
        listener.end_after(seconds)


@contextmanager
def step() -> Iterator[None]:
    """A step that is ended before a first request to stop is felt, and then is.

    A generator yields the outcome inside, so that it is recorded before the run stops.
    """
    listener = _listener()
    if listener is None:
        yield
    else:
        with listener.step():
            yield


def _listener() -> Listener | None:
    """The listener of this process; None in a thread, which no signal reaches."""
    found = signal.getsignal(signal.SIGTERM)
    here = threading.current_thread() is threading.main_thread()
    return found if here and isinstance(found, Listener) else None
