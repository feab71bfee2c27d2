/** How the extension is built: manifest, permissions (each with its reason) and output place. */
import { defineConfig } from "wxt";
import product from "../package.json" with { type: "json" };
import { extensionKey } from "./build/key.ts";

export default defineConfig({
  manifestVersion: 3,
  outDir: "../.output",
  // Every name a file uses is imported in that file.
  imports: false,
  vite: () => ({ oxc: { jsx: { runtime: "automatic", importSource: "preact" } } }),
  zip: { name: "sluice", sourcesRoot: ".." },
  manifest: ({ browser }) => ({
    name: "Sluice",
    short_name: "Sluice",
    description: "Sees, judges and guards what passes between AI apps and their MCP servers, by the policy of you or your organization.",
    version: product.version,
    ...(browser === "firefox"
      ? { browser_specific_settings: { gecko: { id: "sluice@sluice.dev", strict_min_version: "140.0", data_collection_permissions: { required: ["none"] } } } }
      : // The key fixes the id, so that browser policy and the native host's manifest can name it.
        { key: extensionKey().manifestKey, minimum_chrome_version: "120", storage: { managed_schema: "managed-schema.json" } }),
    permissions: [
      "storage", // policy snapshot, last managed configuration, trust scores
      "unlimitedStorage", // the record of what happened must not be evicted under disk pressure
      "nativeMessaging", // the host: policy file, journal, guards of desktop clients
      "alarms", // reconnect and upkeep although the worker sleeps
      "scripting", // cover tabs that were open before Sluice was installed
    ],
    // An AI app may live at any address, and a page must be covered before its first script runs.
    host_permissions: ["<all_urls>"],
    // Extension pages load nothing from elsewhere and talk to nobody; a hostile name shown in the popup could not either.
    content_security_policy: {
      extension_pages:
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
    action: { default_title: "Sluice", default_icon: { 16: "icon/16.png", 32: "icon/32.png", 48: "icon/48.png", 128: "icon/128.png" } },
    icons: { 16: "icon/16.png", 32: "icon/32.png", 48: "icon/48.png", 128: "icon/128.png" },
  }),
});
