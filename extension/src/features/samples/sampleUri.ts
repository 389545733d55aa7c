import { Uri } from 'vscode';

export const sampleScheme = 'opdcode-sample';
export const tokensScheme = 'opdcode-tokens';

/** A stored rollout, or a text that was scored in this session. */
export type SampleId =
  | { readonly kind: 'rollout'; readonly runId: string; readonly step: number; readonly index: number }
  | { readonly kind: 'scored'; readonly number: number; readonly title: string };

export function sampleUri(id: SampleId): Uri {
  return Uri.from({ scheme: sampleScheme, path: `${pathOf(id)}.opd-sample` });
}

/** The token table of a sample. */
export function tokensUri(id: SampleId): Uri {
  return Uri.from({ scheme: tokensScheme, path: `${pathOf(id)}.opd-tokens` });
}

function pathOf(id: SampleId): string {
  return id.kind === 'scored' ? `/scored/${id.number}/${id.title}` : `/${id.runId}/step ${id.step}, rollout ${id.index}`;
}

export function parseSampleUri(uri: Uri): SampleId {
  const scored = /^\/scored\/(\d+)\/(.*)\.opd-(?:sample|tokens)$/.exec(uri.path);
  if (scored) return { kind: 'scored', number: Number(scored[1]), title: scored[2] ?? '' };
  const stored = /^\/([^/]+)\/step (\d+), rollout (\d+)\.opd-(?:sample|tokens)$/.exec(uri.path);
  if (!stored?.[1]) throw new Error(`${uri.toString()} is not the address of a sample.`);
  return { kind: 'rollout', runId: stored[1], step: Number(stored[2]), index: Number(stored[3]) };
}
