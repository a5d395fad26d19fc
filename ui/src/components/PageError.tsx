import { Button } from "@mantine/core";
import { ErrorCard } from "./ErrorCard";

/** A page that crashed: the rest of the product stays, and a reload is one click. */
export function PageError({ error }: { error: unknown }) {
  return (
    <main style={{ paddingTop: "12vh" }}>
      <ErrorCard error={error instanceof Error ? error : new Error(String(error))} />
      <div style={{ display: "grid", placeItems: "center" }}>
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </div>
    </main>
  );
}
