"""The command line: parse arguments, call a room, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from clickstack import __version__
from clickstack.core.errors import ClickstackError, StartupError
from clickstack.core.settings import Settings, describe, load_settings

app = typer.Typer(
    name="clickstack",
    help="ClickStack: logs, traces and metrics in, search, charts and alerts out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


spool = typer.Typer(
    help="Look at what waits to be loaded, and at what the tables refused.", no_args_is_help=True, add_completion=False
)
app.add_typer(spool, name="spool")


def main() -> None:
    """Run a command. Errors the program knows are one line and exit code 1."""
    try:
        app()
    except StartupError as error:
        _fail(str(error))
    except ClickstackError as error:
        _fail(str(error))


def _fail(message: str) -> None:
    print(f"clickstack: {message}", file=sys.stderr)  # noqa: T201
    raise SystemExit(1)


def _with_settings_options(command: Any) -> Any:
    """Give a command one option per setting: `--data-dir`, `--api-port`, … (core.settings is the only list)."""
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=typer.Option(
                None,
                "--" + field.name.replace("_", "-"),
                help=f"{field.metadata['help']} [env CLICKSTACK_{field.name.upper()}; default {_shown_default(field)}]",
                show_default=False,
            ),
            annotation=str | None,
        )
        for field in dataclasses.fields(Settings)
    ]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _shown_default(field: dataclasses.Field[Any]) -> str:
    if field.default is None:
        return "empty"
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default) or "empty"


@app.command()
@_with_settings_options
def serve(**options: str | None) -> None:
    """Start the server: web UI, API, OTLP receivers, and the engine inside."""
    settings, _ = load_settings(options)
    from clickstack.server import run_server

    run_server(settings, _announce)


@app.command("settings")
@_with_settings_options
def show_settings(**options: str | None) -> None:
    """Print every setting with its value and where it came from; secrets are masked."""
    settings, origins = load_settings(options)
    for row in describe(settings, origins):
        typer.echo(f"{row.name:30}{row.value or '-':32}{row.origin:13}{row.env}")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


DataDir = Annotated[
    str | None, typer.Option(help="The server's data directory. [env CLICKSTACK_DATA_DIR; default data]")
]


@spool.command("status")
def spool_status(data_dir: DataDir = None) -> None:
    """What waits on disk to be loaded, by signal. Safe while a server runs."""
    from clickstack.server.spool_tool import show_spool

    show_spool(load_settings({"data_dir": data_dir})[0].data_dir, typer.echo)


@spool.command("dead-letters")
def spool_dead_letters(data_dir: DataDir = None) -> None:
    """The requests that a table refused, and why. Safe while a server runs."""
    from clickstack.server.spool_tool import show_dead_letters

    show_dead_letters(load_settings({"data_dir": data_dir})[0].data_dir, typer.echo)


@spool.command("retry")
def spool_retry(
    names: Annotated[list[str] | None, typer.Argument(help="Dead letters; all of them when none is named.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Put dead letters back into the spool: the running server loads them, or the next one to start."""
    from clickstack.server.spool_tool import retry_dead_letters

    retry_dead_letters(load_settings({"data_dir": data_dir})[0].data_dir, names or [], typer.echo)


@app.command("index-profile")
def index_profile(
    table: Annotated[str, typer.Argument(help="A table such as otel_logs, or a signal for all its tables.")] = "",
    profile: Annotated[str, typer.Argument(help="none, bloom or text; without it the present one is shown.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Show or change the search indexes of tables, server running or not; old rows follow in the background."""
    from clickstack.server.index_tool import show_or_change

    show_or_change(load_settings({"data_dir": data_dir})[0], table, profile, typer.echo)


Last = Annotated[str, typer.Option(help="How far back from now, such as 15m, 6h or 2d.")]


@app.command("compile")
def compile_(
    chart: Annotated[Path, typer.Argument(help="A chart config as JSON; its sourceId may be a source's name.")],
    last: Last = "1h",
    data_dir: DataDir = None,
) -> None:
    """Print the SQL of a chart. The server must be stopped: the engine belongs to one process."""
    from clickstack.server.query_tool import compile_chart

    compile_chart(load_settings({"data_dir": data_dir})[0], chart, last, typer.echo)


@app.command()
def query(
    line: Annotated[str, typer.Argument(help="A Lucene line, such as SeverityText:error; empty matches all.")] = "",
    source: Annotated[str, typer.Option(help="The source it asks, by name or id.")] = "Logs",
    chart: Annotated[Path | None, typer.Option(help="A chart config as JSON, instead of a line.")] = None,
    last: Last = "1h",
    data_dir: DataDir = None,
) -> None:
    """Print the SQL of a Lucene line or a chart, and its answer. The server must be stopped."""
    from clickstack.server.query_tool import query as run_query

    run_query(load_settings({"data_dir": data_dir})[0], line, source, chart, last, typer.echo)


@app.command()
def demo(
    api_url: str = typer.Option("http://127.0.0.1:8000", help="API of the server, to find the ingestion key."),
    otlp_http_url: str = typer.Option("http://127.0.0.1:4318", help="OTLP over HTTP."),
    otlp_grpc_target: str = typer.Option("127.0.0.1:4317", help="OTLP over gRPC."),
    key: str = typer.Option("", help="Ingestion key (Team Settings, API Keys). Without it the demo account is used."),
    hours: float = typer.Option(3.0, min=0.0, max=72.0, help="Hours of the past to fill."),
    rate: float = typer.Option(2.0, min=0.01, max=200.0, help="Traces per second, on average."),
    seed: int = typer.Option(1, help="The same seed makes the same shop."),
    live: bool = typer.Option(True, help="Go on in real time after the past is filled."),
) -> None:
    """Send a believable shop's logs, traces and metrics to a server, like any client would."""
    from clickstack.core.clock import SystemClock
    from clickstack.demo import DemoOptions, run_demo
    from clickstack.demo.account import demo_ingestion_key

    stop = threading.Event()
    clock = SystemClock()
    try:
        found = key or demo_ingestion_key(api_url, typer.echo, clock)
        options = DemoOptions(otlp_http_url, otlp_grpc_target, found, hours=hours, rate=rate, seed=seed, live=live)
        run_demo(options, stop, typer.echo, clock)
    except KeyboardInterrupt:
        stop.set()


def _announce(settings: Settings) -> None:
    local = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else settings.host  # noqa: S104
    lines = (
        ("Web UI", settings.public_url),
        ("API", f"http://{local}:{settings.api_port}/api/v2"),
        ("OTLP", f"http://{local}:{settings.otlp_http_port} (HTTP), {local}:{settings.otlp_grpc_port} (gRPC)"),
        ("Data", str(settings.data_dir)),
    )
    typer.echo(f"\n  ClickStack {__version__} is ready\n")
    for name, value in lines:
        typer.echo(f"  {name:8}{value}")
    typer.echo("\n  Press Ctrl-C to stop.\n")
