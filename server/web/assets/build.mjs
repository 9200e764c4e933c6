// Bundles the browser side into ../static with content hashes in the names. Same input, same bytes.
//
//   static/manifest.json    plain name -> hashed name, read by the template function asset()
//   static/csp.json         style-src sources that the player's pages need beside 'self'
//   static/third-party.txt  licences of what was bundled
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as player from "hls-video-element";
import * as chrome from "media-chrome";
import * as menus from "media-chrome/menu";

const here = fileURLToPath(new URL(".", import.meta.url));
const published = join(here, "../static");
const [target, former] = [`${published}.new`, `${published}.old`];
for (const folder of [target, former]) rmSync(folder, { recursive: true, force: true });
mkdirSync(target);
const write = (name, text) => writeFileSync(join(target, name), `${text}\n`);

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: [
    { in: "src/app.ts", out: "app" },
    { in: "src/css/app.css", out: "app" },
    { in: "src/player/film-player.ts", out: "player" },
    { in: "src/images/favicon.svg", out: "favicon" },
    { in: "node_modules/hls.js/dist/hls.worker.js", out: "hls.worker" },
  ],
  outdir: target,
  entryNames: "[name].[hash]",
  bundle: true, minify: true, metafile: true, format: "esm", legalComments: "none",
  target: ["chrome123", "firefox121", "safari17.5"],
  loader: { ".svg": "copy", ".worker.js": "copy" },
});

const built = Object.keys(metafile.outputs).map((path) => basename(path)).sort();
const plain = (name) => name.replace(/\.[A-Z0-9]{8}(?=\.[a-z]+$)/, "");
write("manifest.json", JSON.stringify(Object.fromEntries(built.map((name) => [plain(name), name])), null, 1));

// media-chrome keeps its styles in <style> elements of its shadow roots; a hash lets in exactly these texts.
const templates = Object.values({ ...chrome, ...menus, ...player }).filter((part) => part?.getTemplateHTML);
const styles = templates.flatMap((part) => [...part.getTemplateHTML({}, {}).matchAll(/<style[^>]*>([^]*?)<\/style>/g)]);
const hashes = styles.map(([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
write("csp.json", JSON.stringify({ "style-src": [...new Set(hashes)].sort() }, null, 1));

const bundled = Object.keys(metafile.inputs).flatMap((path) => path.match(/^node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []);
write("third-party.txt", [...new Set(bundled)].sort().map(licence).join("\n"));

// A server that runs meanwhile never sees half a build.
if (existsSync(published)) renameSync(published, former);
renameSync(target, published);
rmSync(former, { recursive: true, force: true });

function licence(path) {
  const { name, version, license } = JSON.parse(readFileSync(join(here, path, "package.json"), "utf8"));
  const file = readdirSync(join(here, path)).find((entry) => /^licen[cs]e/i.test(entry));
  return `== ${name} ${version} (${license})\n\n${file ? readFileSync(join(here, path, file), "utf8") : ""}`;
}
