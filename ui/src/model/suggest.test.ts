import { expect, it } from "vitest";
import { suggest, type Vocabulary } from "./suggest";

const VOCABULARY: Vocabulary = {
  fields: ["ServiceName", "SeverityText", "Body", "LogAttributes.http.route"],
  valuesOf: (field) => (field === "ServiceName" ? ["cart", "checkout"] : []),
  recent: ["level:error"],
  examples: ["a:1", "b:2"],
};
const at = (text: string, language: "lucene" | "sql" = "lucene", caret = text.length) =>
  suggest(text, caret, language, VOCABULARY);

it("offers earlier queries, then examples, in an empty field", () => {
  expect(at("").map(({ kind }) => kind)).toEqual(["recent", "example", "example"]);
});
it("completes field names, those that begin with the word first", () => {
  expect(at("se")[0]).toMatchObject({ kind: "field", text: "ServiceName:" });
  expect(at("a:1 AND rou")[0]?.text).toBe("a:1 AND LogAttributes.http.route:");
  expect(at("rou", "sql")[0]?.text).toBe("LogAttributes['http.route'] = ");
});
it("completes seen values, quoted", () => {
  expect(at("ServiceName:ch")[0]).toMatchObject({ text: 'ServiceName:"checkout"', caret: 22 });
  expect(at('ServiceName:"ch')[0]?.text).toBe('ServiceName:"checkout"');
  expect(at("ServiceName = 'ca", "sql")[0]?.text).toBe("ServiceName = 'cart'");
});
it("keeps the text after the caret", () => {
  expect(at("se AND x", "lucene", 2)[0]).toMatchObject({ text: "ServiceName: AND x", caret: 12 });
});
it("is quiet inside quoted text", () => {
  expect(at('"se')).toEqual([]);
});
