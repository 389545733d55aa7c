// Calls the tool that tool.request.json in the workspace names, as a chat agent would, and writes what it said to tool.answer.json.
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { commands, lm, workspace } = require('vscode');

exports.activate = (context) => {
  context.subscriptions.push(
    commands.registerCommand('companion.invoke', async () => {
      const folder = workspace.workspaceFolders[0].uri.fsPath;
      const { name, input } = JSON.parse(readFileSync(join(folder, 'tool.request.json'), 'utf8'));
      const answer = { offered: lm.tools.map((tool) => tool.name).filter((tool) => tool.startsWith('opdcode_')) };
      try {
        const { content } = await lm.invokeTool(name, { input, toolInvocationToken: undefined });
        answer.text = content.map((part) => part.value).join('');
      } catch (error) {
        answer.error = error.name;
      }
      writeFileSync(join(folder, 'tool.answer.json'), JSON.stringify(answer));
    }),
  );
};
