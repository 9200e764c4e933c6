import { make } from "../dom";

const FRAME = 1 / 25;
const RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const SWITCH = "matinee:keys-off";

/** What the keys act on: the film, and the buttons whose work needs more than the media element. */
export interface Stage {
  media: HTMLVideoElement;
  press(button: "media-fullscreen-button" | "media-pip-button"): void;
  toggleCaptions(): void;
}

interface Shortcut {
  keys: string[];
  shown: string[];
  does: string;
  /** Keys that also scroll the page act only while the player has the focus. */
  focused?: true;
  act(stage: Stage, key: string): void;
}

/** The one table behind the keys and their help. */
const SHORTCUTS: Shortcut[] = [
  { keys: [" ", "k"], shown: ["Space", "K"], does: "Play or pause", act: ({ media }) => void (media.paused ? media.play() : media.pause()) },
  { keys: ["j"], shown: ["J"], does: "Back 10 seconds", act: (stage) => seekBy(stage, -10) },
  { keys: ["l"], shown: ["L"], does: "Forward 10 seconds", act: (stage) => seekBy(stage, 10) },
  { keys: ["ArrowLeft"], shown: ["←"], does: "Back 5 seconds", act: (stage) => seekBy(stage, -5) },
  { keys: ["ArrowRight"], shown: ["→"], does: "Forward 5 seconds", act: (stage) => seekBy(stage, 5) },
  { keys: ["ArrowUp"], shown: ["↑"], does: "Louder", focused: true, act: (stage) => louder(stage, 0.05) },
  { keys: ["ArrowDown"], shown: ["↓"], does: "Quieter", focused: true, act: (stage) => louder(stage, -0.05) },
  { keys: ["m"], shown: ["M"], does: "Mute", act: ({ media }) => void (media.muted = !media.muted) },
  { keys: ["f"], shown: ["F"], does: "Full screen", act: (stage) => stage.press("media-fullscreen-button") },
  { keys: ["p"], shown: ["P"], does: "Picture in picture", act: (stage) => stage.press("media-pip-button") },
  { keys: ["c"], shown: ["C"], does: "Captions", act: (stage) => stage.toggleCaptions() },
  { keys: [..."0123456789"], shown: ["0–9"], does: "Jump to tenths of the film", act: (stage, key) => seekTo(stage, Number(key) / 10) },
  { keys: ["Home"], shown: ["Home"], does: "Beginning", focused: true, act: (stage) => seekTo(stage, 0) },
  { keys: ["End"], shown: ["End"], does: "End", focused: true, act: (stage) => seekTo(stage, 1) },
  { keys: [","], shown: [","], does: "Frame back, paused", act: (stage) => step(stage, -FRAME) },
  { keys: ["."], shown: ["."], does: "Frame on, paused", act: (stage) => step(stage, FRAME) },
  { keys: ["<"], shown: ["<"], does: "Slower", act: (stage) => faster(stage, -1) },
  { keys: [">"], shown: [">"], does: "Faster", act: (stage) => faster(stage, 1) },
];

function seekBy({ media }: Stage, seconds: number): void {
  media.currentTime = Math.min(Math.max(0, media.currentTime + seconds), media.duration || 0);
}

function seekTo({ media }: Stage, part: number): void {
  if (Number.isFinite(media.duration)) media.currentTime = media.duration * part;
}

function step({ media }: Stage, seconds: number): void {
  if (media.paused) media.currentTime += seconds;
}

function louder({ media }: Stage, change: number): void {
  media.muted = false;
  media.volume = Math.min(1, Math.max(0, media.volume + change));
}

function faster({ media }: Stage, steps: number): void {
  const now = RATES.findIndex((rate) => rate >= media.playbackRate);
  media.playbackRate = RATES[Math.min(RATES.length - 1, Math.max(0, now + steps))] ?? 1;
}

/** Listen on the whole page, but never take a key that some control of its own needs. */
export function listenToKeys(player: HTMLElement, stage: Stage): void {
  const help = buildHelp();
  player.append(help);
  player.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
    const target = event.composedPath()[0] as Element;
    if (target.closest("input:not([type=range]), textarea, select, dialog, [popover], [role^=menuitem]")) return;
    if (event.key === "?") return help.showModal();
    const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(event.key.length === 1 ? event.key.toLowerCase() : event.key));
    if (shortcut === undefined || localStorage.getItem(SWITCH) !== null) return;
    if (shortcut.focused && !player.contains(document.activeElement)) return;
    if (event.key === " " && target.closest("a, button, summary, [role=button]")) return;
    if (event.key.length > 1 && target.closest("[type=range], [role=slider]")) return;
    event.preventDefault();
    shortcut.act(stage, event.key);
  });
}

/** The list of keys, with the switch that WCAG 2.1.4 asks of single-letter shortcuts. */
function buildHelp(): HTMLDialogElement {
  const rows = SHORTCUTS.map(({ shown, does }) =>
    make("div", {}, make("dt", {}, ...shown.map((key) => make("kbd", {}, key))), make("dd", {}, does)),
  );
  const enabled = make("input", { type: "checkbox", checked: localStorage.getItem(SWITCH) === null });
  enabled.addEventListener("change", () => (enabled.checked ? localStorage.removeItem(SWITCH) : localStorage.setItem(SWITCH, "1")));
  const close = make("button", { type: "submit", className: "button", autofocus: true }, "Close");
  const heading = make("h2", { id: "keys-heading" }, "Keyboard shortcuts");
  const dialog = make(
    "dialog",
    { className: "keys", closedBy: "any" } as Partial<HTMLDialogElement>,
    heading,
    make("dl", {}, ...rows),
    make("form", { method: "dialog" }, make("label", { className: "check" }, enabled, "Use these keys on this page"), close),
  );
  dialog.setAttribute("aria-labelledby", heading.id);
  return dialog;
}
