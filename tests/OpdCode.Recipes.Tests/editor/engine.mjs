// The JSON engine that VS Code itself uses, with the recipe schema loaded.
import { readFileSync } from 'node:fs';
import service from 'vscode-json-languageservice';

const { getLanguageService, TextDocument } = service;

export function open(schemaFile) {
  const engine = getLanguageService({ clientCapabilities: service.ClientCapabilities.LATEST });
  engine.configure({
    validate: true,
    allowComments: true,
    schemas: [{ uri: 'opdcode://recipe', fileMatch: ['*.opd.json'], schema: JSON.parse(readFileSync(schemaFile, 'utf8')) }],
  });
  return (text) => {
    const document = TextDocument.create('file:///r.opd.json', 'jsonc', 1, text);
    const tree = engine.parseJSONDocument(document);
    const at = (mark) => document.positionAt(text.indexOf(mark) + 1);
    return {
      // Warnings count too: VS Code shows a broken schema rule as a warning.
      diagnostics: async () => (await engine.doValidation(document, tree, { comments: 'ignore', trailingCommas: 'ignore' }))
        .map((d) => ({ message: d.message, line: d.range.start.line + 1, column: d.range.start.character + 1 })),
      hover: async (mark) => {
        const hover = await engine.doHover(document, at(mark), tree);
        return [hover?.contents ?? []].flat().map((c) => c.value ?? c).join('\n');
      },
      complete: async (position) => (await engine.doComplete(document, document.positionAt(position), tree))?.items ?? [],
    };
  };
}
