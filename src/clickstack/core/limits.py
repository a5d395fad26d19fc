"""Every bound in the program, its unit in its name, and what breaks above it."""

from __future__ import annotations

# --- What one client may send -------------------------------------------------------------------------------
INGEST_BODY_BYTES_MAX = (
    64 * 1024 * 1024
)  # before and after inflation (OTLP recommends 64 MiB); above: memory per request
API_BODY_BYTES_MAX = 32 * 1024 * 1024  # as the reference; above: a dashboard nobody can render
FORM_FIELDS_MAX = 1_000  # of a form sent instead of JSON, as the reference; above: 32 MB of `&` become gigabytes
LOGIN_BODY_BYTES_MAX = 64 * 1024  # a form with two fields; above: hashing of megabytes
GRPC_WORKERS = 8  # threads that hold a request each; more only wait for the same fsync
INGEST_REQUESTS_IN_FLIGHT_MAX = 256  # bodies held in memory at once; above: 429
INGEST_BYTES_IN_FLIGHT_MAX = 256 * 1024 * 1024  # the same in bytes, after inflation
RECORD_BYTES_MAX = 16 * 1024 * 1024  # one record; above: it is rejected alone, its row would take ten times as much
HISTOGRAM_BUCKETS_MAX = 16_384  # of one point, gaps filled; usual are 160; above: a point no chart shows
EXPONENTIAL_SCALE_MIN, EXPONENTIAL_SCALE_MAX = -10, 20  # as SDKs; below: two buckets hold every number there is

# --- Prometheus, Loki and Fluent senders ----------------------------------------------------------------------
REQUEST_RECORDS_MAX = 1_000_000  # of one request or message; above: records of three bytes would take gigabytes
REQUEST_REPEATED_BYTES_MAX = 512 * 1024 * 1024  # resource and scope, once per record; above: small requests, huge rows
REMOTE_WRITE_FAMILIES_MAX = 20_000  # metric families whose kind, help and unit are remembered; above: only the known
REMOTE_WRITE_HELP_CHARS_MAX = 1_000  # of each; above: the text is cut
FLUENT_MESSAGE_BYTES_MAX = 32 * 1024 * 1024  # one message as sent, four times Fluentd's usual; above: memory
FLUENT_CONNECTIONS_MAX = 256  # open at once, each with a buffer; above: a new one is closed
FLUENT_HANDSHAKE_S = 10.0  # from connection to a good PING; above: strangers hold connections
FLUENT_IDLE_S = 3_600.0  # without a byte; senders keep connections open between flushes
FLUENT_PARTIAL_S = 60.0  # without a byte inside a message, which holds memory
FLUENT_ROOM_WAIT_S = 60.0  # longest a connection waits for memory before it is closed
FLUENT_RECORD_VALUES_MAX = 100_000  # keys, values and containers of one record; above: a row nobody reads
FLUENT_NESTING_MAX = 24  # maps in each other; the protobuf library reads up to 100 messages, three per map

# --- Spool --------------------------------------------------------------------------------------------------
SPOOL_COMMIT_DELAY_S = 0.005  # how long a commit waits for company; an ack costs at most this plus one fsync
SPOOL_SEGMENT_BYTES = 32 * 1024 * 1024  # close a segment at this size: one INSERT of about 100,000 records
SPOOL_SEGMENT_AGE_S = 1.0  # ... or at this age: each load costs a twentieth of a second, however few its rows
SPOOL_LOADERS = 2  # segments of one signal loaded at once; each insert is one thread, more would starve the queries
SPOOL_LOAD_ATTEMPT_DELAY_S_MAX = 30.0  # back-off ceiling while the engine refuses everything

