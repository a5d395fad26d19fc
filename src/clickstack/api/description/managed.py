"""The description of the managed API: what v2 says about the same operations, in the other envelope, and its own."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from .document import IDEMPOTENCY_KEY, IF_MATCH, METHODS, SCHEMAS, Json, reachable, tidy
from .operation import ABSENT, Moment, Reply

TAG = "ClickStack"
KEYS, ORGANIZATIONS = "Keys", "Organizations"
OBJECT_ID = "^[0-9a-fA-F]{24}$"
SERVICE = "/v1/organizations/{organizationId}/services/{serviceId}/clickstack"
INTRODUCTION = """\
The same product as the REST API v2, addressed as ClickHouse Cloud does: an organization has services, and a service is
a team. Every request carries the id and the secret of an API key with HTTP Basic authentication.

**Replies** are `{status, requestId, result}`, of a delete without `result`, and `{status, error, requestId}` when
something is wrong. An object that is not there is a 404 of JSON; an address that is not served is a 404 of plain text.

**Budget.** 10 requests in 10 seconds with one key unless the server is told otherwise; `X-RateLimit-Limit`,
`X-RateLimit-Remaining` and `X-RateLimit-Reset` (in seconds) count along.

**Twice and together.** A POST in a service with an `Idempotency-Key` happens once however often it is sent. A reply
that shows one object carries an `ETag`: on PUT or DELETE, `If-Match` keeps two editors from undoing each other's work.
"""
ERRORS = {
    400: "The request is wrong. The error names every fault.",
    401: "The key is unknown, disabled or expired, or its secret is wrong.",
    403: "The key may not be used from this address, does not open this service, or may not do this.",
    404: "There is no such object in the service.",
    409: "Something else stands in the way: the object is in use, or its name is taken.",
    412: "Somebody changed the object after you read it.",
    413: "The body is larger than 32 MiB.",
    422: "The Idempotency-Key was used for another request.",
    429: "The key's budget is used up; `X-RateLimit-Reset` says for how many seconds.",
    500: "A fault of the server. The log has a line with this `requestId`.",
}
NOUNS = {  # path → what the contract calls an id under it
    "dashboards": "clickStackDashboardId",
    "alerts": "clickStackAlertId",
    "sources": "clickStackSourceId",
    "webhooks": "clickStackWebhookId",
    "saved-searches": "clickStackSavedSearchId",
    "roles": "clickStackRoleId",
}
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]


class ManagedError(Reply):
    status: int = Field(description="The HTTP status.")
    error: str = Field(description="What is wrong, and where.")
    request_id: str = Field(description="The line of the server's log has it too.")


class ManagedDone(Reply):
    status: int = Field(description="The HTTP status.")
    request_id: str = Field(description="Also in the server's log.")


class FilterColumn(Reply):
    name: str
    label: str


class FilterSettings(Reply):
    database_name: str
    table_name: str
    columns: list[FilterColumn]


class RolePermission(Reply):
    action: str
    subject: str
    inverted: bool = ABSENT
    integration: str = ABSENT
    conditions: dict[str, Any] = ABSENT


class ClickStackRole(Reply):
    id: str
    name: str
    description: str = ABSENT
    permissions: list[RolePermission]
    is_predefined: bool
    created_at: Moment = ABSENT
    updated_at: Moment = ABSENT


class Organization(Reply):
    id: Uuid
    name: str
    created_at: Moment


class Service(Reply):
    id: Uuid
    name: str
    state: Literal["running"]
    created_at: Moment


class OrganizationRole(Reply):
    id: Uuid
    name: str
    type: Literal["system"]
    policies: list[dict[str, Any]]
    actors: list[dict[str, Any]]


class AssignedRole(Reply):
    role_id: str
    role_name: str
    role_type: Literal["system", "custom"]


class IpSourceShown(Reply):
    source: str
    description: str = ABSENT


class ApiKeyShown(Reply):
    id: Uuid
    name: str
    state: Literal["enabled", "disabled"]
    roles: list[Literal["admin", "developer", "query_endpoints"]]
    assigned_roles: list[AssignedRole]
    key_suffix: str
    created_at: Moment
    expire_at: Moment = ABSENT
    used_at: Moment = ABSENT
    ip_access_list: list[IpSourceShown]
    service_ids: list[str] = ABSENT


class NewApiKeyShown(Reply):
    key: ApiKeyShown
    key_id: str = ABSENT
    key_secret: str = ABSENT


_ORGANIZATION = "/v1/organizations/{organizationId}"
# method and path → operation id, tag, summary, model of the result (None: no result), whether it is a list
OWN: Mapping[tuple[str, str], tuple[str, str, str, type[BaseModel] | None, bool]] = {
    ("get", "/v1/organizations"): ("organizationGetList", ORGANIZATIONS, "The key's organization", Organization, True),
    ("get", _ORGANIZATION): ("organizationGet", ORGANIZATIONS, "One organization", Organization, False),
    ("get", f"{_ORGANIZATION}/services"): ("instanceGetList", ORGANIZATIONS, "Services the key opens", Service, True),
    ("get", f"{_ORGANIZATION}/roles"): (
        "organizationRoleGetList", ORGANIZATIONS, "Roles a key may have", OrganizationRole, True),
    ("get", f"{_ORGANIZATION}/roles/{{roleId}}"): (
        "organizationRoleGet", ORGANIZATIONS, "One of the roles a key may have", OrganizationRole, False),
    ("get", f"{_ORGANIZATION}/keys"): ("openapiKeyGetList", KEYS, "All keys", ApiKeyShown, True),
    ("post", f"{_ORGANIZATION}/keys"): (
        "openapiKeyCreate", KEYS, "Add a key; id and secret are shown this once", NewApiKeyShown, False),
    ("get", f"{_ORGANIZATION}/keys/{{keyId}}"): ("openapiKeyGet", KEYS, "One key", ApiKeyShown, False),
    ("patch", f"{_ORGANIZATION}/keys/{{keyId}}"): ("openapiKeyUpdate", KEYS, "Change a key", ApiKeyShown, False),
    ("delete", f"{_ORGANIZATION}/keys/{{keyId}}"): ("openapiKeyDelete", KEYS, "Remove a key", None, False),
    ("get", f"{SERVICE}/roles"): ("clickStackListRoles", TAG, "All roles", ClickStackRole, True),
    ("post", f"{SERVICE}/roles"): ("clickStackCreateRole", TAG, "Add a role", ClickStackRole, False),
    ("get", f"{SERVICE}/roles/{{id}}"): ("clickStackGetRole", TAG, "One role", ClickStackRole, False),
    ("put", f"{SERVICE}/roles/{{id}}"): ("clickStackUpdateRole", TAG, "Replace a role", ClickStackRole, False),
    ("delete", f"{SERVICE}/roles/{{id}}"): ("clickStackDeleteRole", TAG, "Remove a role", None, False),
}  # fmt: skip
_MODELS: tuple[type[BaseModel], ...] = (
    ManagedError,
    ManagedDone,
    FilterSettings,
    *dict.fromkeys(own[3] for own in OWN.values() if own[3]),
)


def describe_managed(routers: Sequence[tuple[APIRouter, str]], v2: Json, version: str) -> Json:
    """The document for the routers of the managed API. `v2` is the document of v2."""
    drawn = _drawn(routers, version)
    _, ours = models_json_schema([(model, "validation") for model in _MODELS], ref_template=SCHEMAS + "{model}")
    schemas = {**drawn["components"]["schemas"], **copy.deepcopy(v2["components"]["schemas"]), **ours.get("$defs", {})}
    for name in ("LogSource", "TraceSource"):
        schemas[name]["properties"]["filterSettings"] = _ref("FilterSettings")
    paths: Json = {}
    for path, item in drawn["paths"].items():
        for method in METHODS:
            if method in item:
                operation = _operation(method, path, item[method], v2, schemas)
                paths.setdefault(_published(path), {})[method] = operation
    used = reachable(paths, schemas)
    document = {
        "openapi": v2["openapi"],
        "info": {**v2["info"], "title": "ClickStack, managed API", "description": INTRODUCTION},
        "servers": [{"url": ".", "description": "Where this document came from."}],
        "security": [{"basicAuth": []}],
        "tags": [{"name": name} for name in (TAG, ORGANIZATIONS, KEYS)],
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(used)},
            "securitySchemes": {"basicAuth": {"type": "http", "scheme": "basic", "description": "Key id and secret."}},
        },
    }
    tidy(document["paths"])
    tidy(list(document["components"]["schemas"].values()))
    return document


def _drawn(routers: Sequence[tuple[APIRouter, str]], version: str) -> Json:
    app = FastAPI(title="ClickStack", version=version, telemetry={"auto_configure": False})
    for router, prefix in routers:
        app.include_router(router, prefix=prefix)
    return app.openapi()


def _operation(method: str, path: str, drawn: Json, v2: Json, schemas: Json) -> Json:
    twin = v2["paths"].get(path.replace(SERVICE, "/api/v2"), {}).get(method)
    if (method, path) in OWN or twin is None:
        name, tag, summary, model, many = OWN[method, path]
        said: Json = {"operationId": name, "summary": summary, "description": summary}
        result = None if model is None else _listed(_ref(model.__name__), many=many)
    else:
        name, tag = twin["operationId"], TAG
        said = {
            "operationId": f"clickStack{name[0].upper()}{name[1:]}",
            "summary": twin["summary"],
            "description": twin["description"],
        }
        result = None if method == "delete" else _result(twin, schemas)
        if "requestBody" in drawn and not _is_drawn(drawn["requestBody"]):
            drawn["requestBody"] = copy.deepcopy(twin["requestBody"])
    body = {"requestBody": {**drawn["requestBody"], "required": True}} if "requestBody" in drawn else {}
    parameters = [*_parameters(path, drawn), *_headers(method, path)]
    return {"tags": [tag], **said, "parameters": parameters, **body, "responses": _responses(method, path, result)}


def _is_drawn(body: Json) -> bool:
    """Whether the code says what is in a body: not where the handler reads it itself."""
    schema = body["content"]["application/json"].get("schema", {})
    return "$ref" in schema or "oneOf" in schema


def _parameters(path: str, drawn: Json) -> list[Json]:
    """Those of the code, and those of the path that only the dependencies around it read."""
    parameters = [each for each in drawn.get("parameters", []) if each["in"] != "path"]
    named = [part[1:-1] for part in _published(path).split("/") if part.startswith("{")]
    ids = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": "24 hexadecimal digits." if name.startswith("clickStack") else "A UUID.",
            "schema": {
                "type": "string",
                **({"pattern": OBJECT_ID} if name.startswith("clickStack") else {"format": "uuid"}),
            },
        }
        for name in named
    ]
    return [*ids, *parameters]


def _headers(method: str, path: str) -> list[Json]:
    """What a request that changes something may carry."""
    if not path.startswith(SERVICE) or path.endswith("/validate"):
        return []
    named = {"post": IDEMPOTENCY_KEY, "put": IF_MATCH, "delete": IF_MATCH}.get(method)
    return [copy.deepcopy(named)] if named else []


def _published(path: str) -> str:
    """With the name that the contract gives an id."""
    noun = path.removeprefix(SERVICE).strip("/").partition("/")[0]
    return path.replace("{id}", f"{{{NOUNS[noun]}}}") if noun in NOUNS else path


def _result(twin: Json, schemas: Json) -> Json:
    """What is under `data` in v2; the whole reply, where it has no such envelope."""
    reply: Json = twin["responses"]["200"]["content"]["application/json"]["schema"]
    properties: Json = schemas[reply["$ref"].removeprefix(SCHEMAS)].get("properties", {})
    return copy.deepcopy(properties.get("data", reply))


def _responses(method: str, path: str, result: Json | None) -> Json:
    statuses = {400, 401, 403, 429, 500} | ({404} if path.endswith("}") else set())
    if method in ("put", "post", "patch"):
        statuses |= {409, 413}
    if IDEMPOTENCY_KEY in _headers(method, path):
        statuses.add(422)
    if path.endswith("}") and method in ("put", "delete"):
        statuses |= {409, 412}
    good = _ref("ManagedDone")
    if result is not None:
        good = {
            "type": "object",
            "required": ["status", "requestId", "result"],
            "properties": {
                "status": {"type": "integer", "description": "The HTTP status."},
                "requestId": {"type": "string", "format": "uuid", "description": "Also in the server's log."},
                "result": result,
            },
        }
    bad = {status: _content(ERRORS[status], _ref("ManagedError")) for status in sorted(statuses)}
    return {"200": _content("Done.", good), **{str(status): reply for status, reply in bad.items()}}


def _content(text: str, schema: Json) -> Json:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _listed(schema: Json, *, many: bool) -> Json:
    return {"type": "array", "items": schema} if many else schema


def _ref(name: str) -> Json:
    return {"$ref": SCHEMAS + name}
