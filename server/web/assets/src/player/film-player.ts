import "media-chrome";
import "media-chrome/menu";
import "hls-video-element";
import { ErrorTypes, Events, type ErrorData } from "hls.js";
import type { HlsVideoElement } from "hls-video-element";
import type { Video } from "../video";
import { configure } from "./config";
import { listenToKeys } from "./keys";
import { Ladder } from "./ladder";
import { lastPosition, rememberPosition } from "./position";

const SLOW = 1500;

/**
 * `<film-player video-id worker [src]>` around the markup of templates/player.html: joins media-chrome, hls.js and the event
 * stream. Without `src` it waits for the event that says the film can be played.
 */
class FilmPlayer extends HTMLElement {
  #film!: HlsVideoElement;
  #media!: HTMLVideoElement;
  #ladder!: Ladder;
  #note!: HTMLElement;
  #retry!: HTMLButtonElement;
  #mended = false;
  #slowTimer = 0;

  connectedCallback(): void {
    this.#film = this.querySelector("hls-video") as HlsVideoElement;
    this.#media = this.#film.nativeEl as HTMLVideoElement;
    this.#note = this.querySelector("[data-note]") as HTMLElement;
    this.#retry = this.querySelector("[data-retry]") as HTMLButtonElement;
    this.#ladder = new Ladder(this.#film);
    this.#watchFrames();
    this.#watchWaiting();
    // A menu may own nothing but menu items (axe: aria-required-children); media-chrome 4.19 puts a plain button into its header.
    for (const menu of this.querySelectorAll("media-settings-menu, media-rendition-menu, media-playback-rate-menu, media-captions-menu"))
      menu.shadowRoot?.querySelector("button[part~=back]")?.setAttribute("role", "menuitem");
    rememberPosition(this.#id, this.#media);
    listenToKeys(this, {
      media: this.#media,
      press: (button) => this.querySelector<HTMLElement>(button)?.click(),
      toggleCaptions: () => this.#toggleCaptions(),
    });
    this.#retry.addEventListener("click", () => void this.#open(this.#media.currentTime));
    document.addEventListener("matinee:video", ({ detail }) => this.#hear(detail));
    if (this.hasAttribute("src")) void this.#open(lastPosition(this.#id));
  }

  get #id(): string {
    return this.getAttribute("video-id") ?? "";
  }

  #hear({ id, state, playable, playlist, poster }: Video): void {
    if (id !== this.#id) return;
    this.setAttribute("state", state);
    if (poster) this.querySelector("media-poster-image")?.setAttribute("src", poster);
    if (playable && playlist && !this.hasAttribute("src")) {
      this.setAttribute("src", playlist);
      void this.#open(lastPosition(id));
    } else {
      void this.#ladder.look(state === "ready");
    }
  }

  async #open(position: number): Promise<void> {
    this.#say("");
    this.#film.config = configure(this.getAttribute("worker") ?? "", position);
    const source = this.getAttribute("src") ?? "";
    if (this.#film.getAttribute("src") === source) await this.#film.load();
    else this.#film.src = source;
    await Promise.resolve();
    const hls = this.#film.api;
    hls?.on(Events.ERROR, (_, error) => this.#fail(error));
    hls?.once(Events.MANIFEST_PARSED, () => {
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

function explain(type: ErrorTypes, status: number | undefined): string {
  if (status === 401 || status === 403) return "Your right to watch has run out. Reload the page, and sign in again if it asks.";
  if (status === 404 || status === 410) return "This film is no longer here. It may have been removed.";
  if (type === ErrorTypes.NETWORK_ERROR) return "The film cannot be reached. Check the network, then try again.";
  return "This browser could not play the film. Try again, or use another browser.";
}

customElements.define("film-player", FilmPlayer);
