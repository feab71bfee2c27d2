/** A PowerShell script that sets, checks and removes the registry policy on a machine. It looks first: other products' entries stay, and settings that contradict stop it. */
import { HOST_NAME } from "../../../shared/messages/host.ts";
import type { RegistryKey, RegistryValue } from "./registry.ts";
import { objectOf, stringsOf, type Json } from "../json.ts";
import type { Settings } from "../settings.ts";

export interface ScriptParts {
  readonly title: string;
  /** `HKEY_LOCAL_MACHINE\…` of the browser's policy. */
  readonly root: string;
  readonly settings: Settings;
  /** Keys that are ours alone: managed values, the host's manifest. */
  readonly own: readonly RegistryKey[];
}

/** Single quotes: nothing inside means anything but the quote itself, of which PowerShell knows five. */
export function psString(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Error("a line break cannot stand in a script");
  return `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
}

export function powershellScript({ title, root, settings, own }: ScriptParts): string {
  const { policies, extensionId } = settings;
  const entry = objectOf(objectOf(policies["ExtensionSettings"])[extensionId]);
  const lists = Object.entries(policies).filter(([, value]) => Array.isArray(value));
  const scalars = Object.entries(policies).filter(([, value]) => typeof value !== "object");
  const lines = [
    `# Sluice for ${title}: sets, checks or removes its browser policy on this computer. Run as administrator.`,
    "#   .\\sluice.ps1 -Do Install | Check | Remove",
    "# Exit codes: 0 done (or all there), 1 something contradicts or is missing.",
    "param([ValidateSet('Install', 'Check', 'Remove')][string]$Do = 'Check')",
    "Set-StrictMode -Version 2",
    "$ErrorActionPreference = 'Stop'",
    "",
    `$root = ${psString(provider(root))}`,
    `$id = ${psString(extensionId)}`,
    `$entry = ${hash(entry)}`,
    `$scalars = ${hash(Object.fromEntries(scalars))}`,
    `$lists = @(${lists.map(([name, value]) => `@{ Name = ${psString(name)}; Value = ${psString(stringsOf(value)[0]!)} }`).join(", ")})`,
    "$own = @(",
    ...own.flatMap(({ path, values }) => [...values].map(([name, value]) => `  @{ Path = ${psString(provider(path))}; Name = ${psString(name === "" ? "(default)" : name)}; Value = ${literal(value)} }`)),
    ")",
    "",
    ...BODY.map((line) => line.replace("HOST_NAME", HOST_NAME)),
    "",
  ];
  return lines.join("\r\n");
}

function provider(path: string): string {
  return path.replace(/^HKEY_LOCAL_MACHINE/, "HKLM:");
}

function literal(value: RegistryValue): string {
  return value.kind === "dword" ? `[int]${value.value}` : psString(value.value);
}

function hash(object: { readonly [key: string]: Json }): string {
  return `[ordered]@{ ${Object.entries(object).map(([name, value]) => `${psString(name)} = ${typeof value === "string" ? psString(value) : typeof value === "boolean" ? `$${String(value)}` : `[int]${String(value)}`}`).join("; ")} }`;
}

