(
    -- One row per log record; resource and scope are read once and repeated.
    SELECT
        received_unix_nano, ServiceName, ResourceAttributes, ResourceSchemaUrl,
        ScopeName, ScopeVersion, ScopeSchemaUrl, ScopeAttributes, record
    FROM (
        SELECT
            received_unix_nano, ServiceName, ResourceAttributes, ResourceSchemaUrl,
            each_scope.schema_url AS ScopeSchemaUrl,
            each_scope.scope.name AS ScopeName,
            each_scope.scope.version AS ScopeVersion,
            shared_attribute_map(each_scope.scope.attributes) AS ScopeAttributes,
            each_scope.log_records AS records
        FROM (
            SELECT
                received_unix_nano,
                shared_attribute_map(each_resource.resource.attributes) AS ResourceAttributes,
                toLowCardinality(ResourceAttributes['service.name']) AS ServiceName,
                each_resource.schema_url AS ResourceSchemaUrl,
                each_resource.scope_logs AS scopes
            FROM {input}
            ARRAY JOIN resource_logs AS each_resource
        )
        ARRAY JOIN scopes AS each_scope
    )
    ARRAY JOIN records AS record
)
