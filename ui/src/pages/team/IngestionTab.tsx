import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../../api/session";
import { configQuery, teamQuery } from "../../api/team";
import { TelemetryGuide } from "../../components/TelemetryGuide";
import { receiverOf } from "../../model/telemetry";
import { Card } from "./Card";
import { IndexProfiles } from "./IndexProfiles";
import { IngestionCounts } from "./IngestionCounts";
import { IngestionKeys } from "./IngestionKeys";
import { Retention } from "./Retention";

/** How telemetry gets in: what came, with which keys, how long it stays, and how to send more. */
export function IngestionTab() {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: team } = useQuery(teamQuery);
  const { data: config } = useQuery(configQuery);
  return (
    <>
      <IngestionCounts />
      <IngestionKeys />
      <Retention />
      <IndexProfiles />
      <Card
        title="Send telemetry"
        about="The address and the team's ingestion key are filled in; paste and run."
      >
        <TelemetryGuide receiver={receiverOf(config, location.href, team?.apiKey ?? me.team.apiKey)} />
      </Card>
    </>
  );
}
