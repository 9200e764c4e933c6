import Hls, { AbrController, type HlsConfig } from "hls.js";
import type { Video } from "../video";

/** Seconds ahead with which a piece may take its time. */
const COMFORT = 8;

type Renditions = Video["renditions"];

/**
 * hls.js chooses by what the network gives; while a film is being prepared the other question is what exists. A viewer who jumps
 * to where nothing is yet waits for the smallest piece, or for one that is there already, and gets the best once there is time.
 */
export function patient(preparing: () => boolean, renditions: () => Renditions): HlsConfig["abrController"] {
  return class extends AbrController {
    readonly #hls: Hls;

    constructor(hls: Hls) {
      super(hls);
      this.#hls = hls;
    }

    override get nextAutoLevel(): number {
      const wanted = super.nextAutoLevel;
      if (!preparing() || ahead(this.#hls.media) > COMFORT) return wanted;
      return safest(this.#hls, wanted, renditions());
    }

    override set nextAutoLevel(level: number) {
      super.nextAutoLevel = level;
    }
  };
}

/** The best level up to `wanted` that is complete, else the lowest. */
function safest({ levels }: Hls, wanted: number, renditions: Renditions): number {
  const complete = new Set(renditions.filter(({ state }) => state === "ready").map(({ name }) => name));
  for (let level = Math.min(wanted, levels.length - 1); level > 0; level -= 1) {
    const folder = levels[level]?.url[0]?.split("/").at(-2);
    if (folder !== undefined && complete.has(folder)) return level;
  }
  return 0;
}

function ahead(media: HTMLMediaElement | null): number {
  if (media === null) return 0;
  const { buffered, currentTime } = media;
  for (let range = 0; range < buffered.length; range += 1)
    if (buffered.start(range) <= currentTime + 0.1 && currentTime < buffered.end(range)) return buffered.end(range) - currentTime;
  return 0;
}
