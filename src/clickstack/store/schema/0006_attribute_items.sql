-- `key=value` items of the maps of metrics and replays, as logs and spans have them: what a text index covers
-- (index_profile.py). Computed when read, so old rows have them too.
ALTER TABLE otel_metrics_gauge
    ADD COLUMN IF NOT EXISTS ResourceAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
    ADD COLUMN IF NOT EXISTS ScopeAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
    ADD COLUMN IF NOT EXISTS AttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(Attributes), mapValues(Attributes));

ALTER TABLE otel_metrics_sum
    ADD COLUMN IF NOT EXISTS ResourceAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
    ADD COLUMN IF NOT EXISTS ScopeAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
    ADD COLUMN IF NOT EXISTS AttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(Attributes), mapValues(Attributes));

ALTER TABLE otel_metrics_histogram
    ADD COLUMN IF NOT EXISTS ResourceAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
    ADD COLUMN IF NOT EXISTS ScopeAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
    ADD COLUMN IF NOT EXISTS AttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(Attributes), mapValues(Attributes));

ALTER TABLE otel_metrics_exponential_histogram
    ADD COLUMN IF NOT EXISTS ResourceAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
    ADD COLUMN IF NOT EXISTS ScopeAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
    ADD COLUMN IF NOT EXISTS AttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(Attributes), mapValues(Attributes));

ALTER TABLE otel_metrics_summary
    ADD COLUMN IF NOT EXISTS ResourceAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
    ADD COLUMN IF NOT EXISTS ScopeAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
    ADD COLUMN IF NOT EXISTS AttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(Attributes), mapValues(Attributes));

ALTER TABLE hyperdx_sessions
    ADD COLUMN IF NOT EXISTS ResourceAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
    ADD COLUMN IF NOT EXISTS ScopeAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
    ADD COLUMN IF NOT EXISTS LogAttributeItems Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(LogAttributes), mapValues(LogAttributes));
