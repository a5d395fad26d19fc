"""Counting in fixed windows."""

from __future__ import annotations

from clickstack.auth import Window, Windows
from clickstack.core.clock import FixedClock


def test_a_window_counts_down_and_starts_anew(clock: FixedClock) -> None:
    windows = Windows(clock, limit=2, window_s=60, keys_max=10)
    assert windows.hit("a") == Window(limit=2, remaining=1, reset_s=60, exceeded=False)
    clock.advance(15.5)
    assert windows.hit("a") == Window(limit=2, remaining=0, reset_s=45, exceeded=False)
    assert windows.hit("a") == Window(limit=2, remaining=0, reset_s=45, exceeded=True)
    assert windows.hit("b").remaining == 1
    clock.advance(44.5)
    assert windows.hit("a") == Window(limit=2, remaining=1, reset_s=60, exceeded=False)


def test_forgetting_a_key_frees_it(clock: FixedClock) -> None:
    windows = Windows(clock, limit=1, window_s=60, keys_max=10)
    windows.hit("a")
    windows.forget("a")
    windows.forget("never seen")
    assert not windows.hit("a").exceeded


def test_memory_is_bounded_and_the_oldest_window_goes_first(clock: FixedClock) -> None:
    windows = Windows(clock, limit=1, window_s=60, keys_max=2)
    for key in ("a", "b", "c"):
        windows.hit(key)
    assert windows.hit("c").exceeded
    assert windows.hit("b").exceeded
    assert not windows.hit("a").exceeded, "a was the oldest, so it was forgotten"
