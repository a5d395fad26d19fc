import { describe, expect, it } from "vitest";
import { clauseFor, withClause } from "./clause";
import { cellLine, columnLabel, columnViews, filterColumn, gridTracks } from "./columns";
import { eventView } from "./event";
import { formatBytes, formatCount, formatElapsed, formatShort, formatStep } from "./format";
import { faultSpan, tokens } from "./highlight";
import { coverage, describe as describeHistogram, stackLayers } from "./histogram";
import { isPasswordValid } from "./password";
import { relatedTo } from "./related";
import { levelOf, orderGroups } from "./severity";
import { curlSnippet, receiverOf, snippets } from "./telemetry";
import { leaves, prettyJson } from "./tree";

describe("clauses", () => {
  it("writes Lucene for columns and map keys", () => {
    expect(clauseFor(["ServiceName"], "api", "lucene", false)).toBe('ServiceName:"api"');
    expect(clauseFor(["Body"], 'say "hi"\\', "lucene", true)).toBe('NOT Body:"say \\"hi\\"\\\\"');
    expect(clauseFor(["LogAttributes", "http.status"], "200", "lucene", false)).toBe(
      'LogAttributes.http.status:"200"',
    );
    expect(clauseFor(["Duration"], 15, "lucene", false)).toBe("Duration:15");
    expect(clauseFor(["SpanName"], "", "lucene", false)).toBe("NOT SpanName:*");
  });
  it("writes SQL with escaped text", () => {
    expect(clauseFor(["Body"], "it's", "sql", true)).toBe("Body != 'it\\'s'");
    expect(clauseFor(["LogAttributes", "a b"], "x", "sql", false)).toBe("LogAttributes['a b'] = 'x'");
    expect(clauseFor(["ParentId"], null, "sql", false)).toBe("ParentId IS NULL");
  });
  it("refuses what the language cannot say", () => {
    expect(clauseFor(["count()"], 1, "lucene", false)).toBeNull();
    expect(clauseFor(["LogAttributes", "a b"], "x", "lucene", false)).toBeNull();
  });
  it("joins with AND, fences an OR, and adds nothing twice", () => {
    expect(withClause("", "a:1", "lucene")).toBe("a:1");
    expect(withClause("a:1 OR b:2", "c:3", "lucene")).toBe("(a:1 OR b:2) AND c:3");
    expect(withClause('a:"x OR y"', "c:3", "lucene")).toBe('a:"x OR y" AND c:3');
    expect(withClause("a = 1 or b = 2", "c = 3", "sql")).toBe("(a = 1 or b = 2) AND c = 3");
    expect(withClause("a:1 AND c:3", "c:3", "lucene")).toBe("a:1 AND c:3");
  });
});

describe("highlighting", () => {
  it.each([
    ["lucene", 'ServiceName:"api" AND -level:debug took [1 TO 5] "open'],
    ["sql", "ServiceName = 'api' AND lower(Body) like '%x' -- c `q`"],
  ] as const)("keeps the text whole: %s", (language, text) => {
    expect(
      tokens(text, language)
        .map((token) => token.text)
        .join(""),
    ).toBe(text);
  });
  it("tells fields from values", () => {
    expect(tokens('level:"error" AND 5', "lucene").map((token) => token.kind)).toEqual([
      "field",
      "punctuation",
      "string",
      "plain",
      "keyword",
      "plain",
      "number",
    ]);
  });
  it("underlines the word at an error, also at the end of the text", () => {
    expect(faultSpan("a:1 foo)", 4)).toEqual({ from: 4, to: 7 });
    expect(faultSpan("a:(", 3)).toEqual({ from: 2, to: 3 });
  });
});

describe("rows", () => {
  const row = { Body: "hi", LogAttributes: { "http.status": "200", empty: "" }, Links: [] };
  it("opens maps and addresses their keys", () => {
    expect(leaves(row).map((leaf) => [leaf.path, leaf.key])).toEqual([
      ["Body", undefined],
      ["LogAttributes", undefined],
      ["LogAttributes.http.status", "http.status"],
      ["LogAttributes.empty", "empty"],
      ["Links", undefined],
    ]);
  });
  it("searches paths and values, and hides blanks", () => {
    expect(leaves(row, { search: "200" }).map((leaf) => leaf.path)).toEqual([
      "LogAttributes",
      "LogAttributes.http.status",
    ]);
    expect(leaves(row, { hideBlank: true }).map((leaf) => leaf.path)).not.toContain("Links");
  });
  it("indents JSON inside a string", () => {
    expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(prettyJson("plain")).toBeNull();
    expect(prettyJson("{broken")).toBeNull();
  });
});

describe("result columns", () => {
  it("finds the column behind an alias", () => {
    const select = "Timestamp, ServiceName as service, round(Duration / 1e6) as duration, SpanName";
    expect(["service", "SpanName", "duration", "count()"].map((name) => filterColumn(name, select))).toEqual([
      "ServiceName",
      "SpanName",
      null,
      null,
    ]);
  });
  it("knows times, levels and figures by name and type", () => {
    const columns = [
      { name: "Timestamp", type: "DateTime64(9)" },
      { name: "SeverityText", type: "LowCardinality(String)" },
      { name: "duration", type: "Float64" },
      { name: "Body", type: "String" },
    ];
    expect(columnViews(columns, {}, { Body: 300 }).map(({ role }) => role)).toEqual([
      "time",
      "severity",
      "number",
      "text",
    ]);
    expect(gridTracks(columnViews(columns, {}, {}))).toBe("172px 92px 96px minmax(320px, 1fr)");
  });
  it("names the usual duration expression", () => {
    expect([columnLabel("round(Duration / 1e6)"), columnLabel("Body")]).toEqual(["Duration (ms)", "Body"]);
  });
  it("shows one plain line of a text", () => {
    expect(cellLine("\u001b[31mred\u001b[0m\n  next")).toBe("red next");
    expect(cellLine("x".repeat(600))).toHaveLength(501);
  });
});

