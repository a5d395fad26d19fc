import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

// The rules of the house: which room may import which, how long a file may be, and who may ask the server.
const SRC = import.meta.dirname;
const LINES_MAX = 300;
const MAY_IMPORT: Record<string, readonly string[]> = {
  model: [],
  theme: [],
  state: ["model"],
  api: ["model"],
  charts: ["model", "theme"],
  components: ["model", "theme"],
  pages: ["model", "theme", "state", "api", "charts", "components"],
};

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".test.ts"))
  .map((name) => ({ name, text: readFileSync(join(SRC, name), "utf8") }));

function importsOf({ name, text }: { name: string; text: string }): string[] {
  return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, target]) =>
    relative(SRC, join(SRC, dirname(name), target ?? "")),
  );
}

it("imports point one way", () => {
  const wrong = files.flatMap((file) => {
    const room = file.name.split("/")[0] ?? "";
    const allowed = MAY_IMPORT[room];
    if (!allowed) return [];
    return importsOf(file)
      .filter((target) => target.split("/")[0] !== room && !allowed.includes(target.split("/")[0] ?? ""))
      .map((target) => `${file.name} → ${target}`);
  });
  expect(wrong).toEqual([]);
});

it("a page never imports another page", () => {
  const pageOf = (path: string) => (path.startsWith("pages/") ? path.split("/")[1] : null);
  const wrong = files.flatMap((file) => {
    const own = pageOf(file.name);
    return importsOf(file)
      .filter((target) => own && pageOf(target) && pageOf(target) !== own)
      .map((target) => `${file.name} → ${target}`);
  });
  expect(wrong).toEqual([]);
});

it("only the api folder asks the server, and only the theme names colours", () => {
  const asks = files.filter(
    ({ name, text }) => !name.startsWith("api/") && /\bfetch\(|XMLHttpRequest/.test(text),
  );
  const colours = files.filter(
    ({ name, text }) => !name.startsWith("theme/") && /["'`]#[0-9a-f]{3,8}\b/i.test(text),
  );
  expect([...asks, ...colours].map(({ name }) => name)).toEqual([]);
});

it("files stay short", () => {
  const long = files.filter(({ text }) => text.split("\n").length > LINES_MAX);
  expect(long.map(({ name }) => name)).toEqual([]);
});