# --- What one query may take (see store.POOLS) -----------------------------------------------------------------
QUERY_MEMORY_BYTES_MAX = 4 * 1024**3  # one query; the engine's own cap stands above it
QUERY_RESULT_ROWS_MAX = 1_000_000  # rows sent back by one query; above: nobody reads them, JSON eats the memory
QUERY_WAIT_S_MAX = 30.0  # longest a query waits for a free connection before Busy
SEARCH_ROWS_MAX = 4_000  # rows of one search page, as the reference's row download
SEARCH_ROWS_DEFAULT = 200
QUERY_THREADS_MAX = 16  # queries of the API at once, running or waiting for a connection; above: they queue
CHART_SERIES_MAX = 5  # series of one charts/series request (published contract)
CHART_GROUP_BY_MAX = 10  # groupBy entries of one series (published contract)
CHART_SELECTS_MAX = 20  # values of one chart (published contract)
CHART_FORMULAS_MAX = 10  # formulas of one chart (published contract)
CHART_TEXT_CHARS_MAX = 10_000  # an expression, filter or alias of a chart (published contract)
CHART_TABLE_ROWS_DEFAULT = 200  # rows of a table that says no limit, as the reference
CHART_CATEGORIES_MAX = 500  # slices or bars of a pie or bar chart; above: nobody tells them apart
CHART_SERIES_LIMIT_MAX = 5_000  # groups kept by a series limit; above: no limit is meant
FORMULA_CHARS_MAX = 1_024  # as the reference
FORMULA_NESTING_MAX = 64  # parentheses and signs inside each other; above: the stack
CHART_BUCKETS_MAX = 100_000  # explicit granularity over a long range; above: a chart no screen shows
QUERY_TEXT_CHARS_MAX = 32_768  # a Lucene or SQL text; above: parsing costs more than the answer is worth
CHART_ROWS_MAX = 100_000  # points of one series, as the reference; above: 400 instead of a silently cut chart
QUERY_TERMS_MAX = 1_000  # words, brackets and operators of one Lucene text; above: the engine's own parser gives up
RAW_ROWS_MAX = 10_000  # rows of a raw SQL table, as the reference; above: cut, and said so
RAW_TEXT_CHARS_MAX = 100_000  # a raw SQL statement (published contract)
RAW_EXPANSIONS_MAX = 50_000  # macros, variables and their values in one statement; above: megabytes of SQL
RAW_TEXTS_REMEMBERED_MAX = 200  # statements known to reach only what they may; each up to RAW_TEXT_CHARS_MAX
RAW_MACRO_NESTING_MAX = 4  # macros inside arguments of macros; most write their argument twice
VARIABLE_VALUES_MAX = 1_000  # values selected for one dashboard variable; above: a query no engine plans quickly
VARIABLE_NAME_CHARS_MAX = 64  # published contract
QUERY_NESTING_MAX = 100  # parentheses inside each other; above: the stack

# --- Exploring ----------------------------------------------------------------------------------------------
EXPLORE_SAMPLE_ROWS_MAX = 200_000  # events read for values and facets; above: a sample, and the counts are estimates
FACET_RECOUNT_ROWS_MAX = 100_000  # events counted where an estimate was at hand; above: the scan takes too long
DICTIONARY_TOKENS_MAX = 500_000  # tokens of an index read for one list, about 0.2 s; above: the list is cut
KEYS_SAMPLE_ROWS = 20_000  # events read for the keys of a map that nothing has counted
KEYS_PER_MAP_MAX = 1_000  # keys of one map listed, as the reference
VALUES_MAX, VALUES_DEFAULT = 10_000, 20  # values of one key listed, as the reference
FACETS_MAX = 50  # keys of one facets request; above: each event becomes that many rows
TRACE_SPANS_MAX = 20_000  # spans of one trace; above: megabytes that no waterfall shows
TRACE_LOGS_MAX = 2_000  # logs of one trace
TRACE_LOG_CHARS_MAX = 1_000  # of one log's text; the whole of it is in its row
TRACE_EVENTS_MAX = 50  # events of one span
PATTERN_SAMPLE_ROWS = 10_000  # events that patterns are mined from, as the reference
PATTERN_TEXT_CHARS_MAX = 2_000  # of one text; what differs beyond makes no pattern anybody reads
PATTERNS_MAX, PATTERNS_DEFAULT = 1_000, 100  # patterns listed
DELTA_SAMPLE_ROWS, DELTA_SAMPLE_ROWS_MAX = 1_000, 5_000  # events of each of two compared groups, as the reference
DELTA_TEXT_CHARS_MAX = 200  # of one compared value
DELTAS_MAX, DELTAS_DEFAULT = 1_000, 100  # properties listed
HEATMAP_COLUMNS_MAX = 245  # buckets of time, as the reference
HEATMAP_ROWS_MAX = 200  # buckets of the value

