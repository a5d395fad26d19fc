"""Every bound in the program, its unit in its name, and what breaks above it."""

from __future__ import annotations

# --- What one client may send -------------------------------------------------------------------------------
HTTP_HEAD_BYTES_MAX = 64 * 1024  # address and headers of a request of anybody; above: strangers fill memory
HTTP_CONNECTIONS_MAX = 8_192  # of one port at once, fewer where the process may open few files; above: 503
HTTP_BODY_PAUSE_S = 60.0  # in the middle of a body, or of reading a reply; above: strangers hold connections
HTTP_HEAD_S = 30.0  # from the first byte of a request to the last of its headers; above: strangers hold connections
INGEST_BODY_BYTES_MAX = (
    64 * 1024 * 1024
)  # before and after inflation (OTLP recommends 64 MiB); above: memory per request
API_BODY_BYTES_MAX = 4 * 1024 * 1024  # the largest object but a dashboard, with room; above: memory per request
DASHBOARD_BODY_BYTES_MAX = 32 * 1024 * 1024  # as the reference; above: a dashboard nobody can render
API_JSON_PARTS_MAX = 1_000_000  # objects, lists and members of a body; above: parsing holds everybody up for seconds
FORM_FIELDS_MAX = 1_000  # of a form sent instead of JSON, as the reference; above: 32 MB of `&` become gigabytes
LOGIN_BODY_BYTES_MAX = 64 * 1024  # a form with two fields, and whatever a stranger sends; above: work for nobody
GRPC_WORKERS = 8  # requests that are read and committed at once; more only wait for the same fsync
GRPC_CALLS_MAX = 32  # threads, each with a call whose message is arriving, or waits for its turn; above: calls queue
GRPC_MESSAGE_S = 60  # from a call to its whole message; above: senders on dead or very slow lines hold threads
GRPC_IDLE_S = 900  # of a connection without a call; clients connect again by themselves
INGEST_QUICK_BYTES_MAX = 160 * 1024  # plain requests up to this are read where they arrive: another thread costs more
INGEST_REQUESTS_IN_FLIGHT_MAX = 256  # bodies held in memory at once; above: 429
INGEST_BYTES_IN_FLIGHT_MAX = 256 * 1024 * 1024  # the same in bytes, after inflation
REQUEST_SMALL_PARTS_MAX = 4_000_000  # messages and texts of up to 9 bytes in one request; above: 128 bytes each
REQUEST_JSON_PARTS_MAX = 2_000_000  # objects and arrays of one JSON request; above: hundreds of bytes each
REQUEST_JSON_VALUES_MAX = 8_000_000  # members and items of the same, two bytes each; above: a gigabyte of numbers
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
FLUENT_PARTIAL_S = 60.0  # without a byte inside a message, or taken of what we say: both hold memory
FLUENT_ROOM_WAIT_S = 60.0  # longest a connection waits for memory before it is closed
FLUENT_RECORD_VALUES_MAX = 100_000  # keys, values and containers of one record; above: a row nobody reads
FLUENT_NESTING_MAX = 24  # maps in each other; the protobuf library reads up to 100 messages, three per map

# --- Spool --------------------------------------------------------------------------------------------------
SPOOL_COMMIT_DELAY_S = 0.001  # how long a commit waits for company; more comes together while the last one is synced
SPOOL_SEGMENT_BYTES = {  # close a segment at this size: an INSERT of about 100,000 records takes 200 MB, and ...
    "logs": 24 * 1024 * 1024,
    "traces": 24 * 1024 * 1024,
    "metrics": 96 * 1024 * 1024,  # ... points are small, and go to several tables: fewer INSERTs and merges
}
SPOOL_SEGMENT_AGE_S = 1.0  # ... or at this age: each load costs a twentieth of a second, however few its rows
SPOOL_SEGMENT_AGE_BUSY_S = (
    3.0  # ... while another load is running: fewer, larger ones cost less, and this is still soon
)
SPOOL_LOADERS = 2  # segments of one signal loaded at once; each insert is one thread, more would starve the queries
SPOOL_LOAD_ATTEMPT_DELAY_S_MAX = 30.0  # back-off ceiling while the engine refuses everything

STOP_WAIT_S = 10.0  # longest a stopping server waits for a thread of its own; above: it ends without, and says so
ERRAND_WAIT_S = 30.0  # longest a command waits for the running server to do what it asks

