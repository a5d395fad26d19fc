import { Button } from "@mantine/core";
import type { Source } from "../../../api/sources";
import { type Related, relatedTo } from "../../../model/related";
import type { Row } from "../../../model/tree";
import { IconFileText, IconTimeline } from "../../../theme/icons";
import classes from "./RowPanel.module.css";

type Props = {
  row: Row;
  source: Source;
  sources: readonly Source[];
  onRelated: (related: Related<Source>) => void;
};

/** One click from an event to the rest of its trace. */
export function RelatedLinks({ row, source, sources, onRelated }: Props) {
  const links = relatedTo(row, source, sources);
  if (links.length === 0) return null;
  return (
    <div className={classes.related}>
      {links.map((related) => {
        const Icon = related.source.kind === "trace" ? IconTimeline : IconFileText;
        return (
          <Button
            key={related.source.id}
            variant="default"
            size="compact-xs"
            leftSection={<Icon size={13} stroke={1.75} />}
            onClick={() => onRelated(related)}
          >
            {related.label}
          </Button>
        );
      })}
    </div>
  );
}
