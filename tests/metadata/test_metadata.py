"""The metadata database: opening, founding an installation, and what its tables keep."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.errors import Conflict, StartupError
from clickstack.core.ids import RandomIds, SequentialIds
from clickstack.core.records import Author
from clickstack.core.source import EMBEDDED_HOST
from clickstack.metadata import Metadata, open_metadata
from threads import in_parallel

pytestmark = pytest.mark.both_databases

EMAIL = "ada@example.com"
ADA = Author("user", "1", EMAIL)


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, ids)
    yield opened
    opened.close()


def test_everything_survives_a_restart(metadata_url: str, clock: FixedClock, ids: SequentialIds) -> None:
    first = open_metadata(metadata_url, clock, ids)
    team, user = first.installation.found(EMAIL, "hash")
    first.sessions.add(user.id, "token-hash", life_s=60)
    sources = first.sources.list(team.id)
    first.close()

    again = open_metadata(metadata_url, clock, ids)
    session = again.sessions.find("token-hash")
    assert session is not None
    assert (session.user, session.team) == (user, team)
    assert again.sources.list(team.id) == sources
    assert again.users.with_email(EMAIL) == (user, "hash")
    again.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "must be a file"),
        ("sqlite:////proc/none/metadata.sqlite", "cannot be opened"),
        ("nonsense", "Could not parse"),
        ("dbase://host/name", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_line(url: str, reason: str, clock: FixedClock) -> None:
    with pytest.raises(StartupError, match=reason) as failure:
        open_metadata(url, clock, RandomIds(clock))
    assert "\n" not in str(failure.value)


def test_a_new_team_has_its_connection_and_four_linked_sources(metadata: Metadata) -> None:
    team, user = metadata.installation.found(EMAIL, "hash")

    assert (team.name, user.role, user.team_id) == ("ada@example.com's Team", "admin", team.id)
    (connection,) = metadata.connections.list(team.id)
    assert (connection.name, connection.host) == ("Local ClickHouse", EMBEDDED_HOST)
    sources = {source.kind: source for source in metadata.sources.list(team.id)}
    assert [(source.name, source.table_name) for source in sources.values()] == [
        ("Logs", "otel_logs"),
        ("Traces", "otel_traces"),
        ("Metrics", ""),
        ("Sessions", "hyperdx_sessions"),
    ]
    assert {source.connection_id for source in sources.values()} == {connection.id}
    for kind, source in sources.items():
        links = {
            "log": source.log_source_id,
            "trace": source.trace_source_id,
            "metric": source.metric_source_id,
            "session": source.session_source_id,
        }
        assert links == {other: None if other == kind else each.id for other, each in sources.items()}


def test_default_sources_name_the_tables_and_columns_of_the_store(metadata: Metadata) -> None:
    team, _user = metadata.installation.found(EMAIL, "hash")
    logs, traces, metrics, sessions = metadata.sources.list(team.id)

    assert logs.metadata_materialized_views == {"kvRollupTable": "otel_logs_kv_rollup_15m", "granularity": "15 minute"}
    assert (traces.span_events_value_expression, traces.span_links_value_expression) == ("Events", "Links")
    assert (traces.duration_expression, traces.duration_precision) == ("Duration", 9)
    assert metrics.metric_tables == {
        "gauge": "otel_metrics_gauge",
        "sum": "otel_metrics_sum",
        "histogram": "otel_metrics_histogram",
        "exponential histogram": "otel_metrics_exponential_histogram",
        "summary": "otel_metrics_summary",
    }
    assert sessions.timestamp_value_expression == "TimestampTime"


def test_founding_twice_is_a_conflict_and_leaves_nothing_behind(metadata: Metadata) -> None:
    team, user = metadata.installation.found(EMAIL, "hash")
    with pytest.raises(Conflict):
        metadata.installation.found("bob@example.com", "hash")
    assert metadata.users.with_email("bob@example.com") is None
    assert metadata.users.list(team.id) == [(user, True)]
    assert metadata.teams.api_keys() == [(team.id, team.api_key)]


def test_of_parallel_founders_exactly_one_succeeds(metadata_url: str, clock: FixedClock) -> None:
    metadata = open_metadata(metadata_url, clock, RandomIds(clock))
    start, outcomes = threading.Barrier(8, timeout=30), []

    def found(number: int) -> None:
        start.wait()
        try:
            metadata.installation.found(f"user{number}@example.com", "hash")
            outcomes.append("founded")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=found, args=(number,)) for number in range(8)]
    in_parallel(*threads)
    assert sorted(outcomes) == ["conflict"] * 7 + ["founded"]
    assert len(metadata.teams.api_keys()) == 1
    metadata.close()


def test_another_teams_sources_and_connections_are_not_found(metadata: Metadata) -> None:
    team, _user = metadata.installation.found(EMAIL, "hash")
    source, connection = metadata.sources.list(team.id)[0], metadata.connections.list(team.id)[0]
    stranger = "f" * 24
    assert metadata.sources.get(team.id, source.id) == source
    assert metadata.sources.get(stranger, source.id) is None
    assert metadata.connections.get(team.id, connection.id) == connection
    assert metadata.connections.get(stranger, connection.id) is None
    assert metadata.sources.list(stranger) == []
    assert metadata.connections.list(stranger) == []


def test_a_change_is_dated(metadata: Metadata, clock: FixedClock) -> None:
    team, user = metadata.installation.found(EMAIL, "hash")
    clock.advance(1.5)
    metadata.teams.rename(team, "Engine room", ADA, None)
    metadata.users.replace_access_key(user, "new-key", ADA, None)
    renamed = metadata.teams.get(team.id)
    rekeyed = metadata.users.with_access_key("new-key")
    assert renamed is not None
    assert rekeyed is not None
    assert (renamed.name, (renamed.updated_at - team.updated_at).total_seconds()) == ("Engine room", 1.5)
    assert rekeyed[0].updated_at == renamed.updated_at
    assert metadata.users.with_access_key(user.access_key) is None


def test_a_session_dies_when_its_time_is_over(metadata: Metadata, clock: FixedClock) -> None:
    _team, user = metadata.installation.found(EMAIL, "hash")
    metadata.sessions.add(user.id, "one", life_s=60)
    clock.advance(59)
    session = metadata.sessions.find("one")
    assert session is not None
    assert session.expires_in_s == 1
    metadata.sessions.prolong("one", life_s=60)
    clock.advance(59)
    assert metadata.sessions.find("one")
    clock.advance(1)
    assert metadata.sessions.find("one") is None


def test_a_person_keeps_a_bounded_number_of_sessions(
    metadata: Metadata, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clickstack.metadata.sessions.SESSIONS_PER_USER_MAX", 3)
    _team, user = metadata.installation.found(EMAIL, "hash")
    for number in range(5):
        metadata.sessions.add(user.id, f"session-{number}", life_s=600)
        clock.advance(1)
    alive = [number for number in range(5) if metadata.sessions.find(f"session-{number}")]
    assert alive == [2, 3, 4]
