-- Points carry the number of their series: what tells series apart is read from one column instead of three maps, and
-- merging rows in order no longer takes a map out of every row. It stands in the sorting key for the hash of the
-- attributes, so the tables are written anew (rebuild.py). Their indexes, and those of replays, are text now, as those of
-- logs and spans: keys and values are read from the indexes' dictionaries (index_profile.py).
KILL MUTATION WHERE database = currentDatabase() AND NOT is_done AND startsWith(command, '(MATERIALIZE INDEX') AND (startsWith(table, 'otel_metrics_') OR table = 'hyperdx_sessions') SYNC;

ALTER TABLE otel_metrics_gauge
    ADD COLUMN IF NOT EXISTS SeriesHash UInt64 DEFAULT cityHash64(cityHash64(ResourceAttributes, ScopeAttributes), Attributes) CODEC(ZSTD(1)) AFTER Attributes,
    DROP INDEX IF EXISTS idx_res_attr_key,
    DROP INDEX IF EXISTS idx_res_attr_value,
    DROP INDEX IF EXISTS idx_scope_attr_key,
    DROP INDEX IF EXISTS idx_scope_attr_value,
    DROP INDEX IF EXISTS idx_attr_key,
    DROP INDEX IF EXISTS idx_attr_value,
    ADD INDEX IF NOT EXISTS idx_text_res_attr_key mapKeys(ResourceAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_res_attr_items ResourceAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_key mapKeys(ScopeAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_items ScopeAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_key mapKeys(Attributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_items AttributeItems TYPE text(tokenizer = 'array');

REBUILD otel_metrics_gauge ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), SeriesHash, TimeUnix);

ALTER TABLE otel_metrics_sum
    ADD COLUMN IF NOT EXISTS SeriesHash UInt64 DEFAULT cityHash64(cityHash64(ResourceAttributes, ScopeAttributes), Attributes) CODEC(ZSTD(1)) AFTER Attributes,
    DROP INDEX IF EXISTS idx_res_attr_key,
    DROP INDEX IF EXISTS idx_res_attr_value,
    DROP INDEX IF EXISTS idx_scope_attr_key,
    DROP INDEX IF EXISTS idx_scope_attr_value,
    DROP INDEX IF EXISTS idx_attr_key,
    DROP INDEX IF EXISTS idx_attr_value,
    ADD INDEX IF NOT EXISTS idx_text_res_attr_key mapKeys(ResourceAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_res_attr_items ResourceAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_key mapKeys(ScopeAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_items ScopeAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_key mapKeys(Attributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_items AttributeItems TYPE text(tokenizer = 'array');

REBUILD otel_metrics_sum ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), SeriesHash, TimeUnix);

ALTER TABLE otel_metrics_histogram
    ADD COLUMN IF NOT EXISTS SeriesHash UInt64 DEFAULT cityHash64(cityHash64(ResourceAttributes, ScopeAttributes), Attributes) CODEC(ZSTD(1)) AFTER Attributes,
    DROP INDEX IF EXISTS idx_res_attr_key,
    DROP INDEX IF EXISTS idx_res_attr_value,
    DROP INDEX IF EXISTS idx_scope_attr_key,
    DROP INDEX IF EXISTS idx_scope_attr_value,
    DROP INDEX IF EXISTS idx_attr_key,
    DROP INDEX IF EXISTS idx_attr_value,
    ADD INDEX IF NOT EXISTS idx_text_res_attr_key mapKeys(ResourceAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_res_attr_items ResourceAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_key mapKeys(ScopeAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_items ScopeAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_key mapKeys(Attributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_items AttributeItems TYPE text(tokenizer = 'array');

REBUILD otel_metrics_histogram ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), SeriesHash, TimeUnix);

ALTER TABLE otel_metrics_exponential_histogram
    ADD COLUMN IF NOT EXISTS SeriesHash UInt64 DEFAULT cityHash64(cityHash64(ResourceAttributes, ScopeAttributes), Attributes) CODEC(ZSTD(1)) AFTER Attributes,
    DROP INDEX IF EXISTS idx_res_attr_key,
    DROP INDEX IF EXISTS idx_res_attr_value,
    DROP INDEX IF EXISTS idx_scope_attr_key,
    DROP INDEX IF EXISTS idx_scope_attr_value,
    DROP INDEX IF EXISTS idx_attr_key,
    DROP INDEX IF EXISTS idx_attr_value,
    ADD INDEX IF NOT EXISTS idx_text_res_attr_key mapKeys(ResourceAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_res_attr_items ResourceAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_key mapKeys(ScopeAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_items ScopeAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_key mapKeys(Attributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_items AttributeItems TYPE text(tokenizer = 'array');

REBUILD otel_metrics_exponential_histogram ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), SeriesHash, TimeUnix);

ALTER TABLE otel_metrics_summary
    ADD COLUMN IF NOT EXISTS SeriesHash UInt64 DEFAULT cityHash64(cityHash64(ResourceAttributes, ScopeAttributes), Attributes) CODEC(ZSTD(1)) AFTER Attributes,
    DROP INDEX IF EXISTS idx_res_attr_key,
    DROP INDEX IF EXISTS idx_res_attr_value,
    DROP INDEX IF EXISTS idx_scope_attr_key,
    DROP INDEX IF EXISTS idx_scope_attr_value,
    DROP INDEX IF EXISTS idx_attr_key,
    DROP INDEX IF EXISTS idx_attr_value,
    ADD INDEX IF NOT EXISTS idx_text_res_attr_key mapKeys(ResourceAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_res_attr_items ResourceAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_key mapKeys(ScopeAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_items ScopeAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_key mapKeys(Attributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_attr_items AttributeItems TYPE text(tokenizer = 'array');

REBUILD otel_metrics_summary ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), SeriesHash, TimeUnix);

ALTER TABLE hyperdx_sessions
    DROP INDEX IF EXISTS idx_res_attr_key,
    DROP INDEX IF EXISTS idx_res_attr_value,
    DROP INDEX IF EXISTS idx_scope_attr_key,
    DROP INDEX IF EXISTS idx_scope_attr_value,
    DROP INDEX IF EXISTS idx_log_attr_key,
    DROP INDEX IF EXISTS idx_log_attr_value,
    ADD INDEX IF NOT EXISTS idx_text_res_attr_key mapKeys(ResourceAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_res_attr_items ResourceAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_key mapKeys(ScopeAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_scope_attr_items ScopeAttributeItems TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_log_attr_key mapKeys(LogAttributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_log_attr_items LogAttributeItems TYPE text(tokenizer = 'array');

ALTER TABLE hyperdx_sessions
    MATERIALIZE INDEX idx_text_res_attr_key,
    MATERIALIZE INDEX idx_text_res_attr_items,
    MATERIALIZE INDEX idx_text_scope_attr_key,
    MATERIALIZE INDEX idx_text_scope_attr_items,
    MATERIALIZE INDEX idx_text_log_attr_key,
    MATERIALIZE INDEX idx_text_log_attr_items
    SETTINGS mutations_sync = 0;