# --- What one query may take (see store.POOLS) -----------------------------------------------------------------
QUERY_MEMORY_BYTES_MAX = 4 * 1024**3  # one query; the engine's own cap stands above it
QUERY_RESULT_ROWS_MAX = 1_000_000  # rows sent back by one query; above: nobody reads them, JSON eats the memory
QUERY_RESULT_BYTES_MAX = 128 * 1024**2  # the same, as columns and as text; as objects it is up to ten times that
QUERIES_STUCK_MAX = 4  # that hear neither limit nor cancel, and whose connections are replaced; each keeps a core busy
QUERY_STUCK_S = 10.0  # after its limit of time a query is stuck; before: it may still be ending
QUERY_SECONDS_MIN = 0.001  # that a setting may allow a query; the engine takes less than a microsecond for no limit
SETTING_THREADS_MAX = 64  # of one query by a setting of its source; above: thousands of threads for one chart
SETTING_BLOCK_ROWS_MAX = 1_048_576  # rows computed at once by such a setting; above: memory before the first check
SETTING_SPILL_BYTES_MIN = 16 * 1024 * 1024  # before a query writes files; below: thousands of files for one query
QUERY_WAIT_S_MAX = 30.0  # longest a query waits for a free connection before Busy
SEARCH_ROWS_MAX = 4_000  # rows of one search page, as the reference's row download
SEARCH_ROWS_DEFAULT = 200
SEARCH_FILTERS_MAX = 100  # conditions beside the search text; a person picks a dozen
SEARCH_AROUND_MAX = 500  # rows on each side of one; above: page on with a search
QUERY_THREADS_MAX = 16  # queries of the API at once, running or waiting for a connection; above: they queue
CHART_SERIES_MAX = 5  # series of one charts/series request (published contract)
CHART_GROUP_BY_MAX = 10  # groupBy entries of one series (published contract)
CHART_SELECTS_MAX = 20  # values of one chart (published contract)
CHART_CTES_MAX = 10  # queries by name in one chart
CHART_FORMULAS_MAX = 10  # formulas of one chart (published contract)
CHART_TEXT_CHARS_MAX = 10_000  # an expression, filter or alias of a chart (published contract)
CHART_TABLE_ROWS_DEFAULT = 200  # rows of a table that says no limit, as the reference
CHART_CATEGORIES_MAX = 500  # slices or bars of a pie or bar chart; above: nobody tells them apart
CHART_SERIES_LIMIT_MAX = 5_000  # groups kept by a series limit; above: no limit is meant
FORMULA_CHARS_MAX = 1_024  # as the reference
FORMULA_NESTING_MAX = 64  # parentheses and signs inside each other; above: the stack
VIEWS_TRIED_MAX = 20  # materialized views of a source that are tried for a chart, a few ms each; above: ignored
CHART_BUCKETS_MAX = 100_000  # explicit granularity over a long range; above: a chart no screen shows
QUERY_TEXT_CHARS_MAX = 32_768  # a Lucene or SQL text; above: parsing costs more than the answer is worth
CHART_ROWS_MAX = 100_000  # points of one series, as the reference; above: 400 instead of a silently cut chart
QUERY_TERMS_MAX = 1_000  # words, brackets and operators of one Lucene text; above: the engine's own parser gives up
RAW_ROWS_MAX = 10_000  # rows of a raw SQL table, as the reference; above: cut, and said so
RAW_TEXT_CHARS_MAX = 100_000  # a raw SQL statement (published contract)
RAW_EXPANSIONS_MAX = 50_000  # macros, variables and their values in one statement; above: megabytes of SQL
RAW_TEXTS_REMEMBERED_MAX = 200  # statements known to reach only what they may; each up to RAW_TEXT_CHARS_MAX
RAW_NAMES_REMEMBERED_MAX = 5_000  # names in statements known to be no tables of others
RAW_MACRO_NESTING_MAX = 4  # macros inside arguments of macros; most write their argument twice
VERBATIM_ANSWER_BYTES_MAX = 64 * 1024**2  # answer to a statement of a ClickHouse client; above: it fills memory
VARIABLE_VALUES_MAX = 1_000  # values selected for one dashboard variable; above: a query no engine plans quickly
VARIABLE_NAME_CHARS_MAX = 64  # published contract
QUERY_NESTING_MAX = 100  # parentheses inside each other; above: the stack

