const HALF_LIFE = 3;

/** Bytes per second, smoothed so that the figure can be read. */
export class Speed {
  perSecond = 0;
  #bytes = 0;
  #at: number | null = null;

  /** Forget the past; a pause says nothing about the speed. */
  reset(): void {
    this.perSecond = 0;
    this.#at = null;
  }

  /** Note that `bytes` in all had been sent at `now` (milliseconds). */
  note(bytes: number, now: number): void {
    if (this.#at === null) {
      this.#bytes = bytes;
      this.#at = now;
      return;
    }
    const seconds = (now - this.#at) / 1000;
    if (seconds < 0.25 || bytes < this.#bytes) return;
    const current = (bytes - this.#bytes) / seconds;
    const weight = this.perSecond === 0 ? 1 : 1 - 2 ** (-seconds / HALF_LIFE);
    this.perSecond += weight * (current - this.perSecond);
    this.#bytes = bytes;
    this.#at = now;
  }
}
