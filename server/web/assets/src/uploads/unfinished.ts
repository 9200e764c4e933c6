import { defaultOptions, type PreviousUpload } from "tus-js-client";
import { meta } from "../dom";
import { heldKeys } from "./queue";

const HEADERS = { "Tus-Resumable": "1.0.0" };

/** An upload that an earlier visit left behind; `sent` bytes of `size` are safe on the server. */
export interface Unfinished {
  key: string;
  name: string;
  size: number;
  sent: number;
  discard(): Promise<void>;
}

/** Uploads of this browser that the server still keeps and that no open tab is sending. */
export async function findUnfinished(): Promise<Unfinished[]> {
  const held = await heldKeys();
  const stored = await defaultOptions.urlStorage.findAllUploads();
  const found = await Promise.all(
    stored.map(async (upload) => {
      const key = fileKey(upload.urlStorageKey);
      return held.has(key) ? null : describe(key, upload);
    }),
  );
  return found.filter((upload) => upload !== null);
}

/** Tell when another tab has finished or discarded what this page still offers. */
export function onSettledElsewhere(drop: (key: string) => void): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key?.startsWith("tus::") && newValue === null) drop(fileKey(key));
  });
}

/** tus-js-client stores uploads as `tus::<fingerprint>::<number>`. */
function fileKey(storageKey: string): string {
  return storageKey.split("::").slice(1, -1).join("::");
}

async function describe(key: string, { uploadUrl, urlStorageKey, size, metadata }: PreviousUpload): Promise<Unfinished | null> {
  const forget = () => defaultOptions.urlStorage.removeUpload(urlStorageKey);
  const answer = await fetch(uploadUrl ?? "", { method: "HEAD", headers: HEADERS }).catch(() => null);
  if (answer === null || answer.status >= 500) return null;
  const sent = Number(answer.headers.get("Upload-Offset"));
  if (!answer.ok || sent === size) {
    await forget();
    return null;
  }
  return {
    key,
    name: metadata["filename"] ?? "a film",
    size: size ?? 0,
    sent,
    async discard() {
      const headers = { ...HEADERS, "X-CSRF-Token": meta("csrf-token") ?? "" };
      await fetch(uploadUrl ?? "", { method: "DELETE", headers }).catch(() => null);
      await forget();
    },
  };
}
