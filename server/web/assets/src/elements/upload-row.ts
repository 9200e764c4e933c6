import { make } from "../dom";
import { queue } from "../uploads/queue";
import type { Transfer } from "../uploads/transfer";

/** One line of the upload list: name, honest progress, and what can be done about it. */
export class UploadRow extends HTMLElement {
  #transfer: Transfer | null = null;
  readonly #line = make("p", { className: "state-line" });
  readonly #bar = make("progress", { max: 1 });
  readonly #actions = make("div", { className: "row-actions" });
  readonly #render = (): void => this.#show();

  set transfer(transfer: Transfer) {
    this.#transfer = transfer;
    transfer.addEventListener("change", this.#render);
  }

  connectedCallback(): void {
    if (this.#transfer === null) return;
    this.setAttribute("role", "listitem");
    this.#bar.ariaLabel = `Uploading ${this.#transfer.name}`;
    this.replaceChildren(make("p", { className: "row-name" }, this.#transfer.name), this.#line, this.#bar, this.#actions);
    this.#show();
  }

  disconnectedCallback(): void {
    this.#transfer?.removeEventListener("change", this.#render);
  }

  #show(): void {
    const transfer = this.#transfer;
    if (transfer === null) return;
    if (transfer.phase === "sent" && transfer.video !== null) return this.#handOver(transfer.video);
    this.#line.textContent = transfer.line;
    this.#bar.value = transfer.size === 0 ? 0 : transfer.sent / transfer.size;
    if (this.getAttribute("phase") === transfer.phase) return;
    this.setAttribute("phase", transfer.phase);
    const focused = this.#actions.contains(document.activeElement);
    this.#actions.replaceChildren(...this.#buttons(transfer));
    if (focused) this.#actions.querySelector("button")?.focus();
  }

  /** The last byte is there: from now on the film speaks for itself. */
  #handOver(video: string): void {
    this.setAttribute("phase", "sent");
    const progress = document.createElement("video-progress");
    progress.setAttribute("video-id", video);
    progress.setAttribute("link", "");
    this.replaceChildren(this.children[0] ?? "", progress);
  }

  #buttons(transfer: Transfer): HTMLButtonElement[] {
    const { phase } = transfer;
    const buttons: HTMLButtonElement[] = [];
    if (phase === "uploading" || phase === "retrying") buttons.push(this.#button("Pause", () => void transfer.pause()));
    if (phase === "paused") buttons.push(this.#button("Resume", () => queue.resume(transfer)));
    if (phase === "failed") buttons.push(this.#button("Retry", () => queue.resume(transfer)));
    buttons.push(this.#button(phase === "failed" ? "Remove from list" : "Cancel", () => void queue.remove(transfer)));
    return buttons;
  }

  #button(label: string, act: () => void): HTMLButtonElement {
    const button = make("button", { type: "button", className: "button quiet small", ariaLabel: `${label}: ${this.#transfer?.name}` }, label);
    button.addEventListener("click", act);
    return button;
  }
}

customElements.define("upload-row", UploadRow);