describe("an event through its source", () => {
  const source = {
    kind: "trace",
    timestampValueExpression: "Timestamp",
    spanNameExpression: "SpanName",
    statusCodeExpression: "StatusCode",
    durationExpression: "Duration",
    durationPrecision: 9,
    eventAttributesExpression: "SpanAttributes",
  };
  const row = {
    Timestamp: "2026-11-23 01:02:03.5",
    SpanName: "charge",
    StatusCode: "Error",
    Duration: 1_500_000,
    SpanAttributes: { "exception.type": "Declined", "http.route": "/pay" },
  };
  it("has a headline, a duration and its exception apart from the attributes", () => {
    const event = eventView(row, source);
    expect(event).toMatchObject({ message: "charge", severity: "Error", durationMs: 1.5 });
    expect(event.exception?.type).toBe("Declined");
    expect(event.groups[0]).toEqual({
      title: "Span attributes",
      row: { SpanAttributes: { "http.route": "/pay" } },
    });
  });
});

it("leads from an event to the rest of its trace", () => {
  const logs = { id: "l", kind: "log", timestampValueExpression: "Timestamp", traceIdExpression: "TraceId" };
  const traces = { ...logs, id: "t", kind: "trace" };
  const metrics = { id: "m", kind: "metric", timestampValueExpression: "TimeUnix" };
  const row = { Timestamp: "2026-11-23 01:00:00", TraceId: "abc" };
  const at = Date.UTC(2026, 10, 23, 1);
  expect(relatedTo(row, logs, [logs, traces, metrics]).map(({ label, where }) => [label, where])).toEqual([
    ["Logs of this trace", 'TraceId:"abc"'],
    ["Spans of this trace", 'TraceId:"abc"'],
  ]);
  expect(relatedTo(row, logs, [traces])[0]?.window).toEqual({ from: at - 3_600_000, to: at + 3_600_000 });
  expect(relatedTo({ ...row, TraceId: "" }, logs, [traces])).toEqual([]);
});

it("stacks counts so that each layer paints its own share", () => {
  const data = {
    granularityS: 10,
    buckets: [0, 10_000],
    groups: [
      { name: "error", counts: [1, 0] },
      { name: "info", counts: [2, 3] },
    ],
  };
  expect(stackLayers(data)).toEqual([
    [0, 10_000],
    [3, 3],
    [1, 0],
  ]);
  expect(coverage(data)).toEqual({ from: 0, to: 20_000 });
  expect(describeHistogram(data, 6)).toBe("6 events in 2 bars, at most 3 in one; 1 error, 5 info");
});

it("folds severities and stacks the painful ones first", () => {
  expect(["ERROR", "Warning", "STATUS_CODE_OK", "info2", "", "Unset"].map(levelOf)).toEqual([
    "error",
    "warn",
    "ok",
    "info",
    "other",
    "info",
  ]);
  expect(orderGroups([{ name: "info" }, { name: "error" }, { name: "" }]).map((group) => group.name)).toEqual(
    ["error", "info", ""],
  );
});

it("checks passwords as the server does", () => {
  expect(isPasswordValid("Correct-horse-7")).toBe(true);
  expect(isPasswordValid("correct-horse-7")).toBe(false);
  expect(isPasswordValid("Short-7")).toBe(false);
});

it("formats figures", () => {
  expect(formatCount(12431)).toBe("12,431");
  expect([formatShort(950), formatShort(12431), formatShort(3_100_000)]).toEqual(["950", "12.4K", "3.1M"]);
  expect([formatBytes(512), formatBytes(1536)]).toEqual(["512 B", "1.5 KiB"]);
  expect([formatElapsed(0.4), formatElapsed(42), formatElapsed(1234)]).toEqual(["0.4 ms", "42 ms", "1.23 s"]);
  expect([formatStep(30), formatStep(300), formatStep(7200)]).toEqual(["30 s", "5 min", "2 h"]);
});

describe("where to send telemetry", () => {
  const config = { collectorUrl: "http://localhost:4318", otlpHttpPort: 4318, otlpGrpcPort: 4317 };
  it("uses the name the page was reached by", () => {
    expect(receiverOf(config, "http://obs.lan:8080/team", "k").endpoint).toBe("http://obs.lan:4318");
    expect(receiverOf(config, "http://localhost:8080/team", "k").endpoint).toBe("http://localhost:4318");
    expect(receiverOf({ collectorUrl: "https://otlp.example.com/" }, "http://x/", "k").endpoint).toBe(
      "https://otlp.example.com",
    );
  });
  it("writes a span whose time the shell fills in", () => {
    const text = curlSnippet(receiverOf(config, "http://localhost:8080", "k"), "trace");
    expect(text).toContain(`"startTimeUnixNano":"'"$(date +%s)"'000000000"`);
    expect(text).toContain("localhost:4318/v1/traces");
  });
  it("fills the key into every snippet", () => {
    for (const snippet of snippets(receiverOf(config, "http://localhost:8080", "the-key"))) {
      expect(snippet.text).toContain("the-key");
    }
  });
});
