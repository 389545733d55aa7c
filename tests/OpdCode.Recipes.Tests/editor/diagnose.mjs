// diagnose.mjs SCHEMA < {"name": "text of a recipe", …} > {"name": [diagnostics], …}
import { readFileSync } from 'node:fs';
import { open } from './engine.mjs';

const recipe = open(process.argv[2]);
const texts = JSON.parse(readFileSync(0, 'utf8'));
const found = {};
for (const [name, text] of Object.entries(texts)) found[name] = await recipe(text).diagnostics();
process.stdout.write(JSON.stringify(found));
