import type { HlsConfig, LoadPolicy } from "hls.js";

/**
 * A piece that is not encoded yet is answered slowly (the server holds the request for up to some 25 s while it moves
 * the piece to the front) or with 503 and Retry-After. Both are ordinary here: wait, ask again, and never call it an error
 * before several minutes have gone by.
 */
const PATIENT: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 40_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 6, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 40, retryDelayMs: 1000, maxRetryDelayMs: 4000, backoff: "linear" },
  },
};

/** Captions are tracks of the page (tracks.ts); the playlist offers them to other players. The types know of no such absence. */
const NO_CAPTIONS = { subtitleTrackController: undefined, timelineController: undefined } as unknown as Partial<HlsConfig>;

interface Wishes {
  /** Keeps blob: workers out of the content security policy. */
  workerPath: string;
  startPosition: number;
  abrController: HlsConfig["abrController"];
}

/** hls.js settings. */
export function configure(wishes: Wishes): Partial<HlsConfig> {
  return {
    ...wishes,
    ...NO_CAPTIONS,
    autoStartLoad: true,
    // The lowest rendition is encoded first and loads fastest; the first measured piece corrects the choice.
    startLevel: 0,
    capLevelToPlayerSize: true,
    maxBufferLength: 20,
    maxMaxBufferLength: 60,
    backBufferLength: 60,
    fragLoadPolicy: PATIENT,
    playlistLoadPolicy: PATIENT,
    manifestLoadPolicy: PATIENT,
  };
}
