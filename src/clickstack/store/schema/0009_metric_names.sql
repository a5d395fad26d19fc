-- Which metrics and services there are, is read from dictionaries too (index_profile.py): lists of names need no points.
ALTER TABLE otel_metrics_gauge
    ADD INDEX IF NOT EXISTS idx_text_metric_name MetricName TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_service_name ServiceName TYPE text(tokenizer = 'array'),
    MATERIALIZE INDEX idx_text_metric_name,
    MATERIALIZE INDEX idx_text_service_name
    SETTINGS mutations_sync = 0;

ALTER TABLE otel_metrics_sum
    ADD INDEX IF NOT EXISTS idx_text_metric_name MetricName TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_service_name ServiceName TYPE text(tokenizer = 'array'),
    MATERIALIZE INDEX idx_text_metric_name,
    MATERIALIZE INDEX idx_text_service_name
    SETTINGS mutations_sync = 0;

ALTER TABLE otel_metrics_histogram
    ADD INDEX IF NOT EXISTS idx_text_metric_name MetricName TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_service_name ServiceName TYPE text(tokenizer = 'array'),
    MATERIALIZE INDEX idx_text_metric_name,
    MATERIALIZE INDEX idx_text_service_name
    SETTINGS mutations_sync = 0;

ALTER TABLE otel_metrics_exponential_histogram
    ADD INDEX IF NOT EXISTS idx_text_metric_name MetricName TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_service_name ServiceName TYPE text(tokenizer = 'array'),
    MATERIALIZE INDEX idx_text_metric_name,
    MATERIALIZE INDEX idx_text_service_name
    SETTINGS mutations_sync = 0;

ALTER TABLE otel_metrics_summary
    ADD INDEX IF NOT EXISTS idx_text_metric_name MetricName TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_text_service_name ServiceName TYPE text(tokenizer = 'array'),
    MATERIALIZE INDEX idx_text_metric_name,
    MATERIALIZE INDEX idx_text_service_name
    SETTINGS mutations_sync = 0;
