import { expect, it } from "vitest";
import { changedFields } from "./audit";

it("names what differs, and only that", () => {
  const before = { name: "Ada", role: "editor", tags: ["a"], note: "" };
  const after = { name: "Ada", role: "viewer", tags: ["a", "b"], note: "x".repeat(100) };
  expect(changedFields(before, after)).toEqual([
    "role: editor → viewer",
    'tags: ["a"] → ["a","b"]',
    `note: nothing → ${"x".repeat(60)}…`,
  ]);
  expect(changedFields(null, { a: 1 })).toEqual(["a: nothing → 1"]);
  expect(changedFields(before, before)).toEqual([]);
});
