/** Windows: a registry file, a script that looks before it writes, templates for Group Policy, and the host's files. */
import { win32 } from "node:path";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Ask } from "./ask.ts";
import { FAMILY, FIREFOX } from "./browsers.ts";
import { admxTemplate } from "./forms/admx.ts";
import { powershellScript } from "./forms/powershell.ts";
import { parseReg, regFileText } from "./forms/registry-read.ts";
import { regBytes, regText, removalText, type RegistryKey } from "./forms/registry.ts";
import { policyRoot, readPolicies, windowsPolicy } from "./forms/windows-policy.ts";
import { mergeFirefoxJson } from "./generate-linux.ts";
import type { DeployProblem, ExistingFile, Generated, OutputFile } from "./generate.ts";
import { hostFiles, manifestFiles, type MachineFile } from "./host-files.ts";
import { mergePolicies, unpacked } from "./merge.ts";
import { settingsFor } from "./settings.ts";
import type { DeployBrowser } from "./target.ts";

export function windowsFiles(ask: Ask, browser: DeployBrowser, existing: readonly ExistingFile[]): Result<Generated, DeployProblem[]> {
  const settings = settingsFor(browser, ask);
  const exported: RegistryKey[] = [];
  for (const { name, bytes } of existing) {
    const text = regFileText(bytes);
    const keys = text.ok ? parseReg(text.value) : text;
    if (!keys.ok) return fail([{ file: name, message: keys.why, fix: `export again: reg export "${policyRoot(browser).replace("HKEY_LOCAL_MACHINE", "HKLM")}" there.reg` }]);
    exported.push(...keys.value);
  }
  const merged = mergePolicies(unpacked(readPolicies(browser, exported)), settings);
  if (!merged.ok) return fail(merged.why.map(({ policy, why, fix }) => ({ file: existing[0]?.name ?? "", message: `${policy} ${why}`, fix })));

  const [manifest] = manifestFiles(browser, "windows", ask.host);
  const { keys, removal } = windowsPolicy(browser, settings, merged.value.policies, manifest!, exported);
  const { title } = browser === "firefox" ? FIREFOX : FAMILY[browser];
  const root = policyRoot(browser);
  const own = keys.filter(({ path }) => !path.startsWith(root) || path.startsWith(`${root}\\3rdparty\\`));
  const files: OutputFile[] = [
    { path: "sluice.reg", content: regBytes(regText(keys, [`Sluice for ${title}. Read README.txt first.`])) },
    { path: "sluice-remove.reg", content: regBytes(removalText(removal)) },
    // Windows PowerShell 5 takes a script without a mark for the local code page.
    { path: "sluice.ps1", content: `\ufeff${powershellScript({ title, root, settings, own })}` },
  ];
  if (browser === "firefox") {
    const json = mergeFirefoxJson(settings, []);
    if (!json.ok) return json;
    files.push({ path: "policies.json", content: json.value.text });
  } else {
    const { admx, adml } = admxTemplate(browser, settings);
    files.push({ path: `admx/sluice-${browser}.admx`, content: admx }, { path: `admx/en-US/sluice-${browser}.adml`, content: adml });
  }
  return ok({ notes: merged.value.notes, files: [...files, ...hostFiles(browser, "windows", ask).map(onDrive)] });
}

/** `C:\Program Files\…` lies below `files/C/`. */
function onDrive({ path, text }: MachineFile): OutputFile {
  const { root } = win32.parse(path);
  return { path: `files/${root.slice(0, 1)}/${path.slice(root.length).replaceAll("\\", "/")}`, content: text };
}
