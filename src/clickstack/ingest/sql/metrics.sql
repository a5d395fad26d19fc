(
    -- One row per metric; resource and scope are read once and repeated. What is taken out of `metric` after the points
    -- are unfolded would have it repeated whole for each of them.
    SELECT
        received_unix_nano, ServiceName, ResourceAttributes, ResourceSchemaUrl,
        ScopeName, ScopeVersion, ScopeAttributes, ScopeDroppedAttrCount, ScopeSchemaUrl,
        cityHash64(ResourceAttributes, ScopeAttributes) AS scope_hash,
        toLowCardinality(metric.name) AS MetricName,
        metric.description AS MetricDescription,
        metric.unit AS MetricUnit,
        metric
    FROM (
        SELECT
            received_unix_nano, ServiceName, ResourceAttributes, ResourceSchemaUrl,
            each_scope.schema_url AS ScopeSchemaUrl,
            each_scope.scope.name AS ScopeName,
            each_scope.scope.version AS ScopeVersion,
            each_scope.scope.dropped_attributes_count AS ScopeDroppedAttrCount,
            mapSort(shared_attribute_map(each_scope.scope.attributes)) AS ScopeAttributes,
            each_scope.metrics AS metrics
        FROM (
            SELECT
                received_unix_nano,
                mapSort(shared_attribute_map(each_resource.resource.attributes)) AS ResourceAttributes,
                toLowCardinality(ResourceAttributes['service.name']) AS ServiceName,
                each_resource.schema_url AS ResourceSchemaUrl,
                each_resource.scope_metrics AS scopes
            FROM {input}
            ARRAY JOIN resource_metrics AS each_resource
        )
        ARRAY JOIN scopes AS each_scope
    )
    ARRAY JOIN metrics AS metric
)