const BODY = [
  "function Read-Value($path, $name) {",
  "  if (-not (Test-Path -LiteralPath $path)) { return $null }",
  "  $all = Get-ItemProperty -LiteralPath $path",
  "  if ($null -eq $all -or $null -eq $all.PSObject.Properties[$name]) { return $null }",
  "  return $all.PSObject.Properties[$name].Value",
  "}",
  "function Write-Value($path, $name, $value) {",
  "  if (-not (Test-Path -LiteralPath $path)) { New-Item -Path $path -Force | Out-Null }",
  "  $kind = 'DWord'; if ($value -is [string]) { $kind = 'String' }",
  "  if ($value -is [bool]) { $value = [int]$value }",
  "  New-ItemProperty -LiteralPath $path -Name $name -Value $value -PropertyType $kind -Force | Out-Null",
  "}",
  "function List-Entries($path) {",
  "  if (-not (Test-Path -LiteralPath $path)) { return @() }",
  "  return @(Get-ItemProperty -LiteralPath $path | ForEach-Object { $_.PSObject.Properties } | Where-Object { $_.Name -match '^\\d+$' })",
  "}",
  "",
  "# What is there and cannot hold together with Sluice.",
  "$problems = @()",
  "foreach ($name in $scalars.Keys) {",
  "  $there = Read-Value $root $name",
  "  if ($null -ne $there -and [string]$there -ne [string][int]$scalars[$name]) { $problems += \"$name is $there here, and Sluice needs $([int]$scalars[$name])\" }",
  "}",
  "foreach ($one in List-Entries \"$root\\ExtensionInstallBlocklist\") { if ($one.Value -eq $id) { $problems += 'ExtensionInstallBlocklist forbids this extension' } }",
  "foreach ($one in List-Entries \"$root\\NativeMessagingBlocklist\") { if ($one.Value -eq 'HOST_NAME') { $problems += 'NativeMessagingBlocklist forbids the host by name' } }",
  "",
  "# ExtensionSettings stands either as one string for all extensions, or as a key for each. A key would hide the string.",
  "$oneString = Read-Value $root 'ExtensionSettings'",
  "$asString = ($null -ne $oneString) -and -not (Test-Path -LiteralPath \"$root\\ExtensionSettings\")",
  "$all = $null",
  "if ($asString) { $all = $oneString | ConvertFrom-Json }",
  "$entryPath = \"$root\\ExtensionSettings\\$id\"",
  "$mode = Read-Value $entryPath 'installation_mode'",
  "if ($asString -and $null -ne $all.PSObject.Properties[$id]) { $mode = $all.$id | Select-Object -ExpandProperty installation_mode -ErrorAction SilentlyContinue }",
  "if ($mode -in 'blocked', 'removed') { $problems += \"ExtensionSettings forbids this extension ($mode)\" }",
  "",
  "if ($Do -eq 'Install') {",
  "  if ($problems.Count -gt 0) { $problems | ForEach-Object { Write-Output \"CONTRADICTS: $_\" }; Write-Output 'Nothing was changed.'; exit 1 }",
  "  if ($asString) {",
  "    $all | Add-Member -NotePropertyName $id -NotePropertyValue ([pscustomobject]$entry) -Force",
  "    Write-Value $root 'ExtensionSettings' ($all | ConvertTo-Json -Depth 32 -Compress)",
  "  } else { foreach ($name in $entry.Keys) { Write-Value $entryPath $name $entry[$name] } }",
  "  foreach ($list in $lists) {",
  "    $path = \"$root\\$($list.Name)\"; $entries = List-Entries $path",
  "    if (@($entries | Where-Object { $_.Value -eq $list.Value }).Count -eq 0) {",
  "      $number = 1; while ($entries | Where-Object { $_.Name -eq [string]$number }) { $number++ }",
  "      Write-Value $path ([string]$number) $list.Value",
  "    }",
  "  }",
  "  foreach ($name in $scalars.Keys) { Write-Value $root $name $scalars[$name] }",
  "  foreach ($one in $own) { Write-Value $one.Path $one.Name $one.Value }",
  "  Write-Output 'Done. Restart the browser.'; exit 0",
  "}",
  "",
  "if ($Do -eq 'Check') {",
  "  $missing = @()",
  "  if ($mode -ne 'force_installed') { $missing += 'the extension is not force-installed' }",
  "  foreach ($list in $lists) { if (@(List-Entries \"$root\\$($list.Name)\" | Where-Object { $_.Value -eq $list.Value }).Count -eq 0) { $missing += \"$($list.Name) has no $($list.Value)\" } }",
  "  foreach ($name in $scalars.Keys) { if ($null -eq (Read-Value $root $name)) { $missing += \"$name is not set\" } }",
  "  foreach ($one in $own) { if ((Read-Value $one.Path $one.Name) -cne $one.Value) { $missing += \"$($one.Path) $($one.Name) is not what was asked\" } }",
  "  foreach ($one in $problems) { Write-Output \"CONTRADICTS: $one\" }",
  "  foreach ($one in $missing) { Write-Output \"MISSING: $one\" }",
  "  if ($problems.Count + $missing.Count -gt 0) { exit 1 }",
  "  Write-Output 'All there.'; exit 0",
  "}",
  "",
  "# Remove: only what is ours. Settings of the browser as a whole stay: others may count on them.",
  "if ($asString) {",
  "  $all.PSObject.Properties.Remove($id)",
  "  Write-Value $root 'ExtensionSettings' ($all | ConvertTo-Json -Depth 32 -Compress)",
  "} elseif (Test-Path -LiteralPath $entryPath) { Remove-Item -LiteralPath $entryPath -Recurse }",
  "foreach ($list in $lists) { foreach ($one in List-Entries \"$root\\$($list.Name)\") { if ($one.Value -eq $list.Value) { Remove-ItemProperty -LiteralPath \"$root\\$($list.Name)\" -Name $one.Name } } }",
  "foreach ($one in $own) { if ($null -ne (Read-Value $one.Path $one.Name)) { Remove-ItemProperty -LiteralPath $one.Path -Name $one.Name } }",
  "Write-Output \"Removed. Left as they are: $($scalars.Keys -join ', ')\"; exit 0",
] as const;
