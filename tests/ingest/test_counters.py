"""What ingestion says about itself: how long accepting and loading take, and what came with which key."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import cramjam
import grpc
import httpx

from clickstack.ingest import BOUNDS_S, Ingest, KeyCounters, OtlpGrpc, OtlpHttp
from clickstack.ingest.durations import Durations
from ingest.prometheus import write_request
from ingest.requests import KEY, logs


def test_a_duration_falls_into_the_first_bucket_that_holds_it() -> None:
    durations = Durations()
    for seconds in (0.0, 0.001, 0.0011, 30.0, 31.0):
        durations.add(seconds)
    counts = durations.read().counts
    assert (counts[0], counts[1], counts[-2], counts[-1]) == (2, 1, 1, 1)
    assert (sum(counts), len(counts), durations.read().sum_s) == (5, len(BOUNDS_S) + 1, 61.0021)


def test_accepting_and_loading_are_timed_and_weighed(ingest: Ingest) -> None:
    body = logs(["one", "two"])
    ingest.accept("logs", body)
    assert ingest.flush(20)
    ingest.close(20)  # the last count is made after the segment is gone
    counters = ingest.counters()["logs"]
    assert (counters.accepted, counters.bytes) == (2, len(body))
    assert (sum(counters.acks.counts), sum(counters.loads.counts)) == (1, 1)
    assert sum(ingest.counters()["traces"].acks.counts) == 0


def test_telemetry_is_counted_by_the_name_of_its_key(ingest: Ingest) -> None:
    body = logs(["one", "two"])
    ingest.accept("logs", body, key="checkout")
    ingest.accept("logs", body)
    ingest.refused("traces", "checkout")
    ingest.refused("traces")
    assert ingest.key_counters() == [
        KeyCounters("checkout", "logs", accepted=2, bytes=len(body), rejected=0),
        KeyCounters("checkout", "traces", accepted=0, bytes=0, rejected=1),
    ]
    assert (ingest.counters()["logs"].accepted, ingest.counters()["traces"].rejected) == (4, 2)


def test_both_receivers_pass_the_name_of_the_key_on(ingest: Ingest) -> None:
    names = {"secret": "checkout"}.get
    grpc_receiver = OtlpGrpc(ingest, names)
    port = grpc_receiver.start("127.0.0.1", 0)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        export(logs(["grpc"]), metadata=(("authorization", "secret"),), timeout=20)
    grpc_receiver.stop(1)
    transport = httpx.ASGITransport(app=cast(Any, OtlpHttp(ingest, names)))

    async def post(body: bytes, key: str) -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://otlp") as client:
            headers = {"authorization": f"Bearer {key}", "content-type": "application/x-protobuf"}
            return (await client.post("/v1/logs", content=body, headers=headers)).status_code

    assert asyncio.run(post(logs(["http"]), "secret")) == 200
    assert asyncio.run(post(b"nonsense", "secret")) == 400
    assert asyncio.run(post(logs(["http"]), "a stranger's")) == 401
    (counters,) = ingest.key_counters()
    assert (counters.key, counters.signal, counters.accepted, counters.rejected) == ("checkout", "logs", 2, 1)
    assert ingest.counters()["logs"].rejected == 2


def test_requests_that_reach_no_receiver_are_counted_too(otlp_http: str, ingest: Ingest) -> None:
    assert httpx.post(f"{otlp_http}/v1/profiles").status_code == 404
    assert httpx.get(f"{otlp_http}/").status_code == 404
    assert httpx.get(f"{otlp_http}/v1/traces").status_code == 405
    assert ingest.stray_requests() == 2
    assert ingest.counters()["traces"].rejected == 1


def test_series_that_are_left_out_are_counted(otlp_http: str, ingest: Ingest) -> None:
    body = write_request(({"__name__": "up"}, 1), ({"job": "nameless"}, 1))
    headers = {"authorization": KEY, "content-type": "application/x-protobuf"}
    reply = httpx.post(f"{otlp_http}/api/v1/write", content=bytes(cramjam.snappy.compress_raw(body)), headers=headers)
    assert (reply.status_code, "no __name__" in reply.text) == (400, True)
    counters = ingest.counters()["metrics"]
    assert (counters.accepted, counters.rejected_records, counters.rejected) == (1, 1, 1)
