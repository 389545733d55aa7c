type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The list of stabilizers with one number changed, as JSON text; undefined where the text is no list or has no such place. */
export function setAt(text: string, path: string, value: number): string | undefined {
  let list: Json;
  try {
    list = JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const steps = [...path.replace(/^stabilizers/, '').matchAll(/\[(\d+)\]|\.?([^.[\]]+)/g)].map((match) => (match[1] === undefined ? (match[2] ?? '') : Number(match[1])));
  const last = steps.pop();
  let at: Json | undefined = list;
  for (const step of steps) at = child(at, step);
  if (last === undefined || at === undefined || at === null || typeof at !== 'object') return undefined;
  if (Array.isArray(at)) {
    if (typeof last !== 'number') return undefined;
    at[last] = value;
  } else Object.defineProperty(at, String(last), { value, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(list, undefined, 2);
}

function child(at: Json | undefined, step: string | number): Json | undefined {
  if (at === undefined || at === null || typeof at !== 'object') return undefined;
  if (Array.isArray(at)) return typeof step === 'number' ? at[step] : undefined;
  return Object.hasOwn(at, String(step)) ? at[String(step)] : undefined;
}
