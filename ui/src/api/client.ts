import type { FailureDetails } from "../model/failure";

/** The only folder that talks to the server. Addresses are relative to <base>, so a sub-path deployment works. */

/** A refusal or a failure, told the same way for plain replies, query streams and a network that is away. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: FailureDetails & { body?: unknown } = {},
  ) {
    super(message);
    this.name = "ApiError";
  }

  get isUnauthorized(): boolean {
    return this.status === 401;
  }
}

export function apiUrl(path: string): string {
  return new URL(`api/${path}`, document.baseURI).toString();
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** One JSON request. Raises ApiError for every outcome that is not 2xx, and for a server that cannot be reached. */
export async function request<T>(
  method: Method,
  path: string,
  options: { body?: unknown; signal?: AbortSignal } = {},
): Promise<T> {
  const reply = await send(method, path, options);
  if (!reply.ok) throw await errorOf(reply);
  return (await reply.json()) as T;
}

/** The raw exchange behind `request` and the query streams. */
export async function send(
  method: Method,
  path: string,
  { body, signal }: { body?: unknown; signal?: AbortSignal },
): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json, application/x-ndjson" };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(apiUrl(path), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The server cannot be reached.", {
      code: "network",
      hint: "Check that it is running and that this page can reach it.",
    });
  }
}

/** Error replies are JSON with `message` or `error`, an array of issues, or plain text such as `Unauthorized`. */
export async function errorOf(reply: Response): Promise<ApiError> {
  const text = await reply.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Plain text is one of the shapes.
  }
  const known = isRecord(body) ? body : {};
  const message = asText(known.message) ?? asText(known.error) ?? issueText(body) ?? "";
  const position = typeof known.position === "number" ? { position: known.position } : {};
  const hint = asText(known.hint);
  const requestId = asText(known.requestId) ?? reply.headers.get("x-request-id");
  const code = asText(known.code);
  return new ApiError(reply.status, message || (typeof body === "string" && body) || `HTTP ${reply.status}`, {
    ...position,
    ...(hint ? { hint } : {}),
    ...(requestId ? { requestId } : {}),
    ...(code ? { code } : {}),
    body,
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}

/** `[{type:"Body", errors:{issues:[{path, message}]}}]` → the first message with its field. */
function issueText(body: unknown): string | undefined {
  if (!Array.isArray(body)) return undefined;
  const issues: unknown = body[0]?.errors?.issues;
  const first: unknown = Array.isArray(issues) ? issues[0] : undefined;
  if (!isRecord(first)) return undefined;
  const path = Array.isArray(first.path) ? first.path.join(".") : "";
  return `${path ? `${path}: ` : ""}${asText(first.message) ?? "not valid"}`;
}
