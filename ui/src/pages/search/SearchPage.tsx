import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sourcesQuery } from "../../api/sources";
import { ErrorCard } from "../../components/ErrorCard";
import { StateCard } from "../../components/StateCard";
import { IconDatabase } from "../../theme/icons";
import { ResultsSkeleton } from "./Results";
import { SearchView } from "./SearchView";

/** The sources come first: without one there is no question to ask. */
export function SearchPage() {
  const sources = useQuery(sourcesQuery);
  if (sources.error) return <ErrorCard error={sources.error} onRetry={() => void sources.refetch()} />;
  if (!sources.data) return <ResultsSkeleton />;
  if (sources.data.length === 0) {
    return (
      <StateCard
        icon={<IconDatabase size={20} aria-hidden="true" />}
        title="There is no source to search"
        actions={<Button onClick={() => void sources.refetch()}>Look again</Button>}
      >
        <p>A source says which table holds your logs or traces. Create one through the API.</p>
      </StateCard>
    );
  }
  return <SearchView sources={sources.data} />;
}
