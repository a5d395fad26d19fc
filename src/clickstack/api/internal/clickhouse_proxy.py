"""ClickHouse's own HTTP interface, for programs that speak it: reading, and only a team's tables
(reference/internal-routes.md §3.10).

Statement in the body (or `query`), its parameters and settings in the query string, the answer in the format that was
asked for; errors are the texts such programs read: `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from clickstack.core.errors import (
    BadQuery,
    BadRequest,
    Busy,
    Cancelled,
    Exposed,
    Forbidden,
    QueryTimeout,
    TooLarge,
)
from clickstack.core.ids import OBJECT_ID
from clickstack.core.records import Actor
from clickstack.core.source import EMBEDDED_HOST
from clickstack.query.verbatim import Question, Verdict, ask
from clickstack.store import EngineFault, engine_fault

from ..context import Services, SignedIn, services
from ..reading import query_settings
from ..stream import answer_query
from ..validation import Issue, array_of
from ..wire import Json, error_headers

router = APIRouter(prefix="/clickhouse-proxy")

CONNECTION_HEADER = "x-hyperdx-connection-id"
DEFAULT_FORMAT = "TabSeparated"
PARAMETER = "param_"

# In the query string, and no settings. Who asks is known by the session; there is one database, and no other session.
_NO_SETTINGS = frozenset(
    "query query_id default_format database user password quota_key role session_id session_timeout compress "
    "decompress client_protocol_version".split()
)
_QUERY_ID = re.compile(r"[\w.:-]{1,100}")

_MEDIA_TYPES: tuple[tuple[str, str], ...] = (  # by the beginning of the format's name
    ("JSONEachRow", "application/x-ndjson; charset=UTF-8"),
    ("JSONCompactEachRow", "application/x-ndjson; charset=UTF-8"),
    ("JSON", "application/json; charset=UTF-8"),
    ("CSV", "text/csv; charset=UTF-8"),
    ("TabSeparated", "text/tab-separated-values; charset=UTF-8"),
    ("TSV", "text/tab-separated-values; charset=UTF-8"),
    ("XML", "application/xml; charset=UTF-8"),
    ("RowBinary", "application/octet-stream"),
    ("Native", "application/octet-stream"),
    ("Arrow", "application/octet-stream"),
    ("Parquet", "application/octet-stream"),
    ("ORC", "application/octet-stream"),
    ("MsgPack", "application/octet-stream"),
)

# What we refuse ourselves, as the engine would number it.
_FAULTS: tuple[tuple[type[Exposed], EngineFault], ...] = (
    (Forbidden, EngineFault(497, "ACCESS_DENIED")),
    (BadQuery, EngineFault(62, "SYNTAX_ERROR")),
    (BadRequest, EngineFault(36, "BAD_ARGUMENTS")),
    (TooLarge, EngineFault(396, "TOO_MANY_ROWS_OR_BYTES")),
    (QueryTimeout, EngineFault(159, "TIMEOUT_EXCEEDED")),
    (Cancelled, EngineFault(394, "QUERY_WAS_CANCELLED")),
    (Busy, EngineFault(202, "TOO_MANY_SIMULTANEOUS_QUERIES")),
)
_UNKNOWN = EngineFault(1002, "UNKNOWN_EXCEPTION")
_NOT_THERE = frozenset({46, 47, 60, 81, 115})  # unknown function, identifier, table, database, setting: 404 there


@router.get("/ping")
def ping(_actor: SignedIn) -> Response:
    return PlainTextResponse("Ok.\n")


@router.get("")
@router.post("")
async def proxy(request: Request, actor: SignedIn) -> Response:
    here = services(request)
    connection_id = request.headers.get(CONNECTION_HEADER, "").strip().lower()
    if not OBJECT_ID.fullmatch(connection_id):
        issue = Issue("Headers", (CONNECTION_HEADER,), "custom", "Invalid ObjectId")
        return Json(array_of([issue])[0], status_code=400)
    body = await request.body()
    query_id = request.query_params.get("query_id") or here.ids.uuid()
    if not _QUERY_ID.fullmatch(query_id):
        query_id = here.ids.uuid()
    named = {"X-ClickHouse-Query-Id": query_id}
    try:
        if not await run_in_threadpool(_is_engine, here, actor, connection_id):
            return PlainTextResponse("Connection not found", status_code=404)
        question = _question(request, body, await run_in_threadpool(query_settings, here, actor))
        verdict = await answer_query(
            request, here, lambda job: ask(here.store, here.metadata.sources.list(actor.team.id), question, job)
        )
    except Exposed as error:
        return _refusal(request, error, named)
    return _reply(verdict, named)


def _is_engine(here: Services, actor: Actor, connection_id: str) -> bool:
    """False when the team has no such connection. Raises BadRequest for one that leads elsewhere."""
    connection = here.metadata.connections.get(actor.team.id, connection_id)
    if connection is not None and connection.host != EMBEDDED_HOST:
        raise BadRequest(f"The connection {connection.name} leads to another server; only {EMBEDDED_HOST} is asked.")
    return connection is not None


def _question(request: Request, body: bytes, settings: Mapping[str, str]) -> Question:
    """What is asked. `settings` are the team's; those of the query string win.

    A statement in the query string comes before that of the body, as ClickHouse takes it.
    """
    given = dict(request.query_params)
    for name in ("compress", "decompress"):
        if given.get(name, "0") not in ("0", "false", ""):
            raise BadRequest(f"{name}: ClickHouse's own compression is not spoken here; send Accept-Encoding: gzip.")
    if given.get("database", "default") not in ("default", ""):
        raise BadRequest("database: write it before the table: database.table")
    try:
        text = "\n".join(filter(None, (given.get("query", ""), body.decode())))
    except UnicodeDecodeError:
        raise BadRequest("The statement is no UTF-8 text.") from None
    if not text.strip():
        raise BadQuery("Empty query: send a statement in the body.")
    return Question(
        text,
        params={name.removeprefix(PARAMETER): value for name, value in given.items() if name.startswith(PARAMETER)},
        settings={
            **settings,
            **{
                name: value
                for name, value in given.items()
                if name not in _NO_SETTINGS and not name.startswith((PARAMETER, "http_"))
            },
        },
        default_format=given.get("default_format") or request.headers.get("x-clickhouse-format") or DEFAULT_FORMAT,
    )


def _reply(verdict: Verdict, named: Mapping[str, str]) -> Response:
    media_type = next((kind for name, kind in _MEDIA_TYPES if verdict.format.startswith(name)), "text/plain")
    read = verdict.answer.statistics
    summary = {
        "read_rows": str(read.rows_read),
        "read_bytes": str(read.bytes_read),
        "written_rows": "0",
        "written_bytes": "0",
        "result_bytes": str(len(verdict.answer.body)),
        "elapsed_ns": str(int(read.elapsed_s * 1_000_000_000)),
    }
    headers = {
        **named,
        "X-ClickHouse-Format": verdict.format,
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Summary": orjson.dumps(summary).decode(),
        "Cache-Control": "no-store",
    }
    return Response(verdict.answer.body, media_type=media_type, headers=headers)


def _refusal(request: Request, error: Exposed, named: Mapping[str, str]) -> Response:
    fault = engine_fault(error) or next((each for kind, each in _FAULTS if isinstance(error, kind)), _UNKNOWN)
    status = 404 if fault.code in _NOT_THERE else error.status
    headers = {
        **error_headers(error, request.scope),
        **named,
        "X-ClickHouse-Exception-Code": str(fault.code),
    }
    text = f"Code: {fault.code}. DB::Exception: {error.message} ({fault.name})\n"
    return PlainTextResponse(text, status_code=status, headers=headers)
