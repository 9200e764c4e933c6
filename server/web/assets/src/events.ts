import { meta } from "./dom";
import type { Video } from "./video";

/** What the event stream says, as DOM events on `document`. */
interface StreamEvents {
  "matinee:video": CustomEvent<Video>;
  "matinee:removed": CustomEvent<{ id: string }>;
}

declare global {
  interface DocumentEventMap extends StreamEvents {}
}

interface Hello {
  type: "hello";
  position: number;
}

interface Changed {
  type: "video.changed" | "video.removed";
  subject: string;
  sequence: number;
  data: Video;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** The newest word on every film heard of since the page was opened: events may come before their element exists. */
export const latest = new Map<string, Video>();

let position = meta("events-after");
let socket: WebSocket | null = null;
let failures = 0;
let timer = 0;

/** Keep one WebSocket open for the whole page, resuming after the last event seen. */
export function connect(): void {
  open();
  window.addEventListener("online", open);
  window.addEventListener("pageshow", open);
  window.addEventListener("pagehide", () => {
    window.clearTimeout(timer);
    socket?.close();
  });
}

function open(): void {
  if (socket !== null && socket.readyState <= WebSocket.OPEN) return;
  window.clearTimeout(timer);
  const address = new URL("/ws/events", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  if (position !== null) address.searchParams.set("after", position);
  const opened = new WebSocket(address);
  opened.addEventListener("message", ({ data }) => receive(JSON.parse(data as string)));
  opened.addEventListener("close", () => {
    if (opened === socket) reopenLater();
  });
  socket = opened;
}

/** Full jitter, so that a restarted server is not met by everybody at once. */
function reopenLater(): void {
  const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
  failures += 1;
  timer = window.setTimeout(open, Math.random() * ceiling);
}

function receive(frame: Hello | Changed): void {
  failures = 0;
  if (frame.type === "hello") {
    position ??= String(frame.position);
    return;
  }
  position = String(frame.sequence);
  if (frame.type === "video.changed") {
    publish(frame.data);
  } else if (frame.type === "video.removed") {
    const id = frame.subject.replace("videos/", "");
    latest.delete(id);
    document.dispatchEvent(new CustomEvent("matinee:removed", { detail: { id } }));
  }
}

/** Tell the page about a film, from whichever source the news came. */
export function publish(video: Video): void {
  latest.set(video.id, video);
  document.dispatchEvent(new CustomEvent("matinee:video", { detail: video }));
}
