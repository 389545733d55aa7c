// The recipe schema as the editor's own JSON support gets it: all that completion and hover need, and nothing that makes
// it report problems. The daemon reports every one of them, with a code, a page and a fix, and each is to be shown once.

const constraints = new Set(['required', 'additionalProperties', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'pattern', 'minItems', 'maxItems', 'minLength', 'maxLength', 'uniqueItems']);
/** What says which values there are. */
const values = new Set(['type', 'enum', 'enumDescriptions', 'markdownEnumDescriptions']);

/** A schema, or a part of one, in whose place everything fits. */
export function editorSchema(schema, root = schema) {
  const kept = {};
  const said = {};
  for (const [name, value] of Object.entries(schema)) {
    if (constraints.has(name) || name === 'anyOf' || name === 'oneOf') continue;
    if (values.has(name)) said[name] = value;
    else if (name === 'properties' || name === 'definitions') kept[name] = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, editorSchema(part, root)]));
    else kept[name] = name === 'items' ? editorSchema(value, root) : value;
  }
  const kind = schema.properties?.kind;
  if (kind?.const !== undefined) {
    // Strict, so that the settings that are offered are those of the kind that is written.
    kept.required = ['kind'];
    kept.properties.kind = kind;
  }
  const kinds = (schema.oneOf ?? []).map(({ $ref }) => $ref).filter((ref) => ref !== undefined);
  if (kinds.length > 0) {
    const all = kinds.map((ref) => root.definitions[ref.split('/').at(-1)].properties.kind);
    return { ...kept, anyOf: [...kinds.map(($ref) => ({ $ref })), { properties: { kind: { anyOf: [...all, {}] } } }] };
  }
  return Object.keys(said).length > 0 ? { ...kept, anyOf: [said, {}] } : kept;
}
