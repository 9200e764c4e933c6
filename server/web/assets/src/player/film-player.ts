import "media-chrome";
import "media-chrome/menu";
import "hls-video-element";
import Hls, { ErrorTypes, Events, type ErrorData } from "hls.js";
import type { HlsVideoElement } from "hls-video-element";
import type { AudioTrackList } from "media-tracks";
import type { Video } from "../video";
import { patient } from "./abr";
import { playsAv1, preferAv1 } from "./av1";
import { configure } from "./config";
import { listenToKeys } from "./keys";
import { Ladder } from "./ladder";
import { lastPosition, rememberPosition } from "./position";
import { Tracks } from "./tracks";

const SLOW = 1500;

/**
 * `<film-player video-id worker [src]>` around the markup of templates/player.html: joins media-chrome, hls.js and the event
 * stream. Without `src` it waits for the event that says the film can be played.
 */
class FilmPlayer extends HTMLElement {
  #film!: HlsVideoElement & { audioTracks: AudioTrackList };
  #media!: HTMLVideoElement;
  #ladder!: Ladder;
  #tracks!: Tracks;
  #renditions: Video["renditions"] = [];
  #note!: HTMLElement;
  #retry!: HTMLButtonElement;
  #mended = false;
  #slowTimer = 0;

  connectedCallback(): void {
    this.#film = this.querySelector("hls-video") as HlsVideoElement & { audioTracks: AudioTrackList };
    this.#media = this.#film.nativeEl as HTMLVideoElement;
    this.#note = this.querySelector("[data-note]") as HTMLElement;
    this.#retry = this.querySelector("[data-retry]") as HTMLButtonElement;
    this.#ladder = new Ladder(this.#film);
    this.#tracks = new Tracks(this.#film);
    this.#watchFrames();
    this.#watchWaiting();
    for (const menu of this.querySelectorAll("media-settings-menu, media-rendition-menu, media-playback-rate-menu, media-audio-track-menu, media-captions-menu"))
      mendBack(menu);
    // The pictures along the film are decoration beside the time that is said; media-chrome 4.19 leaves that open.
    this.querySelector("media-time-range")?.shadowRoot?.querySelector("media-preview-thumbnail")?.shadowRoot?.querySelector("img")?.setAttribute("alt", "");
    rememberPosition(this.#id, this.#media);
    listenToKeys(this, {
      media: this.#media,
      press: (button) => this.querySelector<HTMLElement>(button)?.click(),
      toggleCaptions: () => this.#toggleCaptions(),
    });
    this.#retry.addEventListener("click", () => void this.#open(this.#media.currentTime));
    document.addEventListener("matinee:video", ({ detail }) => this.#hear(detail));
    const extras = JSON.parse(this.getAttribute("extras") ?? "null") as Video | null;
    if (this.hasAttribute("src")) void this.#open(lastPosition(this.#id));
    if (extras) this.#offer(extras);
    this.#film.audioTracks.addEventListener("addtrack", () => this.#countSounds());
    this.#film.audioTracks.addEventListener("removetrack", () => this.#countSounds());
  }

  get #id(): string {
    return this.getAttribute("video-id") ?? "";
  }

  #hear(video: Video): void {
    const { id, state, playable, playlist, poster } = video;
    if (id !== this.#id) return;
    this.setAttribute("state", state);
    this.#offer(video);
    this.toggleAttribute("sound", video.duration !== null && video.width === null);
    if (poster) for (const still of this.querySelectorAll("media-poster-image, .player-still")) still.setAttribute("src", poster);
    if (playable && playlist && !this.hasAttribute("src")) {
      this.setAttribute("src", playlist);
      void this.#open(lastPosition(id));
    } else {
      void this.#ladder.look(state === "ready");
    }
  }

  /** What comes beside the film, as it comes. A browser that plays HLS by itself finds captions in the playlist. */
  #offer(video: Video): void {
    this.#renditions = video.renditions;
    this.#tracks.show(Hls.isSupported() ? video : { ...video, captions: [] });
  }

