/** Copy-paste starting points for sending telemetry, with the key and the address filled in. */
export type Receiver = { endpoint: string; grpcEndpoint: string; key: string };
export type Snippet = { id: string; label: string; note: string; text: string };

/**
 * Where this server's OTLP receiver is, as seen from a program. The configured address counts unless it names
 * localhost while the page was reached by another name.
 */
export function receiverOf(
  config: { collectorUrl?: string; otlpHttpPort?: number; otlpGrpcPort?: number } | undefined,
  pageUrl: string,
  key: string,
): Receiver {
  const page = new URL(pageUrl);
  const port = config?.otlpHttpPort ?? 4318;
  let endpoint = `${page.protocol}//${page.hostname}:${port}`;
  if (config?.collectorUrl && URL.canParse(config.collectorUrl)) {
    const url = new URL(config.collectorUrl);
    const isLocal = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"].includes(url.hostname);
    if (!isLocal || url.hostname === page.hostname) endpoint = config.collectorUrl.replace(/\/+$/, "");
  }
  const host = new URL(endpoint).hostname;
  return { endpoint, grpcEndpoint: `${host}:${config?.otlpGrpcPort ?? 4317}`, key };
}

/** One event for the terminal: a log line, or a span where spans are wanted. */
export function curlSnippet(receiver: Receiver, signal: "log" | "trace" = "log"): string {
  return signal === "trace" ? curl(receiver, "v1/traces", oneSpan()) : curl(receiver, "v1/logs", oneLog());
}

function curl({ endpoint, key }: Receiver, path: string, body: string): string {
  return [
    `curl -i ${endpoint}/${path} \\`,
    `  -H 'authorization: ${key}' \\`,
    "  -H 'content-type: application/json' \\",
    `  -d '${body}'`,
  ].join("\n");
}

/** The shell fills in the time: it leaves the single quotes for `$(date …)` and comes back. */
function oneSpan(): string {
  const now = `'"$(date +%s)"'000000000`;
  const span = {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    name: "hello",
    startTimeUnixNano: now,
    endTimeUnixNano: now,
  };
  const body = { resourceSpans: [{ resource: HELLO, scopeSpans: [{ spans: [span] }] }] };
  return JSON.stringify(body).replaceAll('\\"$(date +%s)\\"', '"$(date +%s)"');
}

const HELLO = { attributes: [{ key: "service.name", value: { stringValue: "hello" } }] };

function oneLog(): string {
  const record = { severityText: "INFO", body: { stringValue: "Hello from curl" } };
  return JSON.stringify({ resourceLogs: [{ resource: HELLO, scopeLogs: [{ logRecords: [record] }] }] });
}

export function snippets(receiver: Receiver): Snippet[] {
  const { endpoint, grpcEndpoint, key } = receiver;
  const environment = [
    `export OTEL_EXPORTER_OTLP_ENDPOINT='${endpoint}'`,
    "export OTEL_EXPORTER_OTLP_PROTOCOL='http/protobuf'",
    `export OTEL_EXPORTER_OTLP_HEADERS='authorization=${key}'`,
    "export OTEL_SERVICE_NAME='my-service'",
  ].join("\n");
  return [
    {
      id: "env",
      label: "Environment",
      note: "Every OpenTelemetry SDK reads these four variables.",
      text: environment,
    },
    { id: "curl", label: "curl", note: "One log line, to see it arrive.", text: curlSnippet(receiver) },
    {
      id: "python",
      label: "Python",
      note: "No code change: the launcher instruments the libraries it finds.",
      text: [
        "pip install opentelemetry-distro opentelemetry-exporter-otlp",
        "opentelemetry-bootstrap -a install",
        "",
        environment,
        "export OTEL_LOGS_EXPORTER='otlp'",
        "export OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED='true'",
        "",
        "opentelemetry-instrument python app.py",
      ].join("\n"),
    },
    {
      id: "node",
      label: "Node.js",
      note: "No code change: the register hook instruments the libraries it finds.",
      text: [
        "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node",
        "",
        environment,
        "export OTEL_LOGS_EXPORTER='otlp'",
        "",
        "node --require @opentelemetry/auto-instrumentations-node/register app.js",
      ].join("\n"),
    },
    {
      id: "collector",
      label: "Collector",
      note: "Add the exporter to a collector you already run, then name it in each pipeline.",
      text: [
        "exporters:",
        "  otlp/clickstack:",
        `    endpoint: ${grpcEndpoint}`,
        "    tls:",
        `      insecure: ${endpoint.startsWith("https") ? "false" : "true"}`,
        "    headers:",
        `      authorization: ${key}`,
        "",
        "service:",
        "  pipelines:",
        "    logs:    { receivers: [otlp], processors: [batch], exporters: [otlp/clickstack] }",
        "    traces:  { receivers: [otlp], processors: [batch], exporters: [otlp/clickstack] }",
        "    metrics: { receivers: [otlp], processors: [batch], exporters: [otlp/clickstack] }",
      ].join("\n"),
    },
  ];
}