# --- Alerts -------------------------------------------------------------------------------------------------
ALERT_CATCH_UP_WINDOWS_MAX = 50  # missed windows judged after a downtime, as the reference; above: news nobody needs
ALERT_CATCH_UP_SHORT_S = 6 * 3_600  # how far back, for intervals below 15 minutes
ALERT_CATCH_UP_LONG_S = 24 * 3_600  # ... and for the others
TEMPLATE_CHARS_MAX = 16_384  # of a message template, the largest body the published contract allows
TEMPLATE_NESTING_MAX = 20  # blocks or parentheses inside each other; above: the stack
TEMPLATE_OUTPUT_CHARS_MAX = 65_536  # of a rendered message; above: cut, no channel takes it
TEMPLATE_STEPS_MAX = 20_000  # nodes written by one rendering; above: loops in loops

# --- Accounts ----------------------------------------------------------------------------------------------
PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX = 12, 72  # as the reference; above 72 other products cut silently
EMAIL_CHARS_MAX = 254  # RFC 5321
NAME_CHARS_MAX = 100  # of a team
SESSION_LIFE_S = 30 * 24 * 3600  # rolling, as the reference
API_WINDOW_S = 60  # of the budget of requests, whose size is a setting (published contract: 100)
LIST_PAGE_MAX = 1_000  # objects of one page of a list, and what a request without limit gets (published contract)
API_CALLERS_MAX = 10_000  # keys and addresses counted at once; above: the oldest window is forgotten
LOGIN_FAILURES_MAX, LOGIN_WINDOW_S = 10, 15 * 60  # wrong passwords per address and e-mail; above: guessing pays
LOGIN_CALLERS_MAX = 10_000  # pairs of address and e-mail counted at once; above: the oldest window is forgotten
PASSWORD_HASHES_AT_ONCE = 2  # 64 MiB and a core each; above: logins crowd out everything else
PASSWORD_WAIT_S_MAX = 5.0  # longest a login waits for its turn to hash before Busy
SESSIONS_PER_USER_MAX = 100  # live sessions of one person; above: the oldest ends
SESSION_ROLL_S = 3600  # a session is prolonged at most this often; below: a write per request
INGESTION_KEYS_MAX = 100  # keys of a team in force at once; above: nobody knows which is whose
INGESTION_KEY_NAME_CHARS_MAX = 100
INGESTION_KEY_USE_S = 60  # a key's last use is written at most this often; below: a write per request
INGESTION_KEYS_LIFE_S = 2.0  # how long a rotated ingestion key may live on in another process

# --- Retention ----------------------------------------------------------------------------------------------
RETENTION_S_MIN = 3600  # that people may choose; below: a slip of the pen (1m for a month) empties the tables
RETENTION_S_MAX = 10 * 365 * 24 * 3600  # above: ClickHouse's DateTime ends in 2106, and a moment past it wraps to 1970

# --- Metadata database ----------------------------------------------------------------------------------------
METADATA_CONNECTIONS_MAX = 16  # open connections; above: callers wait
METADATA_WAIT_S_MAX = 10.0  # longest a call waits for a connection or a write lock

# --- The server's own telemetry ---------------------------------------------------------------------------------
SELF_TELEMETRY_QUEUE_MAX = 4_096  # spans or log lines that wait; above: they are dropped and counted
SELF_TELEMETRY_BATCH_MAX = 512  # of them in one request to ourselves
SELF_TELEMETRY_DELAY_S = 2.0  # how long they wait for company
SELF_TELEMETRY_METRICS_S = 30.0  # between two looks at the metrics
SELF_TELEMETRY_TEXT_CHARS_MAX = 8_192  # of one attribute; above: a stack trace nobody reads

assert SEARCH_ROWS_DEFAULT <= SEARCH_ROWS_MAX <= QUERY_RESULT_ROWS_MAX
assert SPOOL_SEGMENT_BYTES <= INGEST_BODY_BYTES_MAX <= INGEST_BYTES_IN_FLIGHT_MAX
assert SELF_TELEMETRY_BATCH_MAX <= SELF_TELEMETRY_QUEUE_MAX
