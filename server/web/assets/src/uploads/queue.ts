import { toast } from "../toast";
import { fingerprint, Transfer } from "./transfer";

const AT_ONCE = 2;
const LOCK = "matinee-upload ";

/** Films on their way from this page, two at a time. Fires "added" with the transfer, and "removed". */
class Queue extends EventTarget {
  readonly transfers: Transfer[] = [];

  constructor() {
    super();
    window.addEventListener("beforeunload", (event) => {
      if (this.transfers.some(({ phase }) => phase === "uploading" || phase === "retrying")) event.preventDefault();
    });
  }

  add(files: Iterable<File>): void {
    for (const file of files) void this.#admit(file);
  }

  /** Take a transfer off the list; unless it is complete, the server forgets its part. */
  async remove(transfer: Transfer): Promise<void> {
    this.transfers.splice(this.transfers.indexOf(transfer), 1);
    if (transfer.phase !== "sent") await transfer.cancel();
    this.dispatchEvent(new CustomEvent("removed", { detail: transfer }));
    this.#advance();
  }

  /** Let a paused or failed transfer stand in line again. */
  resume(transfer: Transfer): void {
    transfer.phase = "waiting";
    this.#advance();
    transfer.dispatchEvent(new Event("change"));
  }

  async #admit(file: File): Promise<void> {
    const key = fingerprint(file);
    const known = this.transfers.find((transfer) => transfer.key === key);
    if (known?.phase === "paused" || known?.phase === "failed") return this.resume(known);
    if (known) return toast(`“${file.name}” is already on its way.`);
    await navigator.locks.request(LOCK + key, { ifAvailable: true }, async (lock) => {
      if (lock === null) return toast(`“${file.name}” is being uploaded in another tab.`);
      const transfer = new Transfer(file);
      this.transfers.push(transfer);
      this.dispatchEvent(new CustomEvent("added", { detail: transfer }));
      transfer.addEventListener("change", () => this.#advance());
      this.#advance();
      // The lock is held for as long as the film is on this page's list.
      await new Promise<void>((release) => {
        this.addEventListener("removed", ({ detail }: CustomEventInit<Transfer>) => detail === transfer && release());
        transfer.addEventListener("change", () => transfer.phase === "sent" && release());
      });
    });
  }

  #advance(): void {
    const busy = this.transfers.filter(({ phase }) => phase === "uploading" || phase === "retrying").length;
    const waiting = this.transfers.filter(({ phase }) => phase === "waiting");
    for (const transfer of waiting.slice(0, Math.max(0, AT_ONCE - busy))) void transfer.start();
  }
}

export const queue = new Queue();

/** Keys of the files that some tab of this browser is sending now. */
export async function heldKeys(): Promise<Set<string>> {
  const { held = [] } = await navigator.locks.query();
  return new Set(held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : [])));
}
