import { commands, l10n, Uri, window, workspace } from 'vscode';
import type { Disposable, TextDocumentContentProvider } from 'vscode';
import type { Context } from '../../context';
import type { TokenFeedback } from '../../daemon/protocol';
import { command } from '../../ui/command';
import { modelName, pickModel } from '../../ui/models';
import { withDelayedProgress } from '../../ui/progress';

const textScheme = 'opdcode-text';
const lastStudent = 'opdcode.lastStudent';
const lastTeacher = 'opdcode.lastTeacher';

/** The heatmap on any text, of any two models; two checkpoints or two teachers on the same text; the teacher's own words. */
export function registerScore(ctx: Context): void {
  const texts = new ShownTexts();
  ctx.extension.subscriptions.push(
    texts,
    workspace.registerTextDocumentContentProvider(textScheme, texts),
    command(ctx, 'opdcode.scoreSelection', () => scoreSelection(ctx)),
    command(ctx, 'opdcode.compareStudents', () => compare(ctx, 'student')),
    command(ctx, 'opdcode.compareTeachers', () => compare(ctx, 'teacher')),
    command(ctx, 'opdcode.continueFromHere', () => continueFromHere(ctx, texts)),
    command(ctx, 'opdcode.releaseModels', () => ctx.daemon.request('models/release', {})),
  );
}

/** Texts that are only looked at: read-only documents, so that nothing asks to be saved. */
class ShownTexts implements TextDocumentContentProvider, Disposable {
  readonly #texts = new Map<string, string>();
  readonly #closing = workspace.onDidCloseTextDocument(({ uri }) => void this.#texts.delete(uri.toString()));
  #added = 0;

  add(name: string, text: string): Uri {
    const uri = Uri.from({ scheme: textScheme, path: `/${name}.txt`, query: String(++this.#added) });
    this.#texts.set(uri.toString(), text);
    return uri;
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  dispose(): void {
    this.#closing.dispose();
  }
}

interface ScoredText {
  readonly prompt: string;
  readonly text: string;
}

/** The selection, or the whole document; of a sample the prompt that its model saw, and the response. */
function textToScore(): ScoredText | undefined {
  const editor = window.activeTextEditor;
  if (!editor) {
    void window.showInformationMessage(l10n.t('Select the text to score in an editor first.'));
    return undefined;
  }
  const { document, selection } = editor;
  const text = selection.isEmpty ? document.getText() : document.getText(selection);
  if (text.trim() === '') {
    void window.showInformationMessage(l10n.t('There is no text to score.'));
    return undefined;
  }
  return { prompt: '', text };
}

async function score(ctx: Context, student: string, teacher: string, { prompt, text }: ScoredText): Promise<TokenFeedback> {
  return withDelayedProgress(l10n.t('Scoring the text with {0}', modelName(teacher)), (report, cancel) =>
    ctx.daemon.requestWithProgress('score', { student, teacher, prompt, text, applyTemplate: prompt !== '' }, (progress) => report(progress.message, progress.fraction), cancel),
  );
}

async function askPrompt(): Promise<string | undefined> {
  return window.showInputBox({ title: l10n.t('What was the prompt?'), prompt: l10n.t('The text is scored as the answer to it, with the chat template of the models. Leave empty to score the text alone.') });
}

async function pickPair(ctx: Context): Promise<{ student: string; teacher: string } | undefined> {
  const state = ctx.extension.workspaceState;
  const student = await pickModel(ctx, l10n.t('Student: the model that is taken to have written the text'), state.get<string>(lastStudent));
  if (student === undefined) return undefined;
  const teacher = await pickModel(ctx, l10n.t('Teacher: the model that judges every token'), state.get<string>(lastTeacher));
  if (teacher === undefined) return undefined;
  await state.update(lastStudent, student);
  await state.update(lastTeacher, teacher);
  return { student, teacher };
}

async function scoreSelection(ctx: Context): Promise<void> {
  const text = textToScore();
  if (!text) return;
  const pair = await pickPair(ctx);
  if (!pair) return;
  const prompt = await askPrompt();
  if (prompt === undefined) return;
  const feedback = await score(ctx, pair.student, pair.teacher, { ...text, prompt });
  await commands.executeCommand('opdcode.showFeedback', l10n.t('{0} judged by {1}', modelName(pair.student), modelName(pair.teacher)), feedback);
}

/** Two views of one text beside each other: the other model is the same in both. */
async function compare(ctx: Context, what: 'student' | 'teacher'): Promise<void> {
  const text = textToScore();
  if (!text) return;
  const pair = await pickPair(ctx);
  if (!pair) return;
  const other = await pickModel(ctx, what === 'student' ? l10n.t('The student (or checkpoint) to compare with') : l10n.t('The teacher to compare with'), undefined);
  if (other === undefined) return;
  const prompt = await askPrompt();
  if (prompt === undefined) return;
  const second = what === 'student' ? { ...pair, student: other } : { ...pair, teacher: other };
  for (const [index, models] of [pair, second].entries()) {
    const feedback = await score(ctx, models.student, models.teacher, { ...text, prompt });
    await commands.executeCommand('opdcode.showFeedback', l10n.t('{0} judged by {1}', modelName(models.student), modelName(models.teacher)), feedback, index === 0 ? 'here' : 'beside');
  }
}

/** What would a model say from the cursor on: its continuation in place of the rest of the text, as a diff. */
async function continueFromHere(ctx: Context, texts: ShownTexts): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) return;
  const { document, selection } = editor;
  const response = await commands.executeCommand<{ prompt: string; before: string; response: string } | undefined>('opdcode.responseAt', document.uri, selection.start);
  const before = response?.before ?? document.getText().slice(0, document.offsetAt(selection.start));
  const rest = response?.response ?? document.getText();
  const model = await pickModel(ctx, l10n.t('Which model goes on from here?'), ctx.extension.workspaceState.get<string>(lastTeacher));
  if (model === undefined) return;
  await ctx.extension.workspaceState.update(lastTeacher, model);
  const generated = await withDelayedProgress(l10n.t('{0} goes on from here', modelName(model)), (report, cancel) =>
    // A sample's prompt already is as the model saw it, template and all.
    ctx.daemon.requestWithProgress('generate', { model, prompt: response?.prompt ?? '', prefix: before, maxNewTokens: 256 }, (progress) => report(progress.message, progress.fraction), cancel),
  );
  await commands.executeCommand('vscode.diff', texts.add(l10n.t('as written'), rest), texts.add(modelName(model), before + generated.text), l10n.t('As written ↔ as {0} goes on', modelName(model)));
}
