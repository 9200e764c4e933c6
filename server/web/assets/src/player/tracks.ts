import type { HlsVideoElement } from "hls-video-element";
import type { Video } from "../video";

type Caption = Video["captions"][number];

/**
 * The text tracks of a film: pictures along the time range, chapters, captions. They come and go while the film plays, so they are
 * `<track>` elements and not the playlist's own (which other players read): hls.js reads its playlist only once.
 */
export class Tracks {
  readonly #player: HlsVideoElement;
  readonly #captions = new Map<string, HTMLTrackElement>();

  constructor(player: HlsVideoElement) {
    this.#player = player;
  }

  /** Bring the tracks in line with what there is of the film. */
  show({ storyboard, chapters, captions }: Pick<Video, "storyboard" | "chapters" | "captions">): void {
    if (storyboard) this.#describe("metadata", "thumbnails", storyboard);
    if (chapters) this.#describe("chapters", "chapters", chapters);
    const offered = new Map(captions.map((caption) => [key(caption), caption]));
    for (const [known, element] of this.#captions) {
      if (offered.has(known)) continue;
      element.remove();
      this.#captions.delete(known);
    }
    for (const [name, caption] of offered) if (!this.#captions.has(name)) this.#add(name, caption);
  }

  /** media-chrome looks for these among the children of the player; there they are copied into the real element. */
  #describe(kind: "metadata" | "chapters", label: string, src: string): void {
    if (this.#player.querySelector(`track[label="${label}"]`)) return;
    const track = Object.assign(document.createElement("track"), { kind, label, src, default: true });
    this.#player.append(track);
    if (kind === "chapters") this.#tellWhenLoaded(label);
  }

  /** media-chrome asks for the chapters when a track changes, which loading alone is not. */
  #tellWhenLoaded(label: string): void {
    const tracks = this.#player.nativeEl?.textTracks;
    tracks?.addEventListener("addtrack", ({ track }) => {
      if (track?.label !== label) return;
      const element = this.#player.nativeEl?.querySelector(`track[label="${label}"]`);
      element?.addEventListener("load", () => {
        track.mode = "showing";
        track.mode = "hidden";
      });
    });
  }

  /** Beside the copies, which are put in anew whenever a child is added: captions that are showing must not blink. */
  #add(name: string, { label, language, url }: Caption): void {
    const element = document.createElement("track");
    Object.assign(element, { kind: "subtitles", label, srclang: language ?? "", src: url });
    this.#player.nativeEl?.append(element);
    this.#captions.set(name, element);
  }
}

function key({ id, label, language, url }: Caption): string {
  return JSON.stringify([id, label, language, url]);
}
