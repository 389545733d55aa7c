import { FoldingRange, FoldingRangeKind } from 'vscode';
import type { FoldingRangeProvider, TextDocument } from 'vscode';
import type { SampleStore } from './store';

/** Sections, and within the response what was not trained on: thinking, tool output, masked spans. */
export class SampleFolding implements FoldingRangeProvider {
  constructor(private readonly store: SampleStore) {}

  async provideFoldingRanges(document: TextDocument): Promise<FoldingRange[]> {
    const { layout, tokens } = await this.store.get(document.uri);
    const sections = layout.sections.map((section) => new FoldingRange(section.headingLine, section.lastLine));
    const spans = tokens.spans.map((span) => new FoldingRange(layout.placeOf(span.start).line, layout.placeOf(span.end).line, FoldingRangeKind.Region));
    return [...sections, ...spans].filter((range) => range.end > range.start);
  }
}
