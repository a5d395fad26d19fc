import type { WhereLanguage } from "./clause";

type Examples = { placeholder: string; queries: readonly string[] };

const LOGS: Record<WhereLanguage, Examples> = {
  lucene: {
    placeholder: 'Search words, or ServiceName:"checkout" AND SeverityText:"error"',
    queries: [
      'SeverityText:"error"',
      "timeout OR refused",
      'NOT ServiceName:"frontend"',
      "LogAttributes.http.route:*",
    ],
  },
  sql: {
    placeholder: "ServiceName = 'checkout' AND SeverityText = 'error'",
    queries: ["SeverityText = 'error'", "Body ILIKE '%timeout%'", "LogAttributes['http.route'] != ''"],
  },
};

const TRACES: Record<WhereLanguage, Examples> = {
  lucene: {
    placeholder: 'Search span names, or ServiceName:"checkout" AND StatusCode:"Error"',
    queries: [
      'StatusCode:"Error"',
      "Duration:>500000000",
      'SpanKind:"Server"',
      "SpanAttributes.http.route:*",
    ],
  },
  sql: {
    placeholder: "ServiceName = 'checkout' AND Duration > 500e6",
    queries: ["StatusCode = 'Error'", "Duration > 500e6", "ParentSpanId = ''"],
  },
};

const SESSIONS: Record<WhereLanguage, Examples> = {
  lucene: { placeholder: "Search session events", queries: ["LogAttributes.rum.sessionId:*"] },
  sql: {
    placeholder: "LogAttributes['rum.sessionId'] != ''",
    queries: ["LogAttributes['rum.sessionId'] != ''"],
  },
};

/** Queries a person can start from, for the tables this server creates. */
export function examplesFor(kind: string | undefined, language: WhereLanguage): Examples {
  if (kind === "trace") return TRACES[language];
  return kind === "session" ? SESSIONS[language] : LOGS[language];
}
