import Hls, { Events, type Level } from "hls.js";
import type { HlsVideoElement } from "hls-video-element";
import type { VideoRenditionList, VideoTrackList } from "media-tracks";

const LEAST_GAP = 5000;

/** What the element has at run time and its published types leave out. */
type Player = HlsVideoElement & { videoTracks: VideoTrackList; videoRenditions: VideoRenditionList };

/**
 * Renditions join the multivariant playlist while the film is being encoded, as soon as their first piece exists. A film that is
 * playing takes in the new ones without a hiccup: a second, silent hls.js reads the playlist anew and what it found is handed over by
 * LEVELS_UPDATED, the way hls.js itself exchanges levels when content steering changes the pathway.
 *
 * Levels are sorted and known by index, so this holds only for renditions above all present ones (the usual order: lowest first).
 * If a lower one appears (a remuxed original came first), the source is read again as soon as nobody is looking: while paused.
 */
export class Ladder {
  #lastLook = -Infinity;
  #looking = false;
  readonly #player: Player;

  constructor(player: HlsVideoElement) {
    this.#player = player as Player;
  }

  /** Look for new renditions; `final` (the film is ready) looks in any case. */
  async look(final: boolean): Promise<void> {
    const now = performance.now();
    if (this.#looking || !this.#player.api?.levels.length || (!final && now - this.#lastLook < LEAST_GAP)) return;
    this.#lastLook = now;
    this.#looking = true;
    const found = await readLevels(this.#player.src).finally(() => (this.#looking = false));
    this.#take(found);
  }

  #take(found: Level[]): void {
    const hls = this.#player.api;
    if (!hls) return;
    const present = hls.levels;
    const known = new Set(present.map(({ uri }) => uri));
    const added = found.filter(({ uri }) => !known.has(uri));
    if (added.length === 0) return;
    const highest = Math.max(...present.map(({ height }) => height));
    if (added.every(({ height }) => height > highest)) {
      hls.trigger(Events.LEVELS_UPDATED, { levels: [...present, ...added] });
      this.#offer(hls.levels);
    } else if (this.#player.paused) {
      void this.#reload();
    } else {
      this.#player.addEventListener("pause", () => void this.#reload(), { once: true });
    }
  }

  /** The quality menu shows what the element's rendition list holds. */
  #offer(levels: readonly Level[]): void {
    const track = this.#player.videoTracks[0];
    const offered = new Set([...this.#player.videoRenditions].map(({ id }) => id));
    for (const [index, { url, width, height, videoCodec, bitrate }] of levels.entries()) {
      if (offered.has(`${index}`)) continue;
      const rendition = track?.addRendition(url[0] ?? "", width, height, videoCodec, bitrate);
      if (rendition) rendition.id = `${index}`;
    }
  }

  async #reload(): Promise<void> {
    const { currentTime, config } = this.#player;
    this.#player.config = { ...config, startPosition: currentTime };
    await this.#player.load();
  }
}

/** Read the multivariant playlist as hls.js would, without media and without loading more. */
function readLevels(url: string): Promise<Level[]> {
  const reader = new Hls({ autoStartLoad: false, enableWorker: false });
  return new Promise<Level[]>((resolve) => {
    reader.on(Events.MANIFEST_PARSED, (_, { levels }) => resolve(levels));
    reader.on(Events.ERROR, () => resolve([]));
    reader.loadSource(url);
  }).finally(() => reader.destroy());
}
