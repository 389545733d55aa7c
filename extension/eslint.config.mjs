import tseslint from 'typescript-eslint';

const arithmetic = [
  { selector: "BinaryExpression[operator=/^(\\*|\\/|\\*\\*)$/]", message: 'The extension computes nothing about models: ask the daemon, or put formatting into src/ui/format.ts.' },
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name=/^(exp|expm1|log|log2|log10|log1p|pow|sqrt|abs)$/]", message: 'The extension computes nothing about models: ask the daemon, or put formatting into src/ui.' },
];

export default tseslint.config(
  { ignores: ['dist/**', 'docs/**', 'node_modules/**', 'daemon/**', '**/*.mjs', 'src/daemon/protocol.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['vitest.config.mts'] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // VS Code hands out disposables as plain objects, and its enums are numbers on the wire.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      'max-lines': ['error', 500],
    },
  },
  {
    files: ['src/features/**', 'src/webview/**'],
    ignores: ['src/webview/runs/svg.ts'],
    rules: { 'no-restricted-syntax': ['error', ...arithmetic] },
  },
  {
    // Only src/daemon knows the wire.
    files: ['src/features/**', 'src/ui/**', 'src/webview/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['vscode-jsonrpc', 'vscode-jsonrpc/*'], message: 'Only src/daemon knows the wire.' }] }] },
  },
  // One feature never imports another; they meet in commands.
  ...['recipes', 'samples', 'runs', 'score', 'setup', 'help', 'tools'].map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['vscode-jsonrpc', 'vscode-jsonrpc/*'], message: 'Only src/daemon knows the wire.' }, { regex: `^\\.\\./(?!\\.\\.)`, message: 'One feature never imports another; they meet in commands.' }] }],
    },
  })),
);