# --- Dashboards (bounds without a reason are those of the published contract) ---------------------------------
DASHBOARD_NAME_CHARS_MAX = 1_024
DASHBOARD_TILES_MAX = 500
DASHBOARD_TAGS_MAX, TAG_CHARS_MAX = 50, 32
DASHBOARD_CONTAINERS_MAX, CONTAINER_TABS_MAX, CONTAINER_NAME_CHARS_MAX = 50, 20, 256
DASHBOARD_TEXTS_BYTES_MAX = 64 * 1024 * 1024  # of lists kept in memory, all teams together
PACKED_LIST_BYTES_MIN = 64 * 1024  # of a list that is kept deflated; below: packing it takes a millisecond
PACKED_LISTS_BYTES_MAX = 16 * 1024 * 1024  # of deflated lists kept in memory, all teams together
DASHBOARD_TEXTS_FETCHED_MAX = 500  # asked for by id; above: one query for all of the team costs less
TILE_ID_CHARS_MAX = 36
MARKDOWN_CHARS_MAX, SERIES_MARKDOWN_CHARS_MAX = 50_000, 100_000  # of a tile, and of the older form
COLOR_RULES_MAX, COLOR_LABEL_CHARS_MAX, COLOR_TEXT_CHARS_MAX = 10, 40, 200
CLICK_FILTERS_MAX = 50  # filters a click hands on, as the reference; above: an address no browser opens
BODY_ITEMS_MAX = 10_000  # of a list of a body that has no bound of its own; above: a fault of each takes gigabytes
MOMENT_MS_MAX = 7_258_118_400_000  # the year 2200: moments people name; above, and before 1970: a slip of the pen
ENDLESS_MS_MAX = 99_999_999_999_999  # what clients of v2 send for an open end; above: beyond all calendars
JSON_INTEGER_MAX = 2**53 - 1  # above it clients that read numbers as JavaScript does see another one

