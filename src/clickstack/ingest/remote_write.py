"""Prometheus remote write, version 1, as OTLP metrics (reference/ingestion.md §1.12 is the reference's other way).

Labels: `__name__` is the metric's name; `job` and `instance` are the resource (service.name, with the namespace before
a slash apart, and service.instance.id); the others are attributes of the point. Counters, and the series that
histograms and summaries are made of, are cumulative sums; `le` and `quantile` stay attributes. A series says nothing of
its kind: the metadata that Prometheus sends now and then does, and until it comes, the name.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Exemplar, Metric

from clickstack.core.errors import BadRequest
from clickstack.core.limits import REMOTE_WRITE_FAMILIES_MAX, REMOTE_WRITE_HELP_CHARS_MAX

from .allowance import Allowance
from .http_door import PROTOBUF, TEXT, Door, Form, Reading
from .key_value import attribute_of
from .message_types import message_types
from .remote_write_histogram import fill_histogram_point, has_custom_buckets
from .trace_context import take_ids
from .variants import mend_text

_MESSAGES = {
    "WriteRequest": "timeseries 1 TimeSeries*, metadata 3 MetricMetadata*",
    "TimeSeries": "labels 1 Label*, samples 2 Sample*, exemplars 3 Exemplar*, histograms 4 Histogram*",
    "Label": "name 1 string, value 2 string",
    "Sample": "value 1 double, timestamp 2 int64",
    "Exemplar": "labels 1 Label*, value 2 double, timestamp 3 int64",
    "MetricMetadata": "type 1 int32, metric_family_name 2 string, help 4 string, unit 5 string",
    "BucketSpan": "offset 1 sint32, length 2 uint32",
    "Histogram": (
        "count_int 1 uint64, count_float 2 double, sum 3 double, schema 4 sint32, zero_threshold 5 double, "
        "zero_count_int 6 uint64, zero_count_float 7 double, negative_spans 8 BucketSpan*, "
        "negative_deltas 9 sint64*, negative_counts 10 double*, positive_spans 11 BucketSpan*, "
        "positive_deltas 12 sint64*, positive_counts 13 double*, reset_hint 14 int32, timestamp 15 int64, "
        "custom_values 16 double*"
    ),
}
_TYPES = message_types("prometheus", _MESSAGES)
# Reads text that is not UTF-8.
_BINARY_TYPES = message_types(
    "prometheus_binary", {name: fields.replace(" string", " bytes") for name, fields in _MESSAGES.items()}
)
WriteRequest = _TYPES["WriteRequest"]

_VERSION_2 = "Remote write 2.0 is not taken: leave out protobuf_message, or set it to prometheus.WriteRequest (1.0)."
_SUM_ENDINGS = ("_total", "_sum", "_count", "_bucket")
_PART_ENDINGS = ("_sum", "_count", "_bucket", "_created")
_COUNTER, _HISTOGRAM, _SUMMARY, _UNKNOWN = 1, 3, 5, 0
_STALE = struct.pack("<Q", 0x7FF0000000000002)  # the NaN that means: the series ended
_NO_RECORDED_VALUE = 1
_CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_GAUGE_HISTOGRAM_HINT = 3
_NS_PER_MS = 1_000_000
_NAME_CHARS_MAX = 256  # of a name or unit that is remembered


@dataclass(frozen=True, slots=True)
class Family:
    """What metadata says of a metric family."""

    kind: int
    help: str
    unit: str


def remote_write_door() -> Door:
    """`POST /api/v1/write`. Metadata is remembered for as long as the door stands."""
    families: dict[str, Family] = {}
    form = Form(lambda body: read_write_request(body, families), encoding="snappy", answer=TEXT)
    return Door(
        protocol="remote-write",
        name="Prometheus remote write",
        signal="metrics",
        forms={PROTOBUF: form, "": form},
        answer=TEXT,
        refused={"io.prometheus.write.v2": _VERSION_2},
    )


def read_write_request(body: bytes, families: dict[str, Family]) -> Reading:
    """A prometheus.WriteRequest as OTLP; `families` learns from its metadata. Raises BadRequest, TooLarge.

    A series that cannot be stored (without a name, or with an impossible histogram) is rejected alone. Text that is not
    UTF-8 gets U+FFFD in place of the bad bytes.
    """
    request = _parsed(body)
    for each in request.metadata:
        name = each.metric_family_name
        if len(name) <= _NAME_CHARS_MAX and (name in families or len(families) < REMOTE_WRITE_FAMILIES_MAX):
            cut_help = each.help[:REMOTE_WRITE_HELP_CHARS_MAX]
            families[name] = Family(each.type, cut_help, each.unit[:_NAME_CHARS_MAX])
    writer = _Writer(families, with_exemplars=any(series.exemplars for series in request.timeseries))
    rejections = [reason for series in request.timeseries if (reason := writer.add(series))]
    writer.add_exemplars(request.timeseries)
    message = ""
    if rejections:
        message = f"{len(rejections)} series were not stored, the others were. The first: {rejections[0]}"
    return Reading(writer.request.SerializeToString(), len(rejections), message)


def _parsed(body: bytes) -> Any:
    request, binary = WriteRequest(), _BINARY_TYPES["WriteRequest"]()
    try:
        request.ParseFromString(body)
    except DecodeError:
        try:
            binary.ParseFromString(body)
        except DecodeError:
            raise BadRequest("The body is not a prometheus.WriteRequest (remote write 1.0).") from None
        mend_text(binary, WriteRequest.DESCRIPTOR)
        request.ParseFromString(binary.SerializeToString())
    return request


class _Writer:
    """The OTLP request in the making: a resource per job and instance, a metric per name, a point per sample."""

    def __init__(self, families: dict[str, Family], *, with_exemplars: bool) -> None:
        self.request = ExportMetricsServiceRequest()
        self._families = families
        self._allowance = Allowance()
        self._attributes: dict[tuple[str, str], KeyValue] = {}  # copying a message is faster than filling one
        self._scopes: dict[tuple[str, str], Any] = {}
        self._points: dict[tuple[str, str, str, str], Any] = {}
        self._last_points: dict[tuple[tuple[str, str], ...], Any] | None = {} if with_exemplars else None

    def add(self, series: Any) -> str:
        """Add a series' samples; says why not."""
        labels = [(label.name, label.value) for label in series.labels]
        name = job = instance = ""
        attributes = []
        for pair in labels:
            key, value = pair
            if key == "__name__":
                name = value
            elif key == "job":
                job = value
            elif key == "instance":
                instance = value
            else:
                attribute = self._attributes.get(pair)
                if attribute is None:
                    attribute = self._attributes[pair] = attribute_of(key, value)
                attributes.append(attribute)
        if not name:
            return "a series has no __name__ label."
        points_count = len(series.samples) + len(series.histograms)
        self._allowance.records(points_count)
        if points_count > 1:
            self._allowance.text(points_count * sum(len(key) + len(value) for key, value in labels))
        point = None
        if series.samples:
            points = self._number_points(job, instance, name)
            for sample in series.samples:
                point = points.add(time_unix_nano=_nanos(sample.timestamp))
                point.attributes.extend(attributes)
                value = sample.value
                if value != value and struct.pack("<d", value) == _STALE:
                    point.flags = _NO_RECORDED_VALUE
                else:
                    point.as_double = value
        for histogram in series.histograms:
            points = self._histogram_points(job, instance, name, histogram)
            point = points.add(time_unix_nano=_nanos(histogram.timestamp))
            point.attributes.extend(attributes)
            if struct.pack("<d", histogram.sum) == _STALE:
                point.flags = _NO_RECORDED_VALUE
            elif reason := fill_histogram_point(point, histogram):
                del points[-1]
                return f"{name[:200]}: {reason}"
        if point is not None and self._last_points is not None:
            self._last_points[tuple(labels)] = point
        return ""

    def add_exemplars(self, all_series: Iterable[Any]) -> None:
        """Exemplars come as series of their own, with the labels of the series whose samples they belong to."""
        if not self._last_points:
            return
        for series in all_series:
            if not series.exemplars:
                continue
            point = self._last_points.get(tuple((label.name, label.value) for label in series.labels))
            if point is not None:
                point.exemplars.extend(_exemplars(series))

    def _number_points(self, job: str, instance: str, name: str) -> Any:
        known = self._points.get((job, instance, name, ""))
        if known is None:
            family = _family_of(name, self._families)
            metric = self._metric(job, instance, name, family)
            if _is_sum(name, family):
                metric.sum.aggregation_temporality = _CUMULATIVE
                metric.sum.is_monotonic = True
                known = metric.sum.data_points
            else:
                known = metric.gauge.data_points
            self._points[job, instance, name, ""] = known
        return known

    def _histogram_points(self, job: str, instance: str, name: str, histogram: Any) -> Any:
        kind = "histogram" if has_custom_buckets(histogram) else "exponential_histogram"
        key = (job, instance, name, f"{kind} {histogram.reset_hint == _GAUGE_HISTOGRAM_HINT}")
        known = self._points.get(key)
        if known is None:
            data = getattr(self._metric(job, instance, name, self._families.get(name)), kind)
            if histogram.reset_hint != _GAUGE_HISTOGRAM_HINT:
                data.aggregation_temporality = _CUMULATIVE
            known = self._points[key] = data.data_points
        return known

    def _metric(self, job: str, instance: str, name: str, family: Family | None) -> Metric:
        scope = self._scopes.get((job, instance))
        if scope is None:
            each = self.request.resource_metrics.add()
            each.resource.attributes.extend(attribute_of(*pair) for pair in _resource(job, instance))
            scope = self._scopes[job, instance] = each.scope_metrics.add()
        metric: Metric = scope.metrics.add(name=name)
        if family is not None:
            self._allowance.text(len(family.help))
            metric.description = family.help
            metric.unit = family.unit
        return metric


