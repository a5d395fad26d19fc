import { ApiError, errorOf, send } from "./client";

export type Progress = { rowsRead: number; rowsTotal: number; elapsedMs: number };
export type Statistics = { rowsRead: number; bytesRead: number; elapsedMs: number };

type Frame =
  | { type: "started"; queryId: string }
  | ({ type: "progress" } & Progress)
  | ({ type: "result" } & Record<string, unknown>)
  | {
      type: "error";
      code: string;
      message: string;
      position?: number | null;
      hint?: string | null;
      requestId?: string | null;
    };

/**
 * One query over the frame stream: started, progress…, then one result or error. Resolves to the result frame.
 * Aborting the signal closes the connection, and the server then stops the query in the engine.
 */
export async function streamQuery<T>(
  path: string,
  body: unknown,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {},
): Promise<T> {
  const reply = await send("POST", path, signal ? { body, signal } : { body });
  if (!reply.ok || !reply.body) throw await errorOf(reply);
  const contentType = reply.headers.get("content-type") ?? "";
  if (!contentType.includes("ndjson")) return (await reply.json()) as T;

  for await (const line of lines(reply.body)) {
    const frame = JSON.parse(line) as Frame;
    if (frame.type === "progress") onProgress?.(frame);
    if (frame.type === "result") return frame as T;
    if (frame.type === "error") throw frameError(frame);
  }
  throw new ApiError(0, "The connection closed before the answer was complete.", { code: "network" });
}

function frameError(frame: Extract<Frame, { type: "error" }>): ApiError {
  return new ApiError(400, frame.message, {
    code: frame.code,
    ...(frame.position != null ? { position: frame.position } : {}),
    ...(frame.hint ? { hint: frame.hint } : {}),
    ...(frame.requestId ? { requestId: frame.requestId } : {}),
  });
}

async function* lines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      rest += value;
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) if (part.trim()) yield part;
    }
    if (rest.trim()) yield rest;
  } finally {
    // Leaving early (an answer, an error) must not keep the connection.
    await reader.cancel().catch(() => undefined);
  }
}
