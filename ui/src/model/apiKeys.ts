/** API keys of an organization: what is shown of one, and what a form about one sends. */
export type KeyState = "enabled" | "disabled";
export type NetworkEntry = { source: string; description?: string };
export type ApiKey = {
  id: string;
  name: string;
  state: KeyState;
  roles: string[];
  assignedRoles: { roleId: string; roleName: string }[];
  keySuffix: string;
  createdAt: string;
  ipAccessList: NetworkEntry[];
  expireAt?: string;
  usedAt?: string;
  serviceIds?: string[];
};
export type KeyRole = { id: string; name: string };
export type KeyPlace = { apiUrl: string; organizationId: string; serviceId: string };
export type KeyPair = { keyId: string; keySecret: string };

/** What a form holds. `life` is in days, `""` without an end, `keep` for the end the key has. */
export type Draft = {
  name: string;
  state: KeyState;
  roles: string[];
  life: string;
  networks: string;
  reach: "organization" | "service";
};
export type KeyChange = Partial<{
  name: string;
  state: KeyState;
  roles: string[];
  assignedRoleIds: string[];
  expireAt: string | null;
  ipAccessList: NetworkEntry[];
  serviceIds: string[];
}>;

export const KEEP = "keep";
const DAY_MS = 86_400_000;
const FIRST_ROLE = "Service API reader"; // a key that only reads is where to start
const OLDER_ROLES: Record<string, string> = {
  admin: "Admin (older)",
  developer: "Developer (older)",
  query_endpoints: "Query endpoints (older)",
};

export function newDraft(roles: KeyRole[]): Draft {
  const first = roles.find(({ name }) => name === FIRST_ROLE);
  return {
    name: "",
    state: "enabled",
    roles: first ? [first.id] : [],
    life: "90",
    networks: "",
    reach: "organization",
  };
}

export function draftOf(key: ApiKey): Draft {
  return {
    name: key.name,
    state: key.state,
    roles: rolesOf(key).map(({ id }) => id),
    life: KEEP,
    networks: networksText(key.ipAccessList),
    reach: key.serviceIds ? "service" : "organization",
  };
}

export function isReady({ name, roles }: Draft): boolean {
  return name.trim() !== "" && roles.length > 0;
}

export function newKeyBody(draft: Draft, serviceId: string, nowMs: number): KeyChange {
  const all = {
    ...changesTo(newDraft([]), { ...draft, reach: "organization" }, nowMs),
    name: draft.name.trim(),
  };
  return draft.reach === "service" ? { ...all, serviceIds: [serviceId] } : all;
}

/** Only what differs, so that a form that stayed open does not undo what somebody else changed. */
export function changesTo(before: Draft, after: Draft, nowMs: number): KeyChange {
  const changes: KeyChange = {};
  if (after.name.trim() !== before.name) changes.name = after.name.trim();
  if (after.state !== before.state) changes.state = after.state;
  if (!isSame(after.roles, before.roles)) {
    const older = after.roles.filter((role) => role in OLDER_ROLES);
    changes.assignedRoleIds = after.roles.filter((role) => !(role in OLDER_ROLES));
    if (older.length > 0) changes.roles = older;
  }
  if (after.life === "") changes.expireAt = null;
  else if (after.life !== KEEP)
    changes.expireAt = new Date(nowMs + Number(after.life) * DAY_MS).toISOString();
  if (after.networks !== before.networks) changes.ipAccessList = networksOf(after.networks);
  return changes;
}

/** Of both kinds, each with the name people know it by. */
export function rolesOf({ roles, assignedRoles }: ApiKey): KeyRole[] {
  return [
    ...roles.map((role) => ({ id: role, name: OLDER_ROLES[role] ?? role })),
    ...assignedRoles.map(({ roleId, roleName }) => ({ id: roleId, name: roleName })),
  ];
}

/** What a form offers: the roles there are, and those the key has from elsewhere. */
export function roleChoices(roles: KeyRole[], key: ApiKey | null): KeyRole[] {
  const others = key ? rolesOf(key).filter(({ id }) => roles.every((role) => role.id !== id)) : [];
  return [...roles, ...others];
}

/** One entry a line: an address or a network, then, if anything, what it is. */
export function networksOf(text: string): NetworkEntry[] {
  return linesOf(text).map(({ line }) => {
    const [source = "", ...words] = line.split(/\s+/);
    return words.length > 0 ? { source, description: words.join(" ") } : { source };
  });
}

export function networksText(entries: NetworkEntry[]): string {
  return entries
    .map(({ source, description }) => (description ? `${source} ${description}` : source))
    .join("\n");
}

/** A refusal in the words of the form: `ipAccessList.1.source: Invalid` is `Line 3: Invalid` when line 2 is empty. */
export function refusalText(message: string, networks: string): string {
  const lines = linesOf(networks);
  return message.replace(/ipAccessList\.(\d+)(?:\.\w+)?/g, (whole, index: string) => {
    const line = lines[Number(index)];
    return line ? `Line ${line.number}` : whole;
  });
}

export function stateOf({ state, expireAt }: ApiKey, nowMs: number): KeyState | "expired" {
  return expireAt && Date.parse(expireAt) <= nowMs ? "expired" : state;
}

/** A first request, ready to run once the pair is filled in. */
export function curlLine({ apiUrl, organizationId, serviceId }: KeyPlace, pair: KeyPair | null): string {
  const user = pair ? `${pair.keyId}:${pair.keySecret}` : "KEY_ID:KEY_SECRET";
  const path = `organizations/${organizationId}/services/${serviceId}/clickstack/dashboards`;
  return `curl --user '${user}' ${apiUrl}/v1/${path}`;
}

function linesOf(text: string): { line: string; number: number }[] {
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "");
}

function isSame(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each));
}