# --- Exploring ----------------------------------------------------------------------------------------------
EXPLORE_SAMPLE_ROWS_MAX = 200_000  # events read for values and facets; above: a sample, and the counts are estimates
EXPLORE_READ_ROWS_MAX = 2_000_000  # rows looked at for events under a filter; above: runs of neighbours, and estimates
EXPLORE_READ_ROWS_UNFILTERED_MAX = 1_000_000  # the same for what nothing has counted beforehand
FACET_RECOUNT_ROWS_MAX = 100_000  # events counted where an estimate was at hand; above: the scan takes too long
PARTS_AGE_S_MAX = 2.0  # a list of a table's parts; what we write ends it, so only merges go unseen so long
PARTS_TABLES_MAX = 1_000  # tables whose parts are remembered; above: the oldest are forgotten
DICTIONARY_TOKENS_MAX = 500_000  # tokens of an index read for one list, about 0.2 s; above: the list is cut
SEARCH_ENGINE_S_MAX = 180  # all windows of one page together; each has the limit of a query besides
METRIC_READ_ROWS_MAX = 400_000  # points of one metric looked at; above: runs, whose series repeat their attributes
KEYS_SAMPLE_ROWS = 20_000  # events read for the keys of a map that nothing has counted
KEYS_READ_ROWS_MAX = 200_000  # rows looked at for them; above: runs of neighbours, which repeat their keys anyway
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
ALERT_GROUPS_MAX = 1_000  # groups of one alert that are judged; above: the others are counted and said to be left out
ALERT_GROUPS_LOGGED_MAX = 50  # groups kept of one window in the evaluation log, the worst first, as the reference
CHANNEL_WORD_CHARS_MAX = 100  # the name of a service, the id of a channel of Slack; kept for clients
ALERT_GROUP_NAME_CHARS = 500  # of a group's name and of each of its values; above: cut, and told apart by a digest
ALERT_SAMPLED_GROUPS_MAX = 20  # groups of one alert and round whose message shows events; each is a query
ALERT_TARGETS_MAX = 20  # targets of one message, as the reference
ALERT_ERRORS_MAX = 20  # execution errors shown on one alert, the newest
ALERT_ERROR_CHARS_MAX = 10_000  # of one execution error, as the reference
ALERT_TROUBLE_WINDOWS_MAX = 100  # failed windows before people are told of them; each is looked at after a failure
ALERT_RETRY_MS = 30_000  # after a failure, before the same windows are asked for again
ALERT_VERDICTS_PER_WRITE = 200  # verdicts stored in one transaction; above: others wait long for the database
ALERT_SCANS_AT_ONCE = 2  # queries of alerts side by side: the background pool of the store has as many connections
ALERT_ROUND_EVERY_S = 5.0  # between two looks at what is due
CLOCK_AHEAD_MS = 3_600_000  # what is further in the future was written by a clock that was wrong; above any wait
ALERT_LEASE_MS = 20_000  # without a sign of life another process takes over; well under the 30 s that are promised
ALERT_HISTORY_S = 30 * 86_400  # how long evaluations and transitions are kept, as the reference
DELIVERY_LOG_S = 30 * 86_400  # how long sent and failed messages are listed
DELIVERY_ROUND_EVERY_S = 1.0  # between two looks into the outbox, unless a message is done before
DELIVERY_PAUSE_S = 0.05  # ... at least: looking costs a query
PRUNE_EVERY_S, PRUNE_ROWS_MAX = 60.0, 20_000  # how often what is old is removed, and how much at once
DELIVERY_WORKERS = 8  # messages on their way at once; each waits for a receiver
DELIVERY_PER_TARGET_MAX = 2  # ... to one target: a receiver that hangs holds no more workers
DELIVERY_TIMEOUT_S = 30.0  # of one attempt, as the reference
TRIAL_TIMEOUT_S = 10.0  # of a test message, for which somebody waits
TRIALS_MAX, TRIALS_WINDOW_S = 20, 60  # test messages of a team; above: a way to flood strangers
DELIVERY_LIFE_S = 6 * 3_600  # how long a message is tried; above: news nobody needs
DELIVERY_ANSWER_BYTES = 4_096  # of a receiver's answer that are read, to be shown when it refuses
DELIVERY_RETRY_AFTER_S_MAX = 3_600  # longest a receiver's Retry-After is followed
ALERT_SAMPLE_ROWS = 5  # events shown in a message, as the reference
ALERT_SAMPLE_LINE_CHARS, ALERT_SAMPLE_CHARS = 500, 2_500  # of one of them and of all together
ALERT_SHARED_COUNTS_MAX = 100  # alerts answered by one scan; above: the conditions cost more than another scan
ALERT_EVALUATIONS_MAX = 200  # windows of one page, as the reference
ALERT_SPAN_MS_MAX = 31 * 86_400_000  # of evaluations and transitions in one request, as the reference
ALERT_MARKERS_MAX = 1_000  # transitions in one reply
ALERT_DELIVERIES_MAX = 500  # messages in one reply
ALERT_LIST_WINDOWS = 20  # windows shown beside each alert of a list, as the reference
PREVIEW_WINDOWS_MAX = 1_440  # a day of minutes; above: the reply is megabytes
PREVIEW_QUERIES_MAX = 50  # of a preview whose windows are asked one by one; above: somebody waits for minutes
PREVIEW_MESSAGES_MAX = 50  # shown of a preview
SILENCES_MAX = 1_000  # silences of a team; each is looked at in every round of evaluation
SILENCE_MINUTES_MAX = 7 * 24 * 60  # of one time of a maintenance window; above: it is a silence
ALERT_GROUP_CHARS_MAX = 4_096  # of a group's name; above: cut, with a digest behind it
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
IDEMPOTENCY_KEY_CHARS_MAX = 255  # usual are UUIDs
IDEMPOTENCY_LIFE_S = 24 * 3600  # how long a repeated request gets the first one's reply
IDEMPOTENCY_RUNNING_S_MAX = 120  # a request without a reply for longer died with its process; its key is free again
IDEMPOTENCY_KEYS_MAX = 10_000  # of a team; above: the oldest is forgotten
IDEMPOTENCY_KEYS_ALL_MAX = 100_000  # of all teams; above: the oldest is forgotten
IDEMPOTENCY_REPLY_BYTES_MAX = 64 * 1024  # of a kept reply; above: it is not kept, and a repetition runs again
API_CALLERS_MAX = 10_000  # keys and addresses counted at once; above: the oldest window is forgotten
LOGIN_FAILURES_MAX, LOGIN_WINDOW_S = 10, 15 * 60  # wrong passwords per address and e-mail; above: guessing pays
LOGIN_ATTEMPTS_MAX, LOGIN_ATTEMPTS_WINDOW_S = 60, 60  # sign-ins per address, whoever signs in; above: a flood
LOGIN_CALLERS_MAX = 10_000  # pairs of address and e-mail counted at once; above: the oldest window is forgotten
PASSWORD_HASHES_AT_ONCE = 2  # 64 MiB and a core each; above: logins crowd out everything else
LOGINS_WAITING_MAX = 40  # sign-ins waiting for a thread, two seconds of hashing; above: Busy at once
PASSWORD_WAIT_S_MAX = 5.0  # longest a login waits for its turn to hash before Busy
SESSIONS_PER_USER_MAX = 100  # live sessions of one person; above: the oldest ends
SESSION_ROLL_S = 3600  # a session is prolonged at most this often; below: a write per request
INGESTION_KEYS_MAX = 100  # keys of a team in force at once; above: nobody knows which is whose
INGESTION_KEY_NAME_CHARS_MAX = 100
INGESTION_KEY_USE_S = 60  # a key's last use is written at most this often; below: a write per request
INGESTION_KEYS_LIFE_S = 2.0  # how long a rotated ingestion key may live on in another process
INGESTION_KEYS_AHEAD_S = 1.0  # keys known for so long are read anew behind the receivers' back, so that none waits
API_KEYS_MAX = 100  # of an organization, as the managed API documents
API_KEY_IP_SOURCES_MAX = 100  # addresses and networks one key may be used from; each is compared on every request
API_KEY_ROLES_MAX = 50  # of one key; there are fewer
ROLE_PERMISSIONS_MAX = 500  # of one role; each is compared on every request
ROLE_CONDITIONS_CHARS_MAX = 10_000  # of one permission, as JSON; kept for others
MANAGED_WINDOW_S = 10  # of the managed API's budget, whose size is a setting (published contract: 10)
ACCESS_KEYS_MAX = 50  # named keys of one person in force at once; above: nobody knows which is whose
ACCESS_KEY_NAME_CHARS_MAX = 100
ACCESS_KEYS_REVOKED_MAX = 100  # revoked keys of one person still listed; above: the oldest are forgotten
ACCESS_KEY_LIFE_S_MAX = 10 * 365 * 24 * 3600  # above: a slip of the pen; a key without an expiry says so
SEEN_EVERY_S = (
    60  # a key's last use and a session's last visit are written at most this often; below: a write a request
)
USER_AGENT_CHARS_MAX = 400  # of a session's browser; above: cut
INVITE_LIFE_S = 30 * 24 * 3600  # as the reference
INVITES_MAX = 200  # open invitations of a team; above: links that nobody remembers
MANIFEST_OBJECTS_MAX = 1_000  # objects of one kind in the manifest for Terraform, as the reference
TEAM_QUERY_TIMEOUT_S_MAX = 86_400  # what a team may ask for; the server's own limit stands below it
TEAM_NUMBER_MAX = 1_000_000_000  # rows and keys in the settings of a team
PRESET_FILTERS_MAX = 100  # filters of one preset dashboard on one source; above: nobody reads them
AUDIT_LOG_S = 400 * 86_400  # how long changes are kept: a year, and what an audit of the year takes
AUDIT_LOG_ROWS_MAX = 1_000_000  # changes of a team that are kept; above: scripts have filled the disk with them
AUDIT_OBJECT_BYTES_MAX = 64 * 1024  # an object kept whole before and after its change; above: what differs
AUDIT_ROWS_MAX, AUDIT_ROWS_DEFAULT = 500, 50  # entries of the audit log in one reply
OIDC_CLOCK_SKEW_S = 60  # between the provider's clock and ours
OIDC_KEYS_LIFE_S = 3600.0  # how long the provider's addresses and keys are believed
OIDC_LOGIN_S = 600  # from the redirect to the provider until the way back; above: a stale tab
OIDC_WAIT_S = 10.0  # longest one request to the provider may take
OIDC_FAILURE_S = 30.0  # how long a provider that did not answer is not asked again
OIDC_STEPS_MAX, OIDC_STEPS_WINDOW_S = 60, 60  # sign-ins begun or finished per address; above: strangers use us to knock
OIDC_TICKETS_MAX = 10_000  # tickets remembered as used; above: the oldest is forgotten, and the provider refuses it
OIDC_AT_ONCE, OIDC_WAITING_MAX = 4, 16  # sign-ins through the provider, in threads of their own

