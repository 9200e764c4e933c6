import { queue } from "../uploads/queue";

/** `<drop-target>`: the whole page takes films. Its content is shown while files are dragged over the window. */
class DropTarget extends HTMLElement {
  /** dragenter and dragleave fire for every element crossed; the film is over the page while more were entered. */
  #depth = 0;

  connectedCallback(): void {
    window.addEventListener("dragenter", (event) => {
      if (!carriesFiles(event)) return;
      this.#depth += 1;
      this.toggleAttribute("over", true);
    });
    window.addEventListener("dragover", (event) => {
      if (carriesFiles(event)) event.preventDefault();
    });
    window.addEventListener("dragleave", (event) => {
      if (!carriesFiles(event)) return;
      this.#depth -= 1;
      this.toggleAttribute("over", this.#depth > 0);
    });
    window.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.#depth = 0;
      this.toggleAttribute("over", false);
      queue.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

function carriesFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

customElements.define("drop-target", DropTarget);
