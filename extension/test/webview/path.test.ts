import { describe, expect, it } from 'vitest';
import { setAt } from '../../src/webview/whatIf/path';

describe('setAt', () => {
  it('changes one number of a list of stabilizers', () => {
    expect(JSON.parse(setAt('[{"kind":"gate","gamma":1},{"kind":"clip","bounds":[1,2]}]', 'stabilizers[0].gamma', 0.5) ?? '')).toEqual([{ kind: 'gate', gamma: 0.5 }, { kind: 'clip', bounds: [1, 2] }]);
    expect(JSON.parse(setAt('[{"bounds":[1,2]}]', 'stabilizers[0].bounds[1]', 3) ?? '')).toEqual([{ bounds: [1, 3] }]);
  });

  it('refuses what is no list or has no such place', () => {
    expect(setAt('nonsense', 'stabilizers[0].gamma', 1)).toBeUndefined();
    expect(setAt('[]', 'stabilizers[0].gamma', 1)).toBeUndefined();
  });

  it('does not reach into prototypes', () => {
    expect(setAt('[{}]', 'stabilizers[0].__proto__.polluted', 1)).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