# --- Saved searches, webhooks, alerts, connections (numbers of the published contract where none is explained) ---
NAME_LONG_CHARS_MAX = 1_024  # of a saved search or webhook
SAVED_SEARCH_SELECT_CHARS_MAX = 4_096
SAVED_SEARCH_CONDITION_CHARS_MAX = 8_192
SAVED_SEARCH_FILTERS_MAX = 100
ALERT_CHANNELS_MAX = 10
ALERT_NAME_CHARS_MAX, ALERT_TEXT_CHARS_MAX = 512, 4_096  # its name; its message and its note
ALERT_AGAIN_MINUTES_MAX = 7 * 24 * 60  # between two reminders of a standing alert; above: nobody is reminded
ALERT_DELAY_S_MAX = 24 * 3_600  # an alert may wait for late data; above: it is history
ALERT_RECIPIENTS_MAX = 20  # e-mail addresses of one channel
ALERT_START_AHEAD_S_MAX, ALERT_START_BACK_S_MAX = 365 * 24 * 3600, 3650 * 24 * 3600  # of a schedule, from now
SOURCE_SECTION_CHARS_MAX, SOURCE_SETTINGS_MAX = 256, 10
SOURCE_VIEWS_MAX = 1_000  # views, and columns of one; above: choosing one takes longer than reading the rows
FILTER_COLUMNS_MAX = 10  # of filterSettings (published contract)
SOURCE_HIGHLIGHTS_MAX = 1_000  # above: nobody reads them
PINNED_FIELDS_MAX, PINNED_VALUES_MAX = 100, 50  # facets kept open on a source, and values of one (as the reference)
CONNECTION_HOST_CHARS_MAX, CONNECTION_TEXT_CHARS_MAX = 2_048, 1_024  # the text: name, user, password, prefix
CONNECTION_TEST_S = 2.0  # longest a connection test waits, as the reference
WEBHOOK_URL_CHARS_MAX = 2_048  # and of its description
WEBHOOK_BODY_CHARS_MAX = 16_384
WEBHOOK_MAP_ENTRIES_MAX = 100  # headers, and query parameters
WEBHOOK_HEADER_NAME_CHARS_MAX, WEBHOOK_PARAM_NAME_CHARS_MAX = 256, 1_024
WEBHOOK_VALUE_CHARS_MAX = 4_096  # of a header or parameter

