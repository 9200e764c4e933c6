import "./elements/local-time";
import "./elements/video-progress";
import "./elements/upload-row";
import "./elements/video-uploader";
import "./elements/drop-target";
import { connect, latest } from "./events";
import { keepLive } from "./live-page";
import { queue } from "./uploads/queue";
import { toast } from "./toast";

if (document.body.hasAttribute("data-signed-in")) connect();
keepLive();

/** Films of this page's own queue are announced when they can be watched, once each. */
const announced = new Set<string>();
document.addEventListener("matinee:video", ({ detail: { id, title, page, playable } }) => {
  const ours = queue.transfers.some(({ video }) => video === id);
  if (!ours || !playable || announced.has(id) || !latest.has(id)) return;
  announced.add(id);
  toast(`“${title}” can be watched.`, { href: page, label: "Watch now" });
});
