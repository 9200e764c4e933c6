/**
 * Keeps the server's markup the only truth. When a film changes in a way that shows, the page is asked for again and
 * every element marked `data-live` (with an id) is exchanged where it differs. Progress lines update themselves.
 */
import type { Video } from "./video";

const PATIENCE = 150;
const shown = new Map<string, string>();
let timer = 0;

export function keepLive(): void {
  if (document.querySelector("[data-live]") === null) return;
  document.addEventListener("matinee:video", ({ detail }) => {
    const face = look(detail);
    if (shown.get(detail.id) === face || !concerns(detail.id)) return;
    shown.set(detail.id, face);
    refreshSoon();
  });
  document.addEventListener("matinee:removed", ({ detail }) => {
    if (concerns(detail.id)) refreshSoon();
  });
}

/** Whatever of a film is visible on a page, apart from its progress. */
function look({ title, state, playable, poster, duration, error }: Video): string {
  return JSON.stringify([title, state, playable, poster, duration, error]);
}

/** A page about one film does not care for the others. */
function concerns(id: string): boolean {
  const only = document.body.dataset["video"];
  return only === undefined || only === id;
}

function refreshSoon(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void refresh(), PATIENCE);
}

async function refresh(): Promise<void> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer === null || (!answer.ok && answer.status !== 404 && answer.status !== 410)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll<HTMLElement>("[data-live]")) {
    const next = fresh.getElementById(old.id);
    if (next === null) location.reload();
    else if (old.dataset["live"] === "list" && next.dataset["live"] === "list") reconcile(old, next);
    else exchange(old, next);
  }
}

/** Exchange only the children that differ, so that scrolling, focus and loaded posters stay. */
function reconcile(list: HTMLElement, fresh: HTMLElement): void {
  const known = new Map([...list.children].map((child) => [child.id, child as HTMLElement]));
  const children = [...fresh.children].map((child) => {
    const old = known.get(child.id);
    return old !== undefined && markup(old) === markup(child) ? old : (document.adoptNode(child) as HTMLElement);
  });
  const focused = document.activeElement?.closest<HTMLElement>("[id]")?.id;
  if (children.some((child, index) => list.children[index] !== child) || list.children.length !== children.length)
    list.replaceChildren(...children);
  if (focused && document.activeElement === document.body)
    document.getElementById(focused)?.querySelector<HTMLElement>("a, button")?.focus();
}

function exchange(old: HTMLElement, next: HTMLElement): void {
  if (markup(old) !== markup(next) && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(next));
}

/** Markup without what the page's own elements have changed since: times and progress. */
function markup(element: Element): string {
  const copy = element.cloneNode(true) as Element;
  for (const own of copy.querySelectorAll("local-time, video-progress")) own.textContent = own.getAttribute("state");
  return copy.outerHTML;
}