# --- Retention ----------------------------------------------------------------------------------------------
RETENTION_S_MIN = 3600  # that people may choose; below: a slip of the pen (1m for a month) empties the tables
RETENTION_S_MAX = 10 * 365 * 24 * 3600  # above: ClickHouse's DateTime ends in 2106, and a moment past it wraps to 1970

# --- Metadata database ----------------------------------------------------------------------------------------
METADATA_CONNECTIONS_MAX = 16  # open connections; above: callers wait
METADATA_WAIT_S_MAX = 10.0  # longest a call waits for a connection or a write lock
METADATA_AGE_S_MAX = 1.0  # of who calls, and what a query needs to know; what this process writes ends it at once
METADATA_REMEMBERED_MAX = 10_000  # such answers; above: the oldest is forgotten
METADATA_CONNECT_S_MAX = 5  # longest a connection to PostgreSQL may take to come up; above: it counts as away
METADATA_SILENCE_S_MAX = 15  # without a sign of life of PostgreSQL's machine; above: the connection counts as lost
METADATA_STATEMENT_S_MAX = 20  # of one statement on PostgreSQL, which takes milliseconds; above: it is ended there
METADATA_UPGRADE_WAIT_S_MAX = 60  # longest a starting server waits for another one's upgrade of the schema

# --- The server's own telemetry ---------------------------------------------------------------------------------
SELF_TELEMETRY_QUEUE_MAX = 4_096  # spans or log lines that wait; above: they are dropped and counted
SELF_TELEMETRY_BATCH_MAX = 512  # of them in one request to ourselves
SELF_TELEMETRY_DELAY_S = 2.0  # how long they wait for company
SELF_TELEMETRY_METRICS_S = 30.0  # between two looks at the metrics
SELF_TELEMETRY_TEXT_CHARS_MAX = 8_192  # of one attribute; above: a stack trace nobody reads

assert SEARCH_ROWS_DEFAULT <= SEARCH_ROWS_MAX <= QUERY_RESULT_ROWS_MAX
assert INGEST_BODY_BYTES_MAX <= INGEST_BYTES_IN_FLIGHT_MAX
assert SELF_TELEMETRY_BATCH_MAX <= SELF_TELEMETRY_QUEUE_MAX
