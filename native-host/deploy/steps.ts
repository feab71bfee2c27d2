/** README.txt beside the files: what to do with them, in order, in plain words. */
import type { Ask } from "./ask.ts";
import { FAMILY, FIREFOX } from "./browsers.ts";
import { policyRoot } from "./forms/windows-policy.ts";
import type { OutputFile } from "./generate.ts";
import { STORES } from "./settings.ts";
import type { DeployBrowser, System } from "./target.ts";

export function steps(ask: Ask, files: readonly OutputFile[], merged: readonly string[], notes: readonly string[]): string {
  const { target } = ask;
  const body = target.kind === "cloud" ? cloudSteps(ask) : browserSteps(ask, target.browser, target.system, merged);
  const remarks = [...notes, ...(ask.managed["configVersion"] === undefined ? ["configVersion is not set: without a higher number, a key that you take out later stays in force on the machines"] : [])];
  return [
    `Sluice: ${target.name}`,
    "=".repeat(8 + target.name.length),
    "",
    "These files change nothing by themselves. Try them on one machine before the pilot group gets them.",
    "",
    ...body.flatMap((step, at) => [`${at + 1}. ${step}`, ""]),
    ...(remarks.length > 0 ? ["Good to know:", ...remarks.map((remark) => `- ${remark}.`), ""] : []),
    "Files:",
    ...files.map(({ path }) => `  ${path}`),
    "",
  ].join("\n");
}

function cloudSteps(ask: Ask): string[] {
  const { ids, source } = ask;
  return [
    publishing(ask),
    `In the Google Admin console open Devices > Chrome > Apps & extensions > Users & browsers, choose the organizational unit of the pilot group, and add the extension by its id from a custom address:\n     id       ${ids.chromium}\n     address  ${source}`,
    "Set it to \"Force install\".",
    "Paste the contents of policy-for-extensions.json into \"Policy for extensions\" of that extension, and save.",
    "In Devices > Chrome > Settings, for the same unit: \"Incognito mode\" to \"Disallow incognito mode\", \"Browser guest mode\" to \"Prevent guest browser sign-in\", and \"Native Messaging allowed hosts\" must hold dev.sluice.host.",
    "The Sluice program itself (the host) comes to the machines with the files of chrome-linux, chrome-macos or chrome-windows: take only \"files\" of those.",
    "Check on one machine: chrome://policy shows the keys under the extension's name, chrome://extensions shows it as installed by the administrator.",
  ];
}

function browserSteps(ask: Ask, browser: DeployBrowser, system: System, merged: readonly string[]): string[] {
  const names = browser === "firefox" ? FIREFOX : FAMILY[browser];
  const source = browser === "firefox" ? `Publish the extension (a signed .xpi) at ${ask.source}. Every machine fetches it from there.` : publishing(ask);
  const check = `Start ${names.title} and look at ${names.policyPage}: the policies and, under the extension's name, its keys must be there. ${names.extensionsPage} must show Sluice as installed by the administrator.`;
  return [source, ...SYSTEM_STEPS[system](ask, browser, merged), check, ...(ask.incognito === "mandatory" && browser !== "firefox" ? ["Tell people: before a private window opens a page, they have to allow Sluice in private windows once (the browser shows them where)."] : [])];
}

function publishing({ source }: Ask): string {
  if (STORES.includes(source)) return `The extension comes from the store (${source}).`;
  return `Publish the extension: publish/update.xml as ${source}, and the packed extension as ${new URL("sluice.crx", source).href}. Every machine fetches it from there. Pack it with the key that its id comes from:\n     chromium --pack-extension=.output/chrome-mv3 --pack-extension-key=.cache/extension-key.pem\n   Make both readable for the web server: the packed file is not, at first.`;
}

const SYSTEM_STEPS: Readonly<Record<System, (ask: Ask, browser: DeployBrowser, merged: readonly string[]) => string[]>> = {
  linux: ({ host, policy }, browser, merged) => {
    const ours = [host.folder, browser === "firefox" ? "/etc/firefox" : FAMILY[browser].linuxHome, ...(policy === null ? [] : ["/etc/sluice"])].join(" ");
    return [
      `Put the host on the machine: Node 22 or later as ${host.node}, and the built host (the folder .output/host after "npm run build") as ${host.folder}/host.`,
      `Copy the folder "files" over the machine, as root:\n     cp -R files/. /${merged.length > 0 ? `\n   This replaces ${merged.join(", ")} by a version that holds everything that was in it, and ours.` : ""}`,
      `All of it must belong to root, and nobody else may write there:\n     chown -R root:root ${ours}\n     chmod -R u=rwX,go=rX ${ours}`,
      ...(browser === "firefox" ? ["Restart Firefox: it reads policy at its start only."] : []),
      `Ask the machine: node ${host.folder}/host/sluice.mjs deploy verify`,
    ];
  },
  macos: ({ host }, browser) => [
    `Put the host on the machine: Node 22 or later as ${host.node}, and the built host as ${host.folder}/host. Copy the folder "files" over the machine as root: cp -R files/. /`,
    "Upload sluice.mobileconfig to your device management (Jamf, Intune, Kandji …) and give it to the pilot group. Opening it by hand does not do: extensions from outside the store are force-installed only on machines that are managed (device management or Chrome Enterprise Core).",
    ...(browser === "brave" ? ["Sources disagree where Brave looks for hosts on macOS, so the manifest is in two folders; one of them is never read."] : []),
    "If another profile sets the same browser's ExtensionSettings or lists, only one of the two holds: run this again with --merge and that profile, and replace it by the result.",
    `Ask the machine: node "${host.folder}/host/sluice.mjs" deploy verify`,
  ],
  windows: ({ host }, browser, merged) => [
    `Put the host on the machine: Node 22 or later as ${host.node}, and the built host as ${host.folder}\\host. Copy what is in files\\C to drive C. Only administrators may be able to write there.`,
    `Choose one way to set the policy:\n   a) PowerShell, as administrator: .\\sluice.ps1 -Do Install. It looks at what is there, keeps the entries of other products, and stops where something contradicts.\n   b) Registry: import sluice.reg. ${merged.length > 0 ? `It was made to go with ${merged.join(", ")}.` : `First look whether all extensions are set as one text:\n        reg query "${policyRoot(browser).replace("HKEY_LOCAL_MACHINE", "HKLM")}" /v ExtensionSettings\n      If that finds a value, do not import (it would hide that text): take way a), or run this again with --merge and an export of that key.`}${browser === "firefox" ? "\n   c) policies.json into the folder \"distribution\" beside firefox.exe, if no policy comes from the registry." : `\n   c) Group Policy: copy admx\\*.admx and admx\\en-US\\*.adml into the central store (PolicyDefinitions). The list of allowed native messaging hosts is set in the browser's own template: a list of ours beside it would replace it.`}`,
    "Extensions from outside the store are force-installed only on machines that are joined to a domain or to Entra, or enrolled in Chrome Enterprise Core.",
    "Ask the machine: .\\sluice.ps1 -Do Check. Remove again: .\\sluice.ps1 -Do Remove, or sluice-remove.reg.",
  ],
};
