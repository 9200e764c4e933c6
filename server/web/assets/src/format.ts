import type { Video } from "./video";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "1.4 GB": decimal units, as file managers and disk makers count. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 1 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** "20 s", "4 min", "1 h 5 min": as exact as an estimate deserves. */
export function span(seconds: number): string {
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "43 %", rounded down: "100 %" means all of it. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((100 * part) / whole)} %`;
}

/** One honest line about a film; the macro `state_line` in templates/parts.html says the same before JavaScript. */
export function stateLine({ state, progress, error }: Video): string {
  if (state === "ready") return "Ready";
  if (state === "failed") return error?.message ?? "This film could not be prepared.";
  if (state === "checking" || progress.total === 0) return "Checking the file";
  const place = progress.queue_place ?? 0;
  const ahead = place === 0 ? "" : ` · ${place} ${place === 1 ? "piece" : "pieces"} of other films first`;
  const left = progress.eta_seconds === null ? "" : ` · about ${span(progress.eta_seconds)} left`;
  return `Preparing ${progress.done} of ${progress.total}${ahead}${left}`;
}
