const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const WEEK = 7 * 86_400;

/** `<local-time><time datetime=…>`: the same moment in the reader's own words and zone. */
class LocalTime extends HTMLElement {
  connectedCallback(): void {
    const time = this.querySelector("time");
    if (time === null) return;
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
    time.textContent = inWords(moment, (Date.now() - moment.getTime()) / 1000);
  }
}

function inWords(moment: Date, age: number): string {
  if (age > WEEK) return moment.toLocaleDateString(undefined, { dateStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, seconds] of STEPS) if (age >= seconds) return relative.format(-Math.floor(age / seconds), unit);
  return "just now";
}

customElements.define("local-time", LocalTime);
