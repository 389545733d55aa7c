import { l10n, LanguageModelTextPart, LanguageModelToolResult, lm } from 'vscode';
import type { CancellationToken, LanguageModelTool } from 'vscode';
import type { Context } from '../../context';
import { DaemonError } from '../../daemon/errors';
import type { Daemon } from '../../daemon/daemon';

/** What agents in the chat may ask. Reading is free; starting and stopping always asks the person first. */
export function registerTools(ctx: Context): void {
  const { daemon } = ctx;
  ctx.extension.subscriptions.push(
    lm.registerTool('opdcode_list_runs', reading((input: { search?: string }, cancel) => daemon.request('runs/list', { limit: 50, ...(input.search === undefined ? {} : { search: input.search }) }, cancel))),
    lm.registerTool('opdcode_get_run_metrics', reading((input: { runId: string; names?: string[] }, cancel) => daemon.request('metrics/get', { runIds: [input.runId], maxPoints: 40, ...(input.names === undefined ? {} : { names: input.names }) }, cancel))),
    lm.registerTool('opdcode_get_token_divergence', reading((input: { runId: string; column?: string; count?: number }, cancel) => daemon.request('rollouts/worst', { runId: input.runId, column: input.column ?? 'logRatio', count: Math.min(input.count ?? 20, 100) }, cancel))),
    lm.registerTool('opdcode_validate_recipe', reading((input: { path: string; preflight?: boolean }, cancel) => daemon.request('recipes/validate', { path: input.path, preflight: input.preflight === true }, cancel))),
    lm.registerTool<{ path: string; overrides?: string[] }>('opdcode_start_run', {
      prepareInvocation: async ({ input }, cancel) => {
        const cost = await startCost(daemon, input.path, cancel);
        return { confirmationMessages: { title: l10n.t('Start a run'), message: l10n.t('Start the recipe {0}? {1} It computes on this machine until it ends or is stopped.', input.path, cost) } };
      },
      invoke: async ({ input }, cancel) => answer(() => daemon.request('runs/start', { recipePath: input.path, ...(input.overrides === undefined ? {} : { overrides: input.overrides }) }, cancel)),
    }),
    lm.registerTool<{ runId: string }>('opdcode_stop_run', {
      prepareInvocation: ({ input }) => ({ confirmationMessages: { title: l10n.t('Stop a run'), message: l10n.t('Stop and save the run {0}? It finishes its step, writes a checkpoint and ends; it can be resumed.', input.runId) } }),
      invoke: async ({ input }, cancel) => answer(() => daemon.request('runs/stopAndSave', { runId: input.runId }, cancel)),
    }),
  );
}

function reading<T>(ask: (input: T, cancel: CancellationToken) => Promise<unknown>): LanguageModelTool<T> {
  return { invoke: ({ input }, cancel) => answer(() => ask(input, cancel)) };
}

/** An answer as JSON; a failure as what to change next, which is what a model can use. */
async function answer(ask: () => Promise<unknown>): Promise<LanguageModelToolResult> {
  try {
    return text(JSON.stringify(await ask()));
  } catch (error) {
    if (error instanceof DaemonError) return text(`${error.code}: ${error.message}`);
    if (error instanceof Error) return text(error.message);
    throw error;
  }
}

function text(content: string): LanguageModelToolResult {
  return new LanguageModelToolResult([new LanguageModelTextPart(content)]);
}

async function startCost(daemon: Daemon, path: string, cancel: CancellationToken): Promise<string> {
  try {
    return `${(await daemon.request('recipes/estimate', { path }, cancel)).summary}.`;
  } catch (error) {
    // The question is asked all the same; starting will say what is wrong.
    if (error instanceof Error) return '';
    throw error;
  }
}
