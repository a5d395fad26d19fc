import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { StateCard } from "../../components/StateCard";
import { IconListSearch } from "../../theme/icons";

export function NotFoundPage() {
  return (
    <main style={{ paddingTop: "16vh" }}>
      <title>Not found · ClickStack</title>
      <StateCard
        icon={<IconListSearch size={20} aria-hidden="true" />}
        title="There is no page at this address"
        actions={
          <Button component={Link} to="/search">
            Go to Search
          </Button>
        }
      >
        <p>
          <span className="mono">{location.pathname}</span> may have been mistyped, or moved.
        </p>
      </StateCard>
    </main>
  );
}
