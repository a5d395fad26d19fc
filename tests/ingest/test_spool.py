"""The durable queue: order, torn tails, budget, a disk that refuses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickstack.core.clock import FixedClock
from clickstack.core.errors import Busy
from clickstack.core.ids import SequentialIds
from clickstack.ingest import segment as segment_module
from clickstack.ingest import spool as spool_module
from clickstack.ingest.budget import Budget
from clickstack.ingest.check import Checked
from clickstack.ingest.frame import Frame, body_of, frame_bytes, scan, seal, seed_of
from clickstack.ingest.segment import Segment, read_frames, recover
from clickstack.ingest.spool import Spool

MIB = 1024 * 1024


def request(body: bytes, records: int = 1, kinds: int = 1) -> Checked:
    return Checked(body, records, kinds)


def bodies(segment: Segment) -> list[bytes]:
    data, frames = read_frames(segment.path)
    return [body_of(data, frame) for frame in frames]


@pytest.fixture
def budget() -> Budget:
    return Budget(MIB)


@pytest.fixture
def spool(tmp_path: Path, budget: Budget, clock: FixedClock, ids: SequentialIds) -> Iterator[Spool]:
    opened = Spool(tmp_path, budget, MIB, clock, ids)
    yield opened
    opened.stop()


def write_segment(directory: Path, id: str, messages: list[bytes]) -> Path:
    path = directory / f"{id}.segment"
    pieces = [seal(each, seed=seed_of(id), received_ns=1, kinds=2, records=3) for each in messages]
    path.write_bytes(b"".join(b"".join(each) for each in pieces))
    return path


def test_requests_come_out_whole_and_in_order(spool: Spool) -> None:
    for number in range(5):
        spool.append(request(b"body %d" % number, records=number, kinds=1 << number), quiet=False).result(5)
    segment = spool.take()
    assert segment is not None
    assert bodies(segment) == [b"body %d" % number for number in range(5)]
    assert (segment.records, segment.kinds, segment.quiet) == (10, 31, False)
    spool.done(segment)
    assert spool.drain(5)


def test_a_segment_of_quiet_requests_is_quiet(spool: Spool) -> None:
    spool.append(request(b"own"), quiet=True).result(5)
    segment = spool.take()
    assert segment is not None
    assert segment.quiet
    spool.done(segment)


def test_segments_close_at_their_size(tmp_path: Path, budget: Budget, clock: FixedClock, ids: SequentialIds) -> None:
    spool = Spool(tmp_path, budget, 1000, clock, ids)
    waiting = [spool.append(request(bytes(400)), quiet=False) for _ in range(9)]
    for each in waiting:
        each.result(5)
    sizes = []
    while sum(sizes) < 9 * frame_bytes(400):
        segment = spool.take()
        assert segment is not None
        sizes.append(segment.bytes)
        spool.done(segment)
    assert max(sizes) < 2000
    spool.stop()


def test_a_segment_kept_open_while_loaders_are_busy_closes_when_one_is_free(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "SPOOL_SEGMENT_AGE_S", 0.05)
    monkeypatch.setattr(spool_module, "SPOOL_SEGMENT_AGE_BUSY_S", 0.1)
    busy = []
    for body in (b"a", b"b"):
        spool.append(request(body), quiet=False).result(5)
        busy.append(spool.take())
    spool.append(request(b"c"), quiet=False).result(5)
    assert busy[0] is not None
    assert busy[1] is not None
    spool.done(busy[0])
    segment = spool.take()
    assert segment is not None
    assert bodies(segment) == [b"c"]
    spool.done(segment)
    spool.done(busy[1])


def test_a_segment_grows_longer_while_another_is_loaded(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SPOOL_SEGMENT_AGE_S", 0.01)
    spool.append(request(b"a"), quiet=False).result(5)
    loading = spool.take()
    assert loading is not None
    for body in (b"b", b"c"):
        spool.append(request(body), quiet=False).result(5)
        time.sleep(0.03)  # three times the age
    spool.done(loading)
    segment = spool.take()
    assert segment is not None
    assert bodies(segment) == [b"b", b"c"]
    spool.done(segment)


def test_what_was_durable_is_found_again(tmp_path: Path, budget: Budget, clock: FixedClock) -> None:
    ids = SequentialIds()
    first = Spool(tmp_path, budget, MIB, clock, ids)
    first.append(request(b"kept", records=7, kinds=4), quiet=True).result(5)
    first.stop()
    again = Budget(MIB)
    second = Spool(tmp_path, again, MIB, clock, ids)
    segment = second.take()
    assert segment is not None
    assert (bodies(segment), segment.records, segment.kinds) == ([b"kept"], 7, 4)
    assert again.bytes == segment.bytes
    second.done(segment)
    assert again.bytes == 0
    assert list(tmp_path.iterdir()) == []
    second.stop()


@given(cut=st.integers(0, 200), garbage=st.binary(max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_tail_is_cut(tmp_path: Path, cut: int, garbage: bytes) -> None:
    path = write_segment(tmp_path, "a", [b"first" * 10, b"second" * 10])
    whole = frame_bytes(50)
    size = path.stat().st_size - min(cut, path.stat().st_size)
    os.truncate(path, size)
    with path.open("ab") as file:
        file.write(garbage)
    segments = recover(tmp_path)
    expected = [
        each for each, end in ((b"first" * 10, whole), (b"second" * 10, whole + frame_bytes(60))) if end <= size
    ]
    assert [bodies(segment) for segment in segments] == ([expected] if expected else [])
    assert all(segment.path.stat().st_size == segment.bytes for segment in segments)


def test_a_flipped_bit_costs_the_request_it_is_in(tmp_path: Path) -> None:
    """Wherever it is: those behind were acknowledged too. They keep their numbers, which tokens are made of."""
    whole = write_segment(tmp_path, "a", [b"first", b"second" * 30, b"third", b"fourth"]).read_bytes()
    for position in range(frame_bytes(5), frame_bytes(5) + frame_bytes(180)):
        data = bytearray(whole)
        data[position] ^= 1
        (tmp_path / "a.segment").write_bytes(data)
        (segment,) = recover(tmp_path)
        assert bodies(segment) == [b"first", b"", b"third", b"fourth"], position
        assert (segment.records, segment.bytes) == (9, segment.path.stat().st_size)
        assert (tmp_path / "a.damaged").read_bytes() == data
    segment.delete()
    assert [path.name for path in tmp_path.iterdir()] == ["a.damaged"]
    assert recover(tmp_path) == []
    assert (tmp_path / "a.damaged").exists()


def test_a_torn_request_with_a_torn_tail_behind_it(tmp_path: Path) -> None:
    path = write_segment(tmp_path, "a", [b"first", b"second", b"third", b"fourth"])
    data = bytearray(path.read_bytes())
    data[frame_bytes(5) + 3] ^= 1
    path.write_bytes(data[:-7])
    (segment,) = recover(tmp_path)
    assert bodies(segment) == [b"first", b"", b"third"]


def test_a_directory_of_somebody_else_stays(tmp_path: Path) -> None:
    """The root of a disk has one."""
    (tmp_path / "lost+found").mkdir()
    assert recover(tmp_path) == []
    assert (tmp_path / "lost+found").is_dir()


def test_frames_of_another_segment_do_not_pass(tmp_path: Path) -> None:
    path = write_segment(tmp_path, "a", [b"stale"])
    path.rename(tmp_path / "b.segment")
    assert recover(tmp_path) == []


def test_segments_are_recovered_oldest_first_and_leavings_go(tmp_path: Path) -> None:
    for name in ("02", "01", "03"):
        write_segment(tmp_path, name, [name.encode()])
    (tmp_path / "01.otel_logs.refused").touch()
    (tmp_path / "00.otel_logs.refused").touch()
    (tmp_path / "02.piece").write_bytes(b"half")
    assert [segment.id for segment in recover(tmp_path)] == ["01", "02", "03"]
    assert (tmp_path / "01.otel_logs.refused").exists()
    assert not (tmp_path / "00.otel_logs.refused").exists()


def test_the_budget_refuses_and_is_given_back(tmp_path: Path, clock: FixedClock, ids: SequentialIds) -> None:
    budget = Budget(1000)
    spool = Spool(tmp_path, budget, MIB, clock, ids)
    spool.append(request(bytes(800)), quiet=False).result(5)
    with pytest.raises(Busy) as refusal:
        spool.append(request(bytes(800)), quiet=False)
    assert refusal.value.retry_after_s > 0
    segment = spool.take()
    assert segment is not None
    spool.done(segment)
    spool.append(request(bytes(800)), quiet=False).result(5)
    spool.stop()


@pytest.mark.parametrize(
    ("problem", "reason"),
    [(OSError(28, "No space left on device"), "No space left on device"), (MemoryError(), "out of memory")],
)
def test_a_disk_that_refuses_is_busy_and_loses_nothing(
    spool: Spool, budget: Budget, monkeypatch: pytest.MonkeyPatch, problem: Exception, reason: str
) -> None:
    spool.append(request(b"before"), quiet=False).result(5)

    def refuse(fd: int) -> None:
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(segment_module, "_sync", refuse)
        with pytest.raises(Busy, match=reason):
            spool.append(request(b"refused"), quiet=False).result(5)
    spool.append(request(b"after"), quiet=False).result(5)
    found: list[bytes] = []
    while len(found) < 2:
        segment = spool.take()
        assert segment is not None
        found += bodies(segment)
        spool.done(segment)
    assert found == [b"before", b"after"]
    assert budget.bytes == 0


def test_a_segment_is_not_written_to_after_a_failed_fsync(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel made of its pages is not known, whatever a later fsync says."""
    spool.append(request(b"before"), quiet=False).result(5)

    def refuse(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(segment_module, "_sync", refuse)
        with pytest.raises(Busy, match="Input/output error"):
            spool.append(request(b"refused"), quiet=False).result(5)
    spool.append(request(b"after"), quiet=False).result(5)
    taken = [spool.take(), spool.take()]
    assert [bodies(segment) for segment in taken if segment] == [[b"before"], [b"after"]]


def test_what_a_failed_write_left_and_could_not_be_cut(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing acknowledged may come to lie behind it: the engine would not read so far."""
    spool.append(request(b"before"), quiet=False).result(5)

    def half(fd: int, data: bytes) -> int:
        os.write(fd, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    def refuse(fd: int, size: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(segment_module, "_write", half)
        patched.setattr(segment_module.os, "ftruncate", refuse)
        with pytest.raises(Busy, match="No space left"):
            spool.append(request(b"refused" * 100), quiet=False).result(5)
    spool.append(request(b"after"), quiet=False).result(5)
    before, after = spool.take(), spool.take()
    assert before is not None
    assert after is not None
    assert before.path.stat().st_size > before.bytes
    before.trim()
    assert before.path.stat().st_size == before.bytes
    assert (bodies(before), bodies(after)) == ([b"before"], [b"after"])


def test_a_segment_whose_file_cannot_be_closed_is_loaded_all_the_same(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_close = os.close

    def refuse(fd: int) -> None:
        really_close(fd)
        raise OSError(5, "Input/output error")

    spool.append(request(b"durable"), quiet=False).result(5)
    monkeypatch.setattr(segment_module.os, "close", refuse)
    segment = spool.take()
    monkeypatch.undo()
    assert segment is not None
    assert bodies(segment) == [b"durable"]
    spool.done(segment)


def test_a_request_given_up_in_time_is_not_written(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SPOOL_COMMIT_DELAY_S", 1.0)
    gone = spool.append(request(b"gone"), quiet=False)
    assert gone.cancel()
    spool.append(request(b"here"), quiet=False).result(5)
    segment = spool.take()
    assert segment is not None
    assert bodies(segment) == [b"here"]
    spool.done(segment)


def test_a_stopped_spool_is_busy(tmp_path: Path, budget: Budget, clock: FixedClock, ids: SequentialIds) -> None:
    spool = Spool(tmp_path, budget, MIB, clock, ids)
    kept = spool.append(request(b"kept"), quiet=False)
    spool.stop()
    assert kept.result(5) is None
    assert spool.take() is None
    with pytest.raises(Busy):
        spool.append(request(b"late"), quiet=False)


def test_many_writers_share_commits(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    sync = segment_module._sync
    monkeypatch.setattr(segment_module, "_sync", lambda fd: (syncs.append(fd), sync(fd)))
    waiting: list[Future[None]] = [spool.append(request(b"x"), quiet=False) for _ in range(200)]
    for each in waiting:
        each.result(5)
    assert len(syncs) < 100


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_scanning_any_bytes_ends(data: bytes) -> None:
    assert all(isinstance(frame, Frame) for frame in scan(memoryview(data), seed_of("a")))
