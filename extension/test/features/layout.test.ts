import { describe, expect, it } from 'vitest';
import { lastAtMost, LineMap, SampleLayout, tokensAt } from '../../src/features/samples/layout';

describe('LineMap', () => {
  it('finds every offset of a text with all three kinds of line ends', () => {
    const text = 'one\r\ntwo\nthree\rfour';
    const map = new LineMap(text);
    expect(map.lines).toEqual(['one', 'two', 'three', 'four']);
    expect(map.placeOf(text.indexOf('two'))).toEqual({ line: 1, character: 0 });
    expect(map.placeOf(text.indexOf('four') + 2)).toEqual({ line: 3, character: 2 });
  });

  it('puts both halves of CRLF at the end of their line', () => {
    const map = new LineMap('a\r\nb');
    expect(map.placeOf(1)).toEqual({ line: 0, character: 1 });
    expect(map.placeOf(2)).toEqual({ line: 0, character: 1 });
    expect(map.placeOf(3)).toEqual({ line: 1, character: 0 });
  });

  it('is its own inverse for every character of a hostile text', () => {
    const text = '😀é漢\r\n\r\n<b>|`\t\u202Ex\n';
    const map = new LineMap(text);
    for (let offset = 0; offset < text.length; offset++) {
      if ('\r\n'.includes(text[offset] ?? '')) continue;
      expect(map.offsetAt(map.placeOf(offset))).toBe(offset);
    }
  });

  it('holds a line of a megabyte and a million lines', () => {
    expect(new LineMap('x'.repeat(1 << 20)).placeOf(1 << 19)).toEqual({ line: 0, character: 1 << 19 });
    expect(new LineMap('\n'.repeat(1_000_000)).placeOf(999_999)).toEqual({ line: 999_999, character: 0 });
  });
});

describe('SampleLayout', () => {
  const layout = new SampleLayout('TITLE', [
    { kind: 'prompt', heading: 'PROMPT', text: 'p1\np2' },
    { kind: 'response', heading: 'RESPONSE', text: 'r1\r\nr2' },
    { kind: 'reference', heading: 'REFERENCE', text: 'x' },
  ]);

  it('writes the sections under their headings', () => {
    expect(layout.text).toBe('TITLE\n\nPROMPT\np1\np2\n\nRESPONSE\nr1\nr2\n\nREFERENCE\nx');
    expect(layout.sections.map(({ kind, headingLine, firstLine, lastLine }) => [kind, headingLine, firstLine, lastLine])).toEqual([
      ['prompt', 2, 3, 4],
      ['response', 6, 7, 8],
      ['reference', 10, 11, 11],
    ]);
  });

  it('finds the response in the document, and nothing outside of it', () => {
    expect(layout.placeOf(4)).toEqual({ line: 8, character: 0 });
    expect(layout.offsetAt({ line: 8, character: 1 })).toBe(5);
    expect(layout.offsetAt({ line: 3, character: 0 })).toBeUndefined();
    expect(layout.offsetAt({ line: 11, character: 0 })).toBeUndefined();
  });

  it('does not need a prompt or a response that is not empty', () => {
    const empty = new SampleLayout('TITLE', [{ kind: 'response', heading: 'RESPONSE', text: '' }]);
    expect(empty.text).toBe('TITLE\n\nRESPONSE\n');
    expect(empty.placeOf(0)).toEqual({ line: 3, character: 0 });
  });
});

describe('tokensAt', () => {
  it('finds the token that covers an offset', () => {
    const [starts, ends] = [
      [0, 3, 4, 9],
      [3, 4, 9, 10],
    ];
    expect([0, 2, 3, 4, 8, 9].map((offset) => tokensAt(starts, ends, offset))).toEqual([[0], [0], [1], [2], [2], [3]]);
    expect(tokensAt(starts, ends, 10)).toEqual([]);
  });

  it('finds all tokens that share one character', () => {
    expect(tokensAt([0, 1, 1, 1, 3], [1, 3, 3, 3, 4], 1)).toEqual([1, 2, 3]);
    expect(tokensAt([0, 1, 1, 1, 3], [1, 3, 3, 3, 4], 2)).toEqual([1, 2, 3]);
  });

  it('passes over tokens without text', () => {
    expect(tokensAt([0, 2, 2], [2, 2, 5], 2)).toEqual([2]);
    expect(tokensAt([], [], 0)).toEqual([]);
  });

  it('is what a search through all tokens finds', () => {
    const starts: number[] = [];
    const ends: number[] = [];
    for (let token = 0, at = 0; token < 200; token++) {
      const length = (token * 7) % 4;
      starts.push(at);
      ends.push(at + length);
      if (token % 9 !== 0) at += length;
    }
    for (let offset = 0; offset < 300; offset++) {
      const all = starts.flatMap((start, token) => (start <= offset && (ends[token] ?? 0) > offset ? [token] : []));
      expect(tokensAt(starts, ends, offset), String(offset)).toEqual(all);
    }
  });
});

describe('lastAtMost', () => {
  it('finds the last of equal values', () => {
    expect(lastAtMost([0, 1, 1, 4], 1)).toBe(2);
    expect(lastAtMost([0, 1, 1, 4], 3)).toBe(2);
    expect(lastAtMost([5], 1)).toBe(0);
  });
});
