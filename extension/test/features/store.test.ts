import { describe, expect, it } from 'vitest';
import type { Daemon } from '../../src/daemon/daemon';
import type { GetRolloutParams, TokenColumn, TokenFeedback } from '../../src/daemon/protocol';
import { sampleUri } from '../../src/features/samples/sampleUri';
import { SampleStore } from '../../src/features/samples/store';

const names = ['logRatio', 'divergence', 'weight'];
const id = { kind: 'rollout', runId: 'r', step: 1, index: 0 } as const;

/** A daemon with one rollout of so many tokens; `asked` lists the columns of each request for whole columns. */
function fake(totalTokens: number, hold?: Promise<void>, metric = 'logRatio'): { store: SampleStore; asked: string[] } {
  const asked: string[] = [];
  let atOnce = 0;
  const column = (name: string): TokenColumn => ({ name, label: { title: name }, values: [], hasSign: true, neutral: 0, thresholds: [], sampleThresholds: [], levels: [], sampleLevels: [], wordLevels: [], lineLevels: [] });
  const request = async (_: string, { columns, tokens }: GetRolloutParams): Promise<TokenFeedback> => {
    if (tokens === undefined) asked.push((columns ?? ['all']).join());
    expect(++atOnce).toBe(1);
    await (asked.length > 1 ? hold : undefined);
    atOnce--;
    return { prompt: '', response: '', finish: 'stop', totalTokens, fromToken: 0, ids: [], texts: [], starts: [], ends: [], mask: [], spans: [], columns: names.filter((name) => columns?.includes(name) ?? true).map(column) };
  };
  return { store: new SampleStore({ request } as unknown as Daemon, () => metric), asked };
}

describe('SampleStore', () => {
  it('takes the column that is looked at first, and the others of a short sample at once', async () => {
    const { store, asked } = fake(100);
    const sample = await store.get(sampleUri(id));
    expect((await sample.columnOrFirst('logRatio'))?.name).toBe('logRatio');
    expect(asked).toEqual(['logRatio']);
    await store.fetchAhead(sampleUri(id));
    expect(await sample.columns()).toHaveLength(3);
    expect((await sample.column('weight'))?.name).toBe('weight');
    expect(asked).toEqual(['logRatio', 'all']);
  });

  it.each([100, 32_768])('shows the first column where the one that is looked at was not recorded, %i tokens', async (tokens) => {
    const { store, asked } = fake(tokens, undefined, 'teacherRank');
    const sample = await store.get(sampleUri(id));
    expect((await sample.columnOrFirst('teacherRank'))?.name).toBe('logRatio');
    expect(await sample.column('teacherRank')).toBeUndefined();
    expect(await sample.column('lossShare')).toBeUndefined();
    expect(asked).toEqual(tokens === 100 ? ['teacherRank', 'all'] : ['teacherRank', 'logRatio']);
  });

  it('fetches the other columns of a long sample one after the other, once', async () => {
    const { store, asked } = fake(32_768);
    await store.fetchAhead(sampleUri(id));
    await store.fetchAhead(sampleUri(id));
    expect(asked).toEqual(names);
    const sample = await store.get(sampleUri(id));
    await sample.column('weight');
    expect(asked).toEqual(names);
  });

  it('holds no more than its bound', async () => {
    const { store, asked } = fake(2_000_000);
    await store.fetchAhead(sampleUri(id));
    expect(asked).toEqual(['logRatio', 'divergence']);
  });

  it('stops and lets go when the sample is closed', async () => {
    let release = (): void => undefined;
    const { store, asked } = fake(32_768, new Promise((resolve) => (release = resolve)));
    const fetching = store.fetchAhead(sampleUri(id));
    while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    store.keepOpen([]);
    release();
    await fetching;
    expect(asked).toEqual(['logRatio', 'divergence']);
    await store.get(sampleUri(id));
    expect(asked).toEqual(['logRatio', 'divergence', 'logRatio']);
  });

  it('keeps a scored text for as long as it is open', async () => {
    const { store } = fake(1);
    const first = store.keep('a', await (await store.get(sampleUri(id))).page(0));
    const second = store.keep('b', await (await store.get(sampleUri(id))).page(0));
    store.keepOpen([sampleUri(first)]);
    // The second was never open yet: it is about to be.
    store.keepOpen([]);
    await expect(store.get(sampleUri(first))).rejects.toThrow(/gone/);
    expect((await store.get(sampleUri(second))).id).toEqual(second);
    expect(store.keep('c', (await store.get(sampleUri(second))).tokens)).toMatchObject({ number: 3 });
  });
});
