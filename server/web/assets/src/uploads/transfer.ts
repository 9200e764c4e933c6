import { type DetailedError, type HttpRequest, type HttpResponse, Upload } from "tus-js-client";
import { meta } from "../dom";
import { bytes, percent, span } from "../format";
import { Speed } from "./speed";

export type Phase = "waiting" | "uploading" | "paused" | "retrying" | "failed" | "sent";

const ENDPOINT = "/api/v1/uploads";
/** Bounded, so that no request outlives a deploy by much and a long upload meets its session's renewal. */
const CHUNK = 64 * 1024 * 1024;
/** Waits between attempts in milliseconds. Any progress starts the series anew. */
const WAITS = [500, 1000, 2000, 4000, 8000, 15_000, ...Array<number>(40).fill(30_000)];
/** Answers that pass by themselves: no answer at all, conflict, locked, too many, and a server that is restarting. */
const PASSING = new Set([0, 409, 423, 429, 500, 502, 503, 504]);

/** The same file is recognised by name, size and time of last change: a browser tells no more about it. */
export function fingerprint(file: File): string {
  return `${file.name}|${file.size}|${file.lastModified}`;
}

/** One file on its way to the server. Fires "change" whenever its line would read differently. */
export class Transfer extends EventTarget {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  phase: Phase = "waiting";
  sent = 0;
  message = "";
  /** Id of the film, once the last byte has arrived. */
  video: string | null = null;

  readonly #upload: Upload;
  readonly #speed = new Speed();

  constructor(file: File) {
    super();
    this.key = fingerprint(file);
    this.name = file.name;
    this.size = file.size;
    this.#upload = new Upload(file, {
      endpoint: ENDPOINT,
      metadata: { filename: file.name, filetype: file.type || "application/octet-stream" },
      headers: { "X-CSRF-Token": meta("csrf-token") ?? "" },
      chunkSize: CHUNK,
      retryDelays: WAITS,
      removeFingerprintOnSuccess: true,
      fingerprint: async () => this.key,
      onShouldRetry: (error, attempt) => this.#shouldRetry(error, attempt),
      onProgress: (sent) => this.#progressed(sent),
      onError: (error) => this.#set("failed", explain(error)),
      onSuccess: ({ lastResponse }) => this.#finish(lastResponse),
    });
    window.addEventListener("online", () => {
      if (this.phase === "retrying") void this.#upload.abort().then(() => this.start());
    });
  }

  /** Begin, or go on where an earlier visit or a pause left off. */
  async start(): Promise<void> {
    this.#set("uploading");
    this.#speed.reset();
    const [previous] = await this.#upload.findPreviousUploads();
    if (previous && this.#upload.url === null) this.#upload.resumeFromPreviousUpload(previous);
    if (this.phase === "uploading") this.#upload.start();
  }

  async pause(): Promise<void> {
    this.#set("paused");
    await this.#upload.abort();
  }

  /** Stop for good and let the server forget the part that it has. */
  async cancel(): Promise<void> {
    this.phase = "failed";
    await this.#upload.abort(true).catch(() => undefined);
  }

  /** "Uploading 43 % · 12 MB/s · 20 s left" */
  get line(): string {
    const done = percent(this.sent, this.size);
    switch (this.phase) {
      case "waiting":
        return `Waiting for its turn · ${bytes(this.size)}`;
      case "uploading": {
        if (this.sent === this.size) return "Finishing";
        const rate = this.#speed.perSecond;
        if (rate === 0) return `Uploading ${done}`;
        return `Uploading ${done} · ${bytes(rate)}/s · ${span((this.size - this.sent) / rate)} left`;
      }
      case "paused":
        return `Paused at ${done}`;
      case "retrying":
      case "failed":
        return this.message;
      case "sent":
        return "Checking the file";
    }
  }

  #progressed(sent: number): void {
    this.#speed.note(sent, performance.now());
    this.sent = sent;
    this.#set("uploading");
  }

  #shouldRetry(error: DetailedError, attempt: number): boolean {
    const status = error.originalResponse?.getStatus() ?? 0;
    if (!PASSING.has(status)) return false;
    const wait = span((WAITS[attempt] ?? 0) / 1000);
    const reason = status === 0 ? "The connection was lost" : `The server answered ${status}`;
    this.#set("retrying", `${reason}. Trying again in ${wait}; nothing sent so far is lost.`);
    return true;
  }

  #finish(response: HttpResponse): void {
    this.sent = this.size;
    this.video = response.getHeader("Matinee-Video") ?? null;
    performance.mark("matinee:last-byte", { detail: { video: this.video } });
    this.#set("sent");
  }

  #set(phase: Phase, message = ""): void {
    this.phase = phase;
    this.message = message;
    this.dispatchEvent(new Event("change"));
  }
}

/** The server's own words where it gave a problem document (RFC 9457), else what is known. */
function explain(error: Error | DetailedError): string {
  const response = "originalResponse" in error ? error.originalResponse : null;
  const request: HttpRequest | null = "originalRequest" in error ? error.originalRequest : null;
  if (response === null) return request === null ? error.message : "The server cannot be reached. Check the network, then retry.";
  try {
    const { detail } = JSON.parse(response.getBody()) as { detail?: string };
    if (detail) return detail;
  } catch {
    // Not a problem document; the status has to do.
  }
  if (response.getStatus() === 401) return "You have been signed out. Sign in again in another tab, then retry.";
  return `The server refused this file (status ${response.getStatus()}).`;
}
