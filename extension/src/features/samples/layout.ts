/** A place in a document: line and UTF-16 code unit of the line, from 0. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

export type SectionKind = 'prompt' | 'response' | 'reference';

export interface Section {
  readonly kind: SectionKind;
  readonly headingLine: number;
  readonly firstLine: number;
  /** Inclusive. */
  readonly lastLine: number;
}

/**
 * A sample as the text of a document, and the way from the daemon's offsets to the document's places. An editor knows
 * one kind of line end a document, so CRLF and CR become LF here; offsets count in the text as the model wrote it.
 */
export class SampleLayout {
  readonly text: string;
  readonly sections: readonly Section[];
  readonly #response: LineMap;
  readonly #responseLine: number;

  constructor(title: string, parts: readonly { kind: SectionKind; heading: string; text: string }[]) {
    const lines: string[] = [title];
    const sections: Section[] = [];
    let response: LineMap | undefined;
    let responseLine = 0;
    for (const part of parts) {
      lines.push('');
      const map = new LineMap(part.text);
      const headingLine = lines.length;
      lines.push(part.heading);
      const firstLine = lines.length;
      if (part.kind === 'response') {
        response = map;
        responseLine = firstLine;
      }
      // Not `push(...lines)`: a text may have more lines than a call may have arguments.
      for (const line of map.lines) lines.push(line);
      sections.push({ kind: part.kind, headingLine, firstLine, lastLine: lines.length - 1 });
    }
    this.text = lines.join('\n');
    this.sections = sections;
    this.#response = response ?? new LineMap('');
    this.#responseLine = responseLine;
  }

  /** Where an offset of the response is. */
  placeOf(offset: number): Place {
    const { line, character } = this.#response.placeOf(offset);
    return { line: line + this.#responseLine, character };
  }

  /** The offset of the response at a place; undefined outside of the response. */
  offsetAt(place: Place): number | undefined {
    return this.#response.offsetAt({ line: place.line - this.#responseLine, character: place.character });
  }
}

/** The lines of a text, and where each begins in it. */
export class LineMap {
  readonly lines: readonly string[];
  readonly #starts: readonly number[];

  constructor(text: string) {
    const lines: string[] = [];
    const starts: number[] = [];
    const ends = /\r\n|\r|\n/g;
    let start = 0;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
      lines.push(text.slice(start, end.index));
      starts.push(start);
      start = ends.lastIndex;
    }
    lines.push(text.slice(start));
    starts.push(start);
    this.lines = lines;
    this.#starts = starts;
  }

  placeOf(offset: number): Place {
    const line = lastAtMost(this.#starts, offset);
    const length = this.lines[line]?.length ?? 0;
    return { line, character: Math.min(offset - (this.#starts[line] ?? 0), length) };
  }

  offsetAt({ line, character }: Place): number | undefined {
    const start = this.#starts[line];
    return start === undefined ? undefined : start + Math.min(character, this.lines[line]?.length ?? 0);
  }
}

/** The last index whose value is at most `limit`, in ascending values; 0 where there is none. */
export function lastAtMost(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((values[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** More tokens than can share a character: UTF-8 has four bytes, and tokens without text may stand between. */
const sharing = 16;

/** Tokens that cover an offset: several where they share a character. Starts ascend. */
export function tokensAt(starts: readonly number[], ends: readonly number[], offset: number): number[] {
  const last = lastAtMost(starts, offset);
  const found: number[] = [];
  for (let token = Math.max(0, last - sharing); token <= last; token++) {
    if ((starts[token] ?? 0) <= offset && (ends[token] ?? 0) > offset) found.push(token);
  }
  return found;
}
