/** A schema, or a part of one, in whose place everything fits. */
export function editorSchema(schema: Readonly<Record<string, unknown>>, root?: Readonly<Record<string, unknown>>): Record<string, unknown>;
