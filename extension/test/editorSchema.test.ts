import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editorSchema } from '../scripts/editorSchema.mjs';

type Schema = Readonly<Record<string, unknown>>;

const source = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'schemas', 'recipe.schema.json'), 'utf8')) as Schema;

/** Every schema in a schema, by where it stands. */
function parts(schema: unknown, path = ''): [string, Schema][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.entries(schema).flatMap(([name, value]) => parts(value, `${path}/${name}`));
  return Array.isArray(schema) ? inner : [[path, schema as Schema], ...inner];
}

/** Settings by their path in the schema, whatever stands around them. */
function settings(schema: Schema): string[] {
  return parts(schema)
    .filter(([path]) => /\/properties\/\w+$/.test(path) && !path.includes('/anyOf/') && !path.includes('defaultSnippets'))
    .map(([path]) => path)
    .sort();
}

describe('editorSchema', () => {
  const made = editorSchema(source);

  it('keeps every setting and every description', () => {
    expect(settings(made)).toEqual(settings(source));
    expect(JSON.stringify(made).match(/"markdownDescription"/g)).toHaveLength(JSON.stringify(source).match(/"markdownDescription"/g)?.length ?? 0);
  });

  it('leaves nothing that the editor could report besides the daemon', () => {
    for (const [path, part] of parts(made)) {
      if (path.includes('/defaultSnippets') || path.endsWith('/properties')) continue;
      for (const word of ['additionalProperties', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'pattern', 'minLength', 'minItems', 'oneOf']) expect(part, path).not.toHaveProperty(word);
      // The discriminator of a kind is all that is required, and every list of kinds ends in an alternative that fits.
      if ('required' in part) expect(part['required'], path).toEqual(['kind']);
      if (Array.isArray(part['anyOf'])) expect(part['anyOf'].at(-1), path).not.toHaveProperty('required');
    }
  });

  it('says types and values only where something else fits as well', () => {
    for (const [path, part] of parts(made)) {
      if (path.includes('/defaultSnippets') || path.endsWith('/properties') || !('type' in part || 'enum' in part)) continue;
      expect(path).toMatch(/\/anyOf\/0$/);
    }
  });
});
