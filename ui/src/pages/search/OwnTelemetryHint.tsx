import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type SearchPageResult, searchRows } from "../../api/search";
import type { Source } from "../../api/sources";
import { DAY, MINUTE } from "../../model/timeRange";
import { FirstData } from "./FirstData";
import classes from "./SearchPage.module.css";

/** The service under which the server keeps its own telemetry. */
const OWN_SERVICE = "clickstack";
const LOOK_BACK_MS = 30 * DAY;
const POLL_MS = 10_000;

/**
 * A new server shows its own logs before anybody sends any. Says so, and how to send, until something else arrives.
 * Asks the server only when every loaded row is its own.
 */
export function OwnTelemetryHint({ source, page }: { source: Source; page: SearchPageResult | undefined }) {
  const [opened, setOpened] = useState(false);
  const service = page?.columns.findIndex(({ name }) => name === source.serviceNameExpression) ?? -1;
  const isOwnOnly =
    service >= 0 &&
    page !== undefined &&
    page.rows.length > 0 &&
    page.rows.every((row) => row[service] === OWN_SERVICE);
  const others = useQuery({
    queryKey: ["search", "others", source.id],
    enabled: isOwnOnly,
    retry: false,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const now = Date.now();
      const input = {
        sourceId: source.id,
        where: `NOT ${source.serviceNameExpression}:"${OWN_SERVICE}"`,
        whereLanguage: "lucene" as const,
        startTime: now - LOOK_BACK_MS,
        endTime: now + MINUTE,
      };
      return (await searchRows({ ...input, limit: 1 }, { signal })).rows.length;
    },
    refetchInterval: (query) => (query.state.data === 0 ? POLL_MS : false),
  });
  if (!isOwnOnly || others.data !== 0) return null;
  return (
    <div className={classes.hint} role="status">
      <span>So far there is only this server's own telemetry.</span>
      <Button size="compact-xs" variant="default" onClick={() => setOpened(true)}>
        Send yours
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        size={700}
        title={`First events in ${source.name}`}
      >
        <FirstData source={source} />
      </Modal>
    </div>
  );
}