  /** A menu with one sound in it is no choice. */
  #countSounds(): void {
    this.toggleAttribute("sounds", [...this.#film.audioTracks].length > 1);
  }

  async #open(position: number): Promise<void> {
    this.#say("");
    const av1 = await playsAv1();
    this.#film.config = configure({
      workerPath: this.getAttribute("worker") ?? "",
      startPosition: position,
      abrController: patient(() => this.getAttribute("state") !== "ready", () => this.#renditions),
    });
    const source = this.getAttribute("src") ?? "";
    if (this.#film.getAttribute("src") === source) await this.#film.load();
    else this.#film.src = source;
    await Promise.resolve();
    const hls = this.#film.api;
    hls?.on(Events.ERROR, (_, error) => this.#fail(error));
    hls?.once(Events.MANIFEST_PARSED, () => {
      if (av1) preferAv1(hls);
      // Browsers may want a gesture first; then the big play button stands ready.
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.#media.play().catch(() => undefined);
    });
  }

  #fail({ fatal, type, response }: ErrorData): void {
    if (!fatal) return;
    if (type === ErrorTypes.MEDIA_ERROR && !this.#mended) {
      this.#mended = true;
      this.#film.api?.recoverMediaError();
      return;
    }
    this.#say(explain(type, response?.code), true);
  }

  #say(text: string, failed = false): void {
    this.#note.textContent = text;
    this.#retry.hidden = !failed;
  }

  /** A stall while the film is being prepared is a piece that is not there yet: say so, since nothing is wrong. */
  #watchWaiting(): void {
    this.#media.addEventListener("waiting", () => {
      window.clearTimeout(this.#slowTimer);
      this.#slowTimer = window.setTimeout(() => {
        const preparing = this.getAttribute("state") !== "ready";
        this.#say(preparing ? "This part is being prepared. It goes on by itself." : "Waiting for the network.");
      }, SLOW);
    });
    for (const event of ["playing", "seeked", "pause"])
      this.#media.addEventListener(event, () => {
        window.clearTimeout(this.#slowTimer);
        if (this.#retry.hidden) this.#say("");
      });
  }

  /** Timing for tests: the moment when the first picture is on the screen. */
  #watchFrames(): void {
    const mark = (): void => void performance.mark("matinee:first-frame", { detail: { video: this.#id } });
    if ("requestVideoFrameCallback" in this.#media) this.#media.requestVideoFrameCallback(mark);
    else (this.#media as HTMLVideoElement).addEventListener("timeupdate", mark, { once: true });
  }

  #toggleCaptions(): void {
    const tracks = [...this.#media.textTracks].filter(({ kind }) => kind === "captions" || kind === "subtitles");
    const showing = tracks.some(({ mode }) => mode === "showing");
    for (const [index, track] of tracks.entries()) track.mode = !showing && index === 0 ? "showing" : "disabled";
  }
}

/**
 * A menu may own nothing but menu items, and what one is called must hold what it shows (axe: aria-required-children,
 * label-content-name-mismatch); media-chrome 4.19 puts a plain button into its header that goes by another name.
 */
function mendBack(menu: Element): void {
  const button = menu.shadowRoot?.querySelector("button[part~=back]");
  const title = menu.querySelector("[slot=title]")?.textContent;
  button?.setAttribute("role", "menuitem");
  if (title) button?.setAttribute("aria-label", `${title}: back`);
}

function explain(type: ErrorTypes, status: number | undefined): string {
  if (status === 401 || status === 403) return "Your right to watch has run out. Reload the page, and sign in again if it asks.";
  if (status === 404 || status === 410) return "This film is no longer here. It may have been removed.";
  if (type === ErrorTypes.NETWORK_ERROR) return "The film cannot be reached. Check the network, then try again.";
  return "This browser could not play the film. Try again, or use another browser.";
}

customElements.define("film-player", FilmPlayer);
