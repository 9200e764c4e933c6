import { make } from "./dom";

const SHOWN_FOR = 8000;

/** Say something in passing. Screen readers hear it through the page's one `role=status` region. */
export function toast(text: string, link?: { href: string; label: string }): void {
  const region = document.getElementById("toasts");
  if (region === null) return;
  const note = make("div", { className: "toast" }, make("p", {}, text));
  if (link) note.append(make("a", { href: link.href }, link.label));
  const dismiss = make("button", { type: "button", className: "toast-close", ariaLabel: "Dismiss" }, "×");
  dismiss.addEventListener("click", () => note.remove());
  note.append(dismiss);
  region.append(note);

  let timer = window.setTimeout(() => note.remove(), SHOWN_FOR);
  for (const hold of ["mouseenter", "focusin"]) note.addEventListener(hold, () => window.clearTimeout(timer));
  for (const release of ["mouseleave", "focusout"])
    note.addEventListener(release, () => {
      timer = window.setTimeout(() => note.remove(), SHOWN_FOR);
    });
}
