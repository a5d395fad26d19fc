"""Roles of a team's own: none of them is a way to more than it gives."""

from __future__ import annotations

import pytest

from clickstack.auth.custom_roles import covers
from clickstack.auth.permissions import rule_of
from clickstack.core.custom_role import Permission

GRANTING = [
    ("POST", "/team/api-keys"),
    ("PATCH", "/team/api-keys/{id}"),
    ("POST", "/team/invitation"),
    ("PATCH", "/team/member/{id}"),
    ("PUT", "/api/v2/team/members/{id}/role"),
    ("POST", "/api/v2/roles"),
    ("PUT", "/api/v2/roles/{id}"),
]
EVERYTHING = (Permission("manage", "all"),)


def allowed(permissions: tuple[Permission, ...], method: str, template: str) -> bool:
    rule = rule_of(method, template)
    assert rule is not None, template
    return covers(permissions, rule, method, template)


@pytest.mark.parametrize(("method", "template"), GRANTING)
@pytest.mark.parametrize(
    "permissions",
    [
        (Permission("create", "Team"), Permission("update", "Team")),
        (Permission("manage", "Team"), Permission("manage", "Role"), Permission("manage", "Member")),
        (Permission("manage", "all"), Permission("manage", "ApiKey", inverted=True)),
        (Permission("manage", "all"), Permission("manage", "Dashboard", inverted=True)),
        (Permission("manage", "all", conditions={"own": True}),),
    ],
    ids=["team", "team, roles and members", "all but keys", "all but dashboards", "all, on a condition"],
)
def test_who_has_less_than_all_rights_gives_none(
    permissions: tuple[Permission, ...], method: str, template: str
) -> None:
    assert not allowed(permissions, method, template)
    assert allowed(EVERYTHING, method, template)


def test_trying_a_connection_is_no_question_to_the_telemetry() -> None:
    asking = (Permission("manage", "Telemetry"),)
    assert allowed(asking, "POST", "/clickhouse-proxy")
    assert not allowed(asking, "POST", "/clickhouse-proxy/test")


def test_a_role_for_dashboards_is_for_dashboards() -> None:
    role = (Permission("read", "all"), Permission("manage", "Dashboard"))
    assert allowed(role, "PUT", "/api/v2/dashboards/{id}")
    assert allowed(role, "GET", "/api/v2/alerts")
    assert not allowed(role, "PUT", "/api/v2/alerts/{id}")
