import { make } from "../dom";
import { latest, publish } from "../events";
import { stateLine } from "../format";
import type { Video } from "../video";

// A film that waits has no events of its own; so often it is asked whether it has come nearer.
const WAITING = 10_000;

/**
 * `<video-progress video-id=… [link]>`: one honest line about a film, kept current by the event stream.
 * With `link` it offers "Watch now" as soon as the film can be played. The server writes the first content.
 */
class VideoProgress extends HTMLElement {
  #timer = 0;

  readonly #update = ({ detail }: CustomEvent<Video>): void => {
    if (detail.id === this.getAttribute("video-id")) this.#show(detail);
  };

  connectedCallback(): void {
    document.addEventListener("matinee:video", this.#update);
    const id = this.getAttribute("video-id") ?? "";
    const known = latest.get(id);
    if (known) this.#show(known);
    else if (this.childElementCount === 0) void this.#ask(id);
    else if (this.getAttribute("state") === "preparing")
      this.#timer = window.setTimeout(() => void this.#ask(id), WAITING);
  }

  disconnectedCallback(): void {
    document.removeEventListener("matinee:video", this.#update);
    window.clearTimeout(this.#timer);
  }

  /** Read the present state, unless an event tells a newer one meanwhile. */
  async #ask(id: string): Promise<void> {
    const known = latest.get(id);
    const answer = await fetch(`/api/v1/videos/${id}`).catch(() => null);
    if (!answer?.ok) return;
    const video = (await answer.json()) as Video;
    if (latest.get(id) === known) publish(video);
  }

  #show(video: Video): void {
    this.setAttribute("state", video.state);
    window.clearTimeout(this.#timer);
    if (video.progress.queue_place) this.#timer = window.setTimeout(() => void this.#ask(video.id), WAITING);
    const line = make("span", { className: "state-line" }, stateLine(video));
    const parts: Node[] = [line];
    if (video.state === "preparing" && video.progress.total > 0) {
      const { done, total } = video.progress;
      parts.push(make("progress", { value: done, max: total, ariaLabel: `Preparing ${video.title}` }));
    }
    if (this.hasAttribute("link") && video.playable)
      parts.push(make("a", { href: video.page, className: "button small" }, "Watch now"));
    const focused = this.contains(document.activeElement);
    this.replaceChildren(...parts);
    if (focused) this.querySelector("a")?.focus();
  }
}

customElements.define("video-progress", VideoProgress);
