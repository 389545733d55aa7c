import { l10n } from 'vscode';

/** Why a build failed, and what to do: the known reasons in words, else the first error that was printed. */
export function diagnose(exit: number | 'missing', lines: readonly string[]): string {
  const all = lines.join('\n');
  if (exit === 'missing') return l10n.t('dotnet was not found. Install the .NET 10 SDK (https://dotnet.microsoft.com/download/dotnet/10.0), restart VS Code, and set up again.');
  if (/A compatible .NET SDK was not found|NETSDK1045/.test(all)) return l10n.t('The .NET SDK is older than .NET 10. Install the .NET 10 SDK (https://dotnet.microsoft.com/download/dotnet/10.0) and set up again.');
  if (/NU1301|NU1300|Unable to load the service index/.test(all)) return l10n.t('NuGet could not be reached. Check the network or proxy, then set up again; what was fetched so far is kept.');
  if (/No space left on device|not enough space/i.test(all)) return l10n.t('The disk is full. The CPU build needs about 1 GB, the CUDA build about 12 GB.');
  if (/being used by another process|MSB302[17]/.test(all)) return l10n.t('A file of the daemon is in use. Stop its runs or close other windows that use it, then set up again.');
  const first = lines.find((line) => /\berror\b/i.test(line));
  return first === undefined ? l10n.t('The build ended with exit code {0}. The log says more.', exit) : l10n.t('The build failed: {0}', first.trim().slice(0, 300));
}
