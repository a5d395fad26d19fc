// A small program with the official OpenTelemetry SDK of Node: one span over protobuf, its log over JSON, a counter over
// gRPC. Usage: node send.mjs <http url> <grpc url> <ingestion key> <service name>
import { Metadata } from "@grpc/grpc-js";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [httpUrl, grpcUrl, key, service] = process.argv.slice(2);
const headers = { authorization: key };
const metadata = new Metadata();
metadata.set("authorization", key);
const resource = resourceFromAttributes({ "service.name": service });

const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [
    new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${httpUrl}/v1/traces`, headers, compression: "gzip" })),
  ],
});
const loggers = new LoggerProvider({
  resource,
  processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${httpUrl}/v1/logs`, headers }) })],
});
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: grpcUrl, metadata }) })],
});

const span = tracers.getTracer("shop").startSpan("GET /cart", { attributes: { "http.route": "/cart", nested: ["a", 1] } });
span.recordException(new TypeError("cart is undefined"));
span.end();
loggers.getLogger("shop").emit({
  severityText: "ERROR",
  severityNumber: 17,
  body: { msg: "cart failed", order: { id: 17 } },
  attributes: { attempt: 2, ratio: 0.5, last: true },
});
meters.getMeter("shop").createCounter("carts").add(3, { currency: "EUR" });
await Promise.all([tracers.forceFlush(), loggers.forceFlush(), meters.forceFlush()]);
await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()]);
