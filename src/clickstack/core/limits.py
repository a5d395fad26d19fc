"""Every bound in the program, its unit in its name, and what breaks above it."""

from __future__ import annotations

# --- What one client may send -------------------------------------------------------------------------------
INGEST_BODY_BYTES_MAX = (
    64 * 1024 * 1024
)  # before and after inflation (OTLP recommends 64 MiB); above: memory per request
API_BODY_BYTES_MAX = 32 * 1024 * 1024  # as the reference; above: a dashboard nobody can render
LOGIN_BODY_BYTES_MAX = 64 * 1024  # a form with two fields; above: hashing of megabytes
GRPC_WORKERS = 8  # threads that hold a request each; more only wait for the same fsync
INGEST_REQUESTS_IN_FLIGHT_MAX = 256  # bodies held in memory at once; above: 429
INGEST_BYTES_IN_FLIGHT_MAX = 256 * 1024 * 1024  # the same in bytes, after inflation

# --- Spool --------------------------------------------------------------------------------------------------
SPOOL_COMMIT_DELAY_S = 0.005  # how long a commit waits for company; an ack costs at most this plus one fsync
SPOOL_SEGMENT_BYTES = 32 * 1024 * 1024  # close a segment at this size: one INSERT of about 100,000 records
SPOOL_SEGMENT_AGE_S = 0.5  # ... or at this age: quiet systems are searchable in about a second
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
CHART_BUCKETS_MAX = 100_000  # explicit granularity over a long range; above: a chart no screen shows
QUERY_TEXT_CHARS_MAX = 32_768  # a Lucene or SQL text; above: parsing costs more than the answer is worth
CHART_ROWS_MAX = 100_000  # points of one series, as the reference; above: 400 instead of a silently cut chart
QUERY_TERMS_MAX = 1_000  # words, brackets and operators of one Lucene text; above: the engine's own parser gives up
QUERY_NESTING_MAX = 100  # parentheses inside each other; above: the stack

# --- Accounts ----------------------------------------------------------------------------------------------
PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX = 12, 72  # as the reference; above 72 other products cut silently
EMAIL_CHARS_MAX = 254  # RFC 5321
NAME_CHARS_MAX = 100  # of a team
SESSION_LIFE_S = 30 * 24 * 3600  # rolling, as the reference
API_REQUESTS_PER_WINDOW, API_WINDOW_S = 100, 60  # per personal key (published contract)
API_CALLERS_MAX = 10_000  # keys and addresses counted at once; above: the oldest window is forgotten
LOGIN_FAILURES_MAX, LOGIN_WINDOW_S = 10, 15 * 60  # wrong passwords per address and e-mail; above: guessing pays
LOGIN_CALLERS_MAX = 10_000  # pairs of address and e-mail counted at once; above: the oldest window is forgotten
PASSWORD_HASHES_AT_ONCE = 2  # 64 MiB and a core each; above: logins crowd out everything else
PASSWORD_WAIT_S_MAX = 5.0  # longest a login waits for its turn to hash before Busy
SESSIONS_PER_USER_MAX = 100  # live sessions of one person; above: the oldest ends
SESSION_ROLL_S = 3600  # a session is prolonged at most this often; below: a write per request
INGESTION_KEYS_LIFE_S = 2.0  # how long a rotated ingestion key may live on in another process

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
