import { make } from "../dom";
import { bytes, percent } from "../format";
import { queue } from "../uploads/queue";
import type { Transfer } from "../uploads/transfer";
import { findUnfinished, onSettledElsewhere, type Unfinished } from "../uploads/unfinished";
import { UploadRow } from "./upload-row";

/**
 * `<video-uploader>`: the list of films on their way, and uploads that an earlier visit left unfinished.
 * The server writes the file picker inside it; with `docked` it is a panel that shows itself only when there is something to say.
 */
class VideoUploader extends HTMLElement {
  readonly #list = make("div", { className: "upload-list", role: "list", ariaLabel: "Uploads" });
  readonly #rows = new Map<string, HTMLElement>();

  connectedCallback(): void {
    this.append(this.#list);
    this.#picker()?.addEventListener("change", (event) => {
      const input = event.currentTarget as HTMLInputElement;
      queue.add([...(input.files ?? [])]);
      input.value = "";
    });
    queue.addEventListener("added", ({ detail }: CustomEventInit<Transfer>) => detail && this.#add(detail));
    queue.addEventListener("removed", ({ detail }: CustomEventInit<Transfer>) => detail && this.#drop(detail.key));
    for (const transfer of queue.transfers) this.#add(transfer);
    void findUnfinished().then((uploads) => uploads.forEach((upload) => this.#remind(upload)));
    onSettledElsewhere((key) => {
      if (!queue.transfers.some((transfer) => transfer.key === key)) this.#drop(key);
    });
    this.#count();
  }

  #picker(): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>("input[type=file]");
  }

  #add(transfer: Transfer): void {
    const row = new UploadRow();
    row.transfer = transfer;
    this.#put(transfer.key, row);
  }

  /** Browsers do not let a page reopen a file by itself, so ask for it; the same file goes on where it stopped. */
  #remind({ key, name, size, sent, discard }: Unfinished): void {
    if (this.#rows.has(key)) return;
    const choose = make("button", { type: "button", className: "button small" }, "Choose the file again");
    choose.addEventListener("click", () => this.#ask());
    const forget = make("button", { type: "button", className: "button quiet small", ariaLabel: `Discard: ${name}` }, "Discard");
    forget.addEventListener("click", () => void discard().then(() => this.#drop(key)));
    const row = make(
      "div",
      { className: "unfinished", role: "listitem" },
      make("p", { className: "row-name" }, name),
      make("p", { className: "state-line" }, `Stopped at ${percent(sent, size)} of ${bytes(size)}. What was sent is safe.`),
      make("progress", { value: size === 0 ? 0 : sent / size, max: 1, ariaLabel: `Uploaded of ${name}` }),
      make("div", { className: "row-actions" }, choose, forget),
    );
    this.#put(key, row);
  }

  #ask(): void {
    const picker = this.#picker() ?? make("input", { type: "file", multiple: true });
    if (!picker.isConnected) picker.addEventListener("change", () => queue.add([...(picker.files ?? [])]), { once: true });
    picker.click();
  }

  #put(key: string, row: HTMLElement): void {
    const old = this.#rows.get(key);
    if (old) old.replaceWith(row);
    else this.#list.append(row);
    this.#rows.set(key, row);
    this.#count();
  }

  #drop(key: string): void {
    this.#rows.get(key)?.remove();
    this.#rows.delete(key);
    this.#count();
  }

  #count(): void {
    this.toggleAttribute("empty", this.#rows.size === 0);
  }
}

customElements.define("video-uploader", VideoUploader);
