import { Code } from "../../../components/Code";
import type { Row } from "../../../model/tree";

export function RowJson({ row }: { row: Row }) {
  return <Code text={JSON.stringify(row, null, 2)} what="the event as JSON" />;
}