def _resource(job: str, instance: str) -> Iterator[tuple[str, str]]:
    namespace, slash, service = job.partition("/")
    if slash and namespace and service and "/" not in service:
        yield "service.namespace", namespace
        yield "service.name", service
    elif job:
        yield "service.name", job
    if instance:
        yield "service.instance.id", instance


def _family_of(name: str, families: dict[str, Family]) -> Family | None:
    found = families.get(name)
    if found is not None:
        return found
    for ending in (*_PART_ENDINGS, "_total"):
        if name.endswith(ending):
            return families.get(name.removesuffix(ending))
    return None


def _is_sum(name: str, family: Family | None) -> bool:
    """Whether the series only grows. `_created` is a moment, `quantile` series are values."""
    if family is None or family.kind == _UNKNOWN:
        return name.endswith(_SUM_ENDINGS)
    if family.kind in (_HISTOGRAM, _SUMMARY):
        return name.endswith(_SUM_ENDINGS)
    return family.kind == _COUNTER and not name.endswith("_created")


def _nanos(timestamp_ms: int) -> int:
    """Zero, which becomes the time of receipt, for moments that are none."""
    return timestamp_ms * _NS_PER_MS if 0 < timestamp_ms < 2**63 // _NS_PER_MS else 0


def _exemplars(series: Any) -> Iterator[Exemplar]:
    for each in series.exemplars:
        exemplar = Exemplar(time_unix_nano=_nanos(each.timestamp), as_double=each.value)
        rest = take_ids(exemplar, ((label.name, label.value) for label in each.labels))
        exemplar.filtered_attributes.extend(attribute_of(*pair) for pair in rest)
        yield exemplar
