"""Puts the OpenAPI document together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from clickstack.auth.permissions import rule_of

from ..wire import V2_PREFIX
from .nouns import NAMES, OPERATIONS
from .operation import Error, Operation
from .words import ERRORS, FIELDS, INTRODUCTION, TAGS

SCHEMAS = "#/components/schemas/"
METHODS = ("get", "put", "post", "delete", "patch")
EVERYWHERE = (401, 429, 500)  # any operation may end so

Json = dict[str, Any]


def describe(routers: Sequence[APIRouter], version: str) -> Json:
    """The document for the routers of v2. A route of which nothing is said is not in it; a test misses it."""
    document = _drawn_from_code(routers, version)
    operations = {(method, path): each for method, path, each in _operations(document)}
    schemas = document["components"]["schemas"]
    schemas.update(_schemas([OPERATIONS[key] for key in operations]))
    for (method, path), operation in operations.items():
        _fill(operation, OPERATIONS[method, path], method, path)
    used = reachable(document["paths"], schemas)
    document["components"]["schemas"] = {NAMES.get(name, name): schemas[name] for name in sorted(used)}
    tidy(document["paths"])
    tidy(list(document["components"]["schemas"].values()))
    return document


def _drawn_from_code(routers: Sequence[APIRouter], version: str) -> Json:
    app = FastAPI(title="ClickStack", version=version, description=INTRODUCTION, telemetry={"auto_configure": False})
    for router in routers:
        app.include_router(router, prefix=V2_PREFIX)
    drawn = app.openapi()
    components = drawn.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own idea of a 422
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "accessKey": {"type": "http", "scheme": "bearer", "description": "A personal API access key."}
    }
    return {
        "openapi": drawn["openapi"],
        "info": {**drawn["info"], "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "../..", "description": "Where this document came from."}],
        "security": [{"accessKey": []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {path: said for path, item in drawn["paths"].items() if (said := _described(path, item))},
        "components": components,
    }


def _described(path: str, item: Json) -> Json:
    """The operations of a path of which something is said."""
    return {method: item[method] for method in METHODS if method in item and _key(method, path) in OPERATIONS}


def _key(method: str, path: str) -> tuple[str, str]:
    return method.upper(), path.removeprefix(V2_PREFIX)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Method, path below the prefix, and the operation itself."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield *_key(method, path), item[method]


def _schemas(operations: Sequence[Operation]) -> Json:
    """The schemas of all models the operations name."""
    replies = {model for operation in operations for model in (operation.reply, operation.fault)} | {Error}
    requests = {operation.request for operation in operations if operation.request}
    models = sorted(replies | requests, key=lambda model: model.__name__)
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template=SCHEMAS + "{model}")
    return cast(Json, schema.get("$defs", {}))


def _fill(operation: Json, said: Operation, method: str, path: str) -> None:
    operation.update(
        operationId=said.id, tags=[said.tag], summary=said.summary, description=said.description or said.summary
    )
    rule = rule_of(method, V2_PREFIX + path)
    writes = rule is not None and rule.scope == "write"
    if said.request is not None:
        content = {"application/json": {"schema": _ref(said.request)}}
        operation["requestBody"] = {"required": True, "content": content}
    if said.examples:
        body = operation["requestBody"]["content"]["application/json"]
        body["examples"] = {name: {"value": value} for name, value in said.examples.items()}
    parameters = operation.setdefault("parameters", [])
    if method == "POST" and writes:
        parameters.append(IDEMPOTENCY_KEY)
    if said.conditional:
        parameters.append(IF_MATCH)
    if not parameters:
        del operation["parameters"]
    operation["responses"] = _responses(operation, said, writes=writes)


def _responses(operation: Json, said: Operation, *, writes: bool) -> Json:
    statuses = {*EVERYWHERE, *said.errors}
    if "requestBody" in operation or "parameters" in operation:
        statuses.add(400)
    if "requestBody" in operation:
        statuses.add(413)
    if writes:
        statuses.add(403)
    if said.conditional:
        statuses.add(412)
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", [])):
        statuses |= {409, 422}
    good = {
        "description": "Done.",
        "headers": {name: header for name, header in HEADERS.items() if _carries(said, name)},
        "content": {"application/json": {"schema": _ref(said.reply)}},
    }
    faults = {status: said.fault if status == 400 else Error for status in sorted(statuses)}
    bad = {
        str(status): {"description": ERRORS[status], "content": {"application/json": {"schema": _ref(model)}}}
        for status, model in faults.items()
    }
    return {"200": good, **bad}


def _carries(said: Operation, header: str) -> bool:
    if header == "ETag":
        return said.id.startswith(("get", "list"))
    return header != "X-Total-Count" or "meta" in said.reply.model_fields


HEADERS: Json = {
    "X-Request-Id": {"description": "Also in the server's log.", "schema": {"type": "string"}},
    "ETag": {"description": "For If-None-Match and, of one object, If-Match.", "schema": {"type": "string"}},
    "X-Total-Count": {"description": "How many there are in all.", "schema": {"type": "integer"}},
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your choice. A second request with it, within a day, gets the reply of the first.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag you read. The request is refused with 412 when somebody has changed the object since.",
    "schema": {"type": "string"},
}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": SCHEMAS + model.__name__}


def reachable(start: Any, schemas: Mapping[str, Any]) -> set[str]:
    """The names of the schemas that `start` refers to, directly or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix(SCHEMAS)
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting.extend(node.values())
    return found


def tidy(schema: Any) -> None:
    """Without titles and defaults that say nothing, with words for fields that have none, under public names."""
    if isinstance(schema, list):
        for each in schema:
            tidy(each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("title"), str):
        del schema["title"]
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        schema["$ref"] = SCHEMAS + NAMES.get(name, name)
    if "default" in schema and schema["default"] in (None, "", [], {}):
        del schema["default"]
    for key, value in schema.items():
        if key == "properties":
            for field, described in value.items():
                if field in FIELDS:
                    described.setdefault("description", FIELDS[field])
                tidy(described)
        elif key not in ("examples", "enum", "example", "default"):
            tidy(value)
