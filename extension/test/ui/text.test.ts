import { describe, expect, it } from 'vitest';
import { formatDuration, formatNumber, formatProbability } from '../../src/ui/format';
import { escapeMarkdown, inTwoRows, oneLine, visibleToken } from '../../src/ui/text';

describe('inTwoRows', () => {
  it('breaks after a part where both rows fit, else between words, and never in a word', () => {
    expect(inTwoRows('short', 10)).toEqual(['short', '']);
    expect(inTwoRows('loss [nats] · mean of all; lower is better', 30)).toEqual(['loss [nats] · mean of all;', 'lower is better']);
    expect(inTwoRows('a · what it is made of and from where it comes', 26)).toEqual(['a · what it is made of and', 'from where it comes']);
    expect(inTwoRows('unbreakable', 5)).toEqual(['unbreakable', '']);
  });
});

describe('visibleToken', () => {
  it('shows white space, controls and direction marks as signs', () => {
    expect(visibleToken(' the\n')).toBe('·the↵');
    expect(visibleToken('\t\r\u0007\u202E\u200B')).toBe('→␍[U+0007][U+202E][U+200B]');
    expect(visibleToken('漢😀é')).toBe('漢😀é');
  });

  it('shows half of a surrogate pair as its code', () => {
    expect(visibleToken('\uD83D')).toBe('[U+D83D]');
  });
});

describe('escapeMarkdown', () => {
  it('leaves nothing that Markdown could read', () => {
    const hostile = '[x](command:evil) <img src=x onerror=1> `a` | **b** _c_ ~d~ #e !f &lt; http://g.h \\i $(zap)';
    expect(escapeMarkdown(hostile)).not.toMatch(/[[\]()<>`|*_~!\\$:/]/);
    expect(escapeMarkdown(hostile).replace(/&#\d+;/g, '')).not.toContain('#');
    expect(escapeMarkdown('a\nb')).not.toContain('\n');
  });

  it('keeps letters of every script', () => {
    expect(escapeMarkdown('Größe 漢字 😀')).toBe('Größe 漢字 😀');
  });

  it('comes back as the same text when entities are read', () => {
    const text = 'a|b <i> `x` #';
    expect(escapeMarkdown(text).replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))).toBe(text);
  });
});

describe('oneLine', () => {
  it('cuts between characters', () => {
    expect(oneLine('ab\ncd', 20)).toBe('ab ↵ cd');
    expect(oneLine('abcdef', 4)).toBe('abc…');
    expect(oneLine('ab😀cd', 4)).toBe('ab…');
  });
});

describe('format', () => {
  it('writes numbers with four digits and a real minus sign', () => {
    expect([0, 3.41234, -0.5, 12345.678, 1e-7, 42, null, undefined, Number.NaN].map(formatNumber)).toEqual(['0', '3.412', '−0.5000', '12346', '1.00e-7', '42', '–', '–', '–']);
  });

  it('writes probabilities of log-probabilities', () => {
    expect([0, Math.log(0.5), Math.log(1e-5), undefined].map(formatProbability)).toEqual(['1.000', '0.500', '1.0e−5', '0']);
  });

  it('writes durations', () => {
    expect([5, 200, 3900, undefined].map(formatDuration)).toEqual(['5 s', '3 min 20 s', '1 h 05 min', '–']);
  });
});
