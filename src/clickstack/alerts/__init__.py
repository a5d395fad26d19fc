"""The clock's room: due → group → query → evaluate → state → save → deliver.

Enters: alerts and silences from `metadata`, a query function of `query`. Leaves: states, history, notifications.
Do not add here: HTTP routes, SQL of charts (an alert runs the very chart config that is shown), ClickHouse.
"""
