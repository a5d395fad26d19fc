import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery } from "../../api/session";
import type { Source } from "../../api/sources";
import { configQuery } from "../../api/team";
import { Code } from "../../components/Code";
import { curlSnippet, receiverOf } from "../../model/telemetry";
import classes from "./FirstData.module.css";

/** A source that never had data: where to send it, with which key, and a line to try. */
export function FirstData({ source }: { source: Source }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const receiver = receiverOf(config, location.href, me.team.apiKey);
  const rows = [
    ["OTLP over HTTP", receiver.endpoint],
    ["OTLP over gRPC", receiver.grpcEndpoint],
  ] as const;
  return (
    <div className={classes.frame}>
      <div className={classes.waiting}>
        <i aria-hidden="true" />
        Waiting for the first event in {source.name}
      </div>
      <h2>Send some telemetry</h2>
      <p>
        Point any OpenTelemetry SDK or collector here, with your ingestion key as the{" "}
        <code>authorization</code> header. This page opens by itself when data arrives.
      </p>
      <dl>
        {rows.map(([name, address]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{address}</dd>
          </div>
        ))}
        <div>
          <dt>Ingestion key</dt>
          <dd>
            <Link to="/team" search={{ tab: "keys" }}>
              Team Settings, API Keys
            </Link>
          </dd>
        </div>
      </dl>
      {source.kind === "session" ? (
        <p>
          Sessions come from browsers: instrument the web page with the OpenTelemetry browser SDK and send{" "}
          <code>rum.sessionId</code> with its events.
        </p>
      ) : (
        <>
          <p className={classes.try}>Try it from a terminal:</p>
          <Code text={curlSnippet(receiver, source.kind === "trace" ? "trace" : "log")} what="curl command" />
        </>
      )}
    </div>
  );
}
