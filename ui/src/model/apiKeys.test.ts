import { expect, it } from "vitest";
import {
  type ApiKey,
  changesTo,
  curlLine,
  draftOf,
  isReady,
  networksOf,
  networksText,
  newDraft,
  newKeyBody,
  refusalText,
  roleChoices,
  stateOf,
} from "./apiKeys";

const NOW = Date.parse("2026-11-23T06:00:00.000Z");
const READER = { id: "5b0c7a10-0000-4000-8000-000000000005", name: "Service API reader" };
const ADMIN = { id: "5b0c7a10-0000-4000-8000-000000000001", name: "Admin" };
const KEY: ApiKey = {
  id: "k",
  name: "Terraform",
  state: "enabled",
  roles: ["developer"],
  assignedRoles: [{ roleId: "6512a", roleName: "Drawers" }],
  keySuffix: "ab12",
  createdAt: "2026-11-01T00:00:00.000Z",
  expireAt: "2026-12-01T00:00:00.000Z",
  ipAccessList: [{ source: "10.0.0.0/8", description: "office" }],
};

it("a new key reads for 90 days, from anywhere, in the whole organization", () => {
  const draft = { ...newDraft([ADMIN, READER]), name: " Terraform " };
  expect(newKeyBody(draft, "s", NOW)).toEqual({
    name: "Terraform",
    assignedRoleIds: [READER.id],
    expireAt: "2027-02-21T06:00:00.000Z",
  });
  expect(newKeyBody({ ...draft, reach: "service" }, "s", NOW).serviceIds).toEqual(["s"]);
});

it("a key needs a name and a role", () => {
  expect(isReady(newDraft([READER]))).toBe(false);
  expect(isReady({ ...newDraft([READER]), name: "x" })).toBe(true);
  expect(isReady({ ...newDraft([]), name: "x" })).toBe(false);
});

it("sends only what was changed", () => {
  const before = draftOf(KEY);
  expect(changesTo(before, before, NOW)).toEqual({});
  expect(changesTo(before, { ...before, state: "disabled", life: "" }, NOW)).toEqual({
    state: "disabled",
    expireAt: null,
  });
  expect(changesTo(before, { ...before, life: "30", networks: "" }, NOW)).toEqual({
    expireAt: "2026-12-23T06:00:00.000Z",
    ipAccessList: [],
  });
});

it("sends roles of both kinds together, because they replace all", () => {
  const before = draftOf(KEY);
  expect(changesTo(before, { ...before, roles: ["developer", "6512a", ADMIN.id] }, NOW)).toEqual({
    roles: ["developer"],
    assignedRoleIds: ["6512a", ADMIN.id],
  });
  expect(changesTo(before, { ...before, roles: [ADMIN.id] }, NOW)).toEqual({ assignedRoleIds: [ADMIN.id] });
});

it("offers the roles there are and those the key has", () => {
  expect(roleChoices([ADMIN], null)).toEqual([ADMIN]);
  expect(roleChoices([ADMIN], KEY).map(({ name }) => name)).toEqual([
    "Admin",
    "Developer (older)",
    "Drawers",
  ]);
});

it("reads networks one a line, with what they are", () => {
  const text = "10.0.0.0/8 office, 3rd floor\n\n  ::1 ";
  expect(networksOf(text)).toEqual([
    { source: "10.0.0.0/8", description: "office, 3rd floor" },
    { source: "::1" },
  ]);
  expect(networksText(networksOf(text))).toBe("10.0.0.0/8 office, 3rd floor\n::1");
  expect(refusalText("ipAccessList.1.source: Invalid", text)).toBe("Line 3: Invalid");
  expect(refusalText("expireAt: must be in the future", text)).toBe("expireAt: must be in the future");
});

it("an expired key is neither enabled nor disabled", () => {
  expect(stateOf(KEY, NOW)).toBe("enabled");
  expect(stateOf({ ...KEY, state: "disabled" }, NOW)).toBe("disabled");
  expect(stateOf(KEY, Date.parse("2026-12-01T00:00:00.000Z"))).toBe("expired");
});

it("writes a request with the pair, or with where it goes", () => {
  const place = { apiUrl: "http://host:8000", organizationId: "o", serviceId: "s" };
  expect(curlLine(place, null)).toBe(
    "curl --user 'KEY_ID:KEY_SECRET' http://host:8000/v1/organizations/o/services/s/clickstack/dashboards",
  );
  expect(curlLine(place, { keyId: "a", keySecret: "b" })).toContain("--user 'a:b' ");
});
