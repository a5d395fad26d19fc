"""The published REST API, with a personal access key. Facts: reference/api-v2.md and openapi-v2.json."""
