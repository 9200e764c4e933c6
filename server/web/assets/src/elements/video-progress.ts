import { make } from "../dom";
import { latest, publish } from "../events";
import { stateLine } from "../format";
import type { Video } from "../video";

/**
 * `<video-progress video-id=… [link]>`: one honest line about a film, kept current by the event stream.
 * With `link` it offers "Watch now" as soon as the film can be played. The server writes the first content.
 */
class VideoProgress extends HTMLElement {
  readonly #update = ({ detail }: CustomEvent<Video>): void => {
    if (detail.id === this.getAttribute("video-id")) this.#show(detail);
  };

  connectedCallback(): void {
    document.addEventListener("matinee:video", this.#update);
    const id = this.getAttribute("video-id") ?? "";
    const known = latest.get(id);
    if (known) this.#show(known);
    else if (this.childElementCount === 0) void this.#ask(id);
  }

  disconnectedCallback(): void {
    document.removeEventListener("matinee:video", this.#update);
  }

  /** Read the present state once; from then on the events tell. */
  async #ask(id: string): Promise<void> {
    const answer = await fetch(`/api/v1/videos/${id}`).catch(() => null);
    if (answer?.ok && !latest.has(id)) publish((await answer.json()) as Video);
  }

  #show(video: Video): void {
    this.setAttribute("state", video.state);
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
